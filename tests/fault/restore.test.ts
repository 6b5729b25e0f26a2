import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { contactIdOf } from '#domain/decide.ts';
import type { CommandId } from '#domain/ids.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { answersIn, readDesk, readServerLog } from '../support/desk-files.ts';
import { runHoldfast } from '../support/holdfast.ts';
import { brokenPromises } from '../support/invariants.ts';
import { NewForce, PASSWORD, type RealDesk } from '../support/new-force.ts';
import { verifyServer } from '../support/verify-server.ts';
import type { WindowClient } from '../support/window-client.ts';

const CRIMES =
  'Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,' +
  'Crime type,Last outcome category,Context\r\n' +
  // Made up: no such crime, at no such street.
  'a1,2017-02,Test Force,Test Force,-1.404,50.908,On or near Test Street,E01,Test 001A,Burglary,Under investigation,\r\n';

interface Seated {
  readonly desk: RealDesk;
  readonly window: WindowClient;
}

/** A desk with somebody of its own at it, online. */
async function seated(force: NewForce, name: string): Promise<Seated> {
  await force.addUser(name.toLowerCase(), 'supervisor');
  const desk = await force.startDesk(name);
  const window = await desk.openWindow();
  await online(window);
  await window.signIn(name.toLowerCase(), PASSWORD);
  await window.until('numbers', () => (window.seat?.referencesLeft ?? 0) > 10);
  return { desk, window };
}

const online = (window: WindowClient) =>
  window.until('the desk is online', () => window.seat?.mode === 'online');

const open = (window: WindowClient, narrative: string) =>
  window.ask({
    type: 'open-contact',
    body: { channel: '101', caller: { kind: 'withheld' }, details: { narrative } },
  });

const recorded = (window: WindowClient, id: string) =>
  window.until(`${id} is recorded`, () =>
    window.acks.get(id)?.some(({ state }) => state === 'recorded'),
  );

const shows = (window: WindowClient, narrative: string) =>
  window.until(`${narrative} is shown`, () =>
    window
      .rows<{ readonly details?: { readonly narrative?: string } }>('contacts')
      .some((row) => JSON.stringify(row).includes(narrative)),
  );

/** The server's folder is gone with its disk. */
const loseServer = async (force: NewForce) => {
  await force.stopServer('SIGKILL');
  renameSync(force.serverFolder, `${force.serverFolder}-gone`);
};

const holdfast = async (...args: string[]) => {
  const { code, stdout, stderr } = await runHoldfast([...args, '--json']);
  return { code, stderr, told: stdout === '' ? undefined : (JSON.parse(stdout) as object) };
};

test('the server dies with its disk: out of a back-up and the desks comes back all that anybody was told', async () => {
  await using force = await NewForce.start();
  const backup = join(force.folder, 'backup');
  const ch1 = await seated(force, 'CH1');
  const d1 = await seated(force, 'D1');
  await recorded(ch1.window, open(ch1.window, 'before the back-up'));
  expect(await holdfast('backup', '--data', force.serverFolder, '--to', backup)).toMatchObject({
    code: 0,
    told: { logId: 'force-HC', epoch: 1 },
  });
  for (const { window } of [ch1, d1])
    for (const n of [1, 2, 3]) await recorded(window, open(window, `after the back-up ${n}`));
  await shows(ch1.window, 'after the back-up 3');
  await loseServer(force);
  const alone = open(ch1.window, 'while there is no server');
  expect(await ch1.window.answerTo(alone)).toMatchObject({ state: 'stored-here' });

  const restoring = await holdfast('restore', backup, '--data', force.serverFolder);
  expect(restoring).toMatchObject({ code: 0, told: { logId: 'force-HC' } });
  await force.startServer();
  for (const { window } of [ch1, d1]) await online(window);
  await recorded(ch1.window, alone);
  await shows(d1.window, 'while there is no server');
  expect(force.server.told).toContain('every desk was heard');

  const told = [ch1, d1].flatMap(({ window }) => [...window.acks]);
  for (const { desk } of [ch1, d1]) await desk.close();
  await force.stopServer();
  const { events, answers } = readServerLog(force.serverFolder);
  const desks = [];
  for (const name of ['CH1', 'D1']) desks.push(await readDesk(join(force.folder, `desk-${name}`)));
  expect(brokenPromises({ events, answers, desks, told })).toEqual([]);
  expect(verifyServer(force.serverFolder).faults).toEqual([]);
  // What the desks gave stands as it was, and the log goes on in its own epoch.
  const gone = readServerLog(`${force.serverFolder}-gone`);
  expect(events.slice(0, gone.events.length)).toEqual(gone.events);
  const { epoch } = restoring.told as { epoch: number };
  expect(new Set(events.slice(gone.events.length).map(({ header }) => header.epoch))).toEqual(
    new Set([epoch]),
  );
});

test('a log that has lost its end takes no desk in and says so; restored over itself, it gets the end back', async () => {
  await using force = await NewForce.start();
  const ch1 = await seated(force, 'CH1');
  await recorded(ch1.window, open(ch1.window, 'what the disk kept'));
  await force.stopServer();
  const inServer = (name: string) => join(force.serverFolder, name);
  const files = ['log.db', 'picture.db'].map(
    (name) => [name, readFileSync(inServer(name))] as const,
  );
  await force.startServer();
  await online(ch1.window);
  await recorded(ch1.window, open(ch1.window, 'what the disk lost'));
  await force.stopServer('SIGKILL');
  // In place: it is the same file, and nothing in it says that there was more.
  for (const [name, bytes] of files) {
    writeFileSync(inServer(name), bytes);
    for (const side of ['-wal', '-shm']) rmSync(inServer(`${name}${side}`), { force: true });
  }
  await force.startServer();
  await ch1.window.until('it is said at the desk', () =>
    ch1.window.seat?.reason.startsWith('the log of the server has lost what this desk has'),
  );
  expect(ch1.window.seat?.mode).toBe('alone');
  await shows(ch1.window, 'what the disk lost');
  const alone = open(ch1.window, 'while it is alone');
  expect(await ch1.window.answerTo(alone)).toMatchObject({ state: 'stored-here' });
  expect(force.server.told).toMatch(
    /CH1 has events up to \d+ on record that this log, which ends at/,
  );

  await force.stopServer();
  const cut = `${force.serverFolder}-cut`;
  renameSync(force.serverFolder, cut);
  expect(await holdfast('restore', cut, '--data', force.serverFolder)).toMatchObject({ code: 0 });
  await force.startServer();
  await online(ch1.window);
  await recorded(ch1.window, alone);
  const told = [...ch1.window.acks];
  await ch1.desk.close();
  await force.stopServer();
  const { events, answers } = readServerLog(force.serverFolder);
  const desks = [await readDesk(join(force.folder, 'desk-CH1'))];
  expect(brokenPromises({ events, answers, desks, told })).toEqual([]);
  const said = JSON.stringify(events.map(({ kept }) => kept?.text));
  for (const words of ['what the disk kept', 'what the disk lost', 'while it is alone'])
    expect(said.split(words)).toHaveLength(2);
});

test('whoever signed in after the back-up has their work recorded', async () => {
  await using force = await NewForce.start();
  const backup = join(force.folder, 'backup');
  await force.addUser('ch1', 'supervisor');
  const desk = await force.startDesk('CH1');
  const window = await desk.openWindow();
  await online(window);
  await holdfast('backup', '--data', force.serverFolder, '--to', backup);
  await window.signIn('ch1', PASSWORD); // the shift begins
  await recorded(window, open(window, 'while the server was there'));
  await loseServer(force);
  const alone = open(window, 'while there is no server');
  expect(await window.answerTo(alone)).toMatchObject({ state: 'stored-here' });
  await holdfast('restore', backup, '--data', force.serverFolder);
  await force.startServer();
  await window.until('an answer', () => (window.acks.get(alone)?.length ?? 0) > 1);
  expect(window.acks.get(alone)?.at(-1)).toMatchObject({ state: 'recorded' });
  await window.signIn('ch1', PASSWORD);
  await recorded(window, open(window, 'under a grant of the restored server'));
});

test('a desk that comes late gives what fits still, and what does not stands aside for a person', async () => {
  await using force = await NewForce.start();
  const backup = join(force.folder, 'backup');
  const ch1 = await seated(force, 'CH1');
  const d1 = await seated(force, 'D1');
  const first = open(ch1.window, 'both know of it');
  const both = contactIdOf(first as CommandId); // made by the window
  await recorded(ch1.window, first);
  await shows(d1.window, 'both know of it');
  await holdfast('backup', '--data', force.serverFolder, '--to', backup);
  await ch1.desk.close();
  await recorded(d1.window, open(d1.window, 'only D1 knows of it'));
  const take = (window: WindowClient, narrative: string) =>
    window.ask({ type: 'describe-contact', body: { contactId: both, details: { narrative } } });
  await recorded(d1.window, take(d1.window, 'as D1 has it'));
  await d1.desk.close();
  await loseServer(force);

  await holdfast('restore', backup, '--data', force.serverFolder);
  await force.startServer('--await-desks', '1');
  const again = await (await force.startDesk('CH1')).openWindow();
  await online(again);
  expect(force.server.told).toContain('not heard: D1');
  await recorded(again, take(again, 'as CH1 has it'));
  const late = await (await force.startDesk('D1')).openWindow();
  await online(late);
  for (const window of [again, late]) await shows(window, 'only D1 knows of it');
  await shows(late, 'as CH1 has it');
  await force.server.untilTold('1 of its events could not be added');
  const looked = await runHoldfast(['verify', '--data', force.serverFolder]);
  expect([looked.code, looked.stdout]).toEqual([
    0,
    expect.stringContaining('1 events that desks had stand aside'),
  ]);
  const db = openStore(join(force.serverFolder, 'log.db'), logMigrations);
  const [aside] = db.prepare<[], { desk: string; event: string }>('SELECT * FROM tail_aside').all();
  const answers = answersIn(db);
  db.close();
  expect(aside).toMatchObject({ desk: 'D1', event: expect.stringContaining('as D1 has it') });
  expect(answers.size).toBeGreaterThan(0);
});

test('a back-up that is restored twice, to give a desk another chance, loses nothing of what was recorded in between', async () => {
  await using force = await NewForce.start();
  const backup = join(force.folder, 'backup');
  const ch1 = await seated(force, 'CH1');
  const d1 = await seated(force, 'D1');
  await holdfast('backup', '--data', force.serverFolder, '--to', backup);
  await ch1.desk.close();
  for (const n of [1, 2]) await recorded(d1.window, open(d1.window, `only D1 knows of it ${n}`));
  await d1.desk.close();
  await loseServer(force);
  await holdfast('restore', backup, '--data', force.serverFolder);
  await force.startServer('--await-desks', '1');
  const first = await force.startDesk('CH1');
  const between = await first.openWindow();
  await online(between);
  for (const n of [1, 2, 3]) await recorded(between, open(between, `in between ${n}`));
  await first.close();

  await force.stopServer('SIGKILL');
  renameSync(force.serverFolder, `${force.serverFolder}-again`);
  await holdfast('restore', backup, '--data', force.serverFolder);
  await force.startServer();
  const windows = [await (await force.startDesk('D1')).openWindow()];
  await windows[0]?.until('it has given what it has', () =>
    windows[0]?.seat?.reason.includes('takes what the desks have'),
  );
  windows.push(await (await force.startDesk('CH1')).openWindow());
  for (const window of windows) {
    await online(window);
    for (const n of [1, 2]) await shows(window, `only D1 knows of it ${n}`);
    for (const n of [1, 2, 3]) await shows(window, `in between ${n}`);
  }
  expect(force.server.told).toContain('not heard: CH1');
});

test('a copied folder is noticed and comes to life by a restore only, each time in a later epoch', async () => {
  await using force = await NewForce.start();
  const copy = join(force.folder, 'copy');
  await force.stopServer();
  cpSync(force.serverFolder, copy, { recursive: true });
  const refused = await runHoldfast(['serve', '--port', '0', '--data', copy]);
  expect([refused.code, refused.stderr]).toEqual([
    3,
    expect.stringContaining('is a copy of a server'),
  ]);
  const csv = join(force.folder, 'crimes.csv');
  writeFileSync(csv, CRIMES);
  const imported = await runHoldfast(['import', 'crimes', csv, '--data', copy]);
  expect([imported.code, imported.stderr]).toEqual([
    3,
    expect.stringContaining('is a copy of a server'),
  ]);
  const moved = join(force.folder, 'moved');
  const epochs: number[] = [];
  for (const name of ['first', 'second']) {
    const { told } = await holdfast('restore', copy, '--data', join(force.folder, name));
    epochs.push((told as { epoch: number }).epoch);
  }
  expect(epochs[1]).toBeGreaterThan(epochs[0] ?? Number.NaN);
  // The folder itself may be moved: it is no copy.
  renameSync(force.serverFolder, moved);
  renameSync(moved, force.serverFolder);
  await force.startServer();
});

test('a back-up that is damaged, not whole or in the way is refused, and nothing is changed', async () => {
  await using force = await NewForce.start();
  const { serverFolder, folder } = force;
  const backup = join(folder, 'backup');
  await holdfast('backup', '--data', serverFolder, '--to', backup);
  const again = await runHoldfast(['backup', '--data', serverFolder, '--to', backup]);
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('never overwrites')]);
  const over = await runHoldfast(['restore', backup, '--data', serverFolder]);
  expect([over.code, over.stderr]).toEqual([1, expect.stringContaining('is not empty')]);
  const none = await runHoldfast(['restore', folder, '--data', join(folder, 'new')]);
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('there is no back-up')]);
  const bytes = readFileSync(join(backup, 'log.db'));
  bytes.set([(bytes[5_000] ?? 0) ^ 1], 5_000);
  writeFileSync(join(backup, 'log.db'), bytes);
  const broken = await runHoldfast(['restore', backup, '--data', join(folder, 'new')]);
  expect([broken.code, broken.stderr]).toEqual([1, expect.stringContaining('log.db is not what')]);
});

test('what a desk has seen shows that the end of a log was cut', async () => {
  await using force = await NewForce.start();
  const backup = join(force.folder, 'backup');
  await holdfast('backup', '--data', force.serverFolder, '--to', backup);
  const ch1 = await seated(force, 'CH1');
  await recorded(ch1.window, open(ch1.window, 'it will be cut off'));
  const seen = await runHoldfast([
    'witness',
    '--name',
    'CH1',
    '--data',
    join(force.folder, 'desk-CH1'),
  ]);
  const file = join(force.folder, 'witness.jsonl');
  writeFileSync(file, seen.stdout);
  const whole = await holdfast('verify', '--data', force.serverFolder, '--witness', file);
  expect(whole).toMatchObject({ code: 0, told: { witness: { outcome: 'agrees' } } });
  const cut = await holdfast('verify', '--data', backup, '--witness', file);
  const { seq } = JSON.parse(readFileSync(join(backup, 'backup.json'), 'utf8')) as { seq: number };
  expect(cut).toMatchObject({
    code: 3,
    told: { witness: { outcome: 'differs', why: 'missing', seq: seq + 1, agreesUpTo: seq } },
  });
});
