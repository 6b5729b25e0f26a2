import { randomBytes } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { UserId } from '#domain/ids.ts';
import { openRecorder } from '#server/log/recorder.ts';
import { openWriter } from '#server/log/open-writer.ts';
import { Running } from '#server/gateway/running.suite.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { copyServer, forgetPlace } from '../support/copied-folder.ts';
import { Holdfast, runHoldfast } from '../support/holdfast.ts';
import { flipBit } from '../support/outbox-folder.ts';
import { LOG_ID, lookedAt, raised, saidIn } from '../support/server-files.ts';
import { mayMount, SmallDisk } from '../support/small-disk.ts';

const PAGE_BYTES = 4_096;
let folder: string;
let dataDir: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-broken-'));
  dataDir = join(folder, 'server');
});
afterEach(() => rmSync(folder, { recursive: true }));

const inFolder = (name: string) => join(dataDir, name);
/** The server of a folder as it runs, and all that it tells. */
const serve = () => Running.start({ dataDir });

/** A folder that a server with some work and one person in it has left, cleanly stopped. */
async function workedFolder(incidents = 40): Promise<void> {
  const { server } = await serve();
  await server.addUser({
    name: 'ash',
    displayName: 'Asha Lane',
    role: 'call-handler',
    password: 'a made-up password',
    mustChange: false,
  });
  const ids = Array.from({ length: incidents }, (_, n) => n + 1);
  await Promise.all(ids.map((n) => server.recorder.record(raised(n))));
  await server.stop();
}

/** The folder as SIGKILL leaves it, all of it in the WALs; the read model has come as far as the log. */
function killedFolder(): number {
  const live = join(folder, 'live');
  mkdirSync(live);
  const { writer, ...opened } = openWriter(live, LOG_ID);
  forgetPlace(live);
  writer.recordGroup([1, 2, 3, 4].map(raised));
  writer.foldPicture();
  cpSync(live, dataDir, { recursive: true });
  const { seq } = writer.head;
  opened[Symbol.dispose]();
  return seq;
}

/** What the disk can do to a text of the schema: one bit, wherever it stands. */
function respell(file: string, text: string, other: string) {
  const bytes = readFileSync(file, 'latin1');
  expect([bytes.includes(text), other.length]).toEqual([true, text.length]);
  writeFileSync(file, bytes.replaceAll(text, other), 'latin1');
}

/** What the server says where it does not start, and that it has closed what it opened. */
const whyNot = async () =>
  serve().then(
    async ({ server }) => {
      await server.stop();
      return 'it started';
    },
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );

test('whichever page of the log the disk has changed, the server does not start, or finds it and stops', async () => {
  await workedFolder(12);
  const whole = join(folder, 'whole');
  copyServer(dataDir, whole);
  const before = saidIn(dataDir);
  const pages = statSync(inFolder('log.db')).size / PAGE_BYTES;
  const seen: { page: number; outcome: string; isAsItWas: boolean }[] = [];
  for (let page = 0; page < pages; page += 1) {
    rmSync(dataDir, { recursive: true });
    cpSync(whole, dataDir, { recursive: true });
    // The head of a page, a row at its end, or its middle, where there may be nothing.
    const at = [5, PAGE_BYTES - 40, PAGE_BYTES / 2][page % 3] ?? 0;
    flipBit(inFolder('log.db'), 8 * (page * PAGE_BYTES + at));
    const broken = readFileSync(inFolder('log.db'));
    const outcome = await lookedAt(dataDir).catch((error: unknown) => String(error));
    // What is no part of anything that was recorded does not count: it reads as before.
    const isAsItWas =
      outcome === 'sound'
        ? isDeepStrictEqual(saidIn(dataDir), before)
        : outcome === 'found' || readFileSync(inFolder('log.db')).equals(broken);
    seen.push({ page, outcome, isAsItWas });
  }
  const known =
    /^(sound|found|\w*Error: log\.db in \S+ is damaged \(.*\)\. Nothing was changed.*)$/;
  expect(seen.filter((it) => !it.isAsItWas || !known.test(it.outcome))).toEqual([]);
  // The check would be blind if nothing were ever found after the start, or nothing before it.
  expect(seen.map(({ outcome }) => outcome)).toContain('found');
  expect(seen.filter(({ outcome }) => outcome.includes('damaged')).length).toBeGreaterThan(3);
});

/** Every file of the folder but the lock, by name. */
const filesNow = () =>
  readdirSync(dataDir)
    .filter((name) => name !== 'in-use.lock')
    .map((name) => [name, readFileSync(inFolder(name)).toString('base64')]);

test.each<[string, () => void, string]>([
  ['ends half-way', () => truncateSync(inFolder('log.db'), PAGE_BYTES * 5 + 100), 'is damaged ('],
  ['ends after a page', () => truncateSync(inFolder('log.db'), PAGE_BYTES), 'is damaged ('],
  ['is empty', () => truncateSync(inFolder('log.db')), 'is damaged (it is missing or empty'],
  ['is missing', () => rmSync(inFolder('log.db')), 'is damaged (it is missing or empty'],
  ['is a text', () => writeFileSync(inFolder('log.db'), 'x'.repeat(9_000)), 'is damaged ('],
  [
    'is of random bytes',
    () => writeFileSync(inFolder('log.db'), randomBytes(PAGE_BYTES * 4)),
    'is damaged (',
  ],
])(
  'a log that %s: no server, one line, and every file as it was found',
  async (_title, spoil, what) => {
    await workedFolder(12);
    spoil();
    const before = filesNow();
    const told = await whyNot();
    expect(told).toContain(`log.db in ${dataDir} ${what}`);
    expect(told).toContain('start the server over the last back-up');
    expect(told).not.toContain('\n');
    expect(filesNow()).toEqual(before);
  },
);

test('a log whose end went with its WAL, or in it, is not taken for a shorter log, and what a crash left is kept', async () => {
  killedFolder();
  const crashed = join(folder, 'crashed');
  cpSync(dataDir, crashed, { recursive: true });
  rmSync(inFolder('log.db-wal'));
  const cut =
    /^log\.db in \S+ is damaged \(it ends at event \d+, and its read model has seen event \d+: its end/;
  expect(await whyNot()).toMatch(cut);

  // SQLite goes on without all that comes after a frame of the WAL that is not what was written.
  rmSync(dataDir, { recursive: true });
  cpSync(crashed, dataDir, { recursive: true });
  const wal = inFolder('log.db-wal');
  flipBit(wal, 8 * (statSync(wal).size - PAGE_BYTES));
  const broken = readFileSync(wal);
  expect(await whyNot()).toMatch(cut);
  expect(readFileSync(`${wal}.as-found`)).toEqual(broken);
  expect(await whyNot()).toMatch(cut);
  expect(readFileSync(`${wal}.as-found`)).toEqual(broken);

  rmSync(dataDir, { recursive: true });
  cpSync(crashed, dataDir, { recursive: true });
  expect(await whyNot()).toBe('it started');
  expect(readdirSync(dataDir).filter((name) => name.includes('as-found'))).toEqual([]);
});

/** What the disk does to a recorded text, between two looks at it. */
function changeABody() {
  const log = openStore(inFolder('log.db'), logMigrations);
  log.exec(`UPDATE body SET text = replace(text, '7 7 7', '7 8 7') WHERE text LIKE '%"7 7 7%'`);
  log.close();
}

const bodyChanged = /log\.db in \S+ is damaged \(event \d+ is not what was recorded: its body/;

test('nobody is answered from a body that was changed while the server runs, and the server ends', async () => {
  await workedFolder();
  const { promise: died, resolve } = Promise.withResolvers<Error>();
  const recorder = await openRecorder({ dataDir, logId: LOG_ID, failed: resolve });
  expect(recorder.readAfter(0, 500).length).toBe(recorder.head().seq);
  changeABody();
  expect(() => recorder.readAfter(0, 500)).toThrow(bodyChanged);
  expect(String((await died).cause)).toMatch(bodyChanged);
  await recorder.close();
});

test('what nobody asks for is found too, a while after the start: the process ends with one line', async () => {
  await workedFolder();
  await using server = await Holdfast.start(
    ['serve', '--port', '0', '--json', '--data'].concat(dataDir),
  );
  changeABody();
  expect(await server.ended()).toBe(3); // a service manager must not start it again
  expect(server.told).toMatch(bodyChanged);
  expect(server.told).not.toContain('\n');
});

test('`holdfast verify` and `rebuild` say of a damaged log that it is damaged, and of none that there is none', async () => {
  await workedFolder(2);
  truncateSync(inFolder('log.db'), PAGE_BYTES * 5 + 100);
  const before = filesNow();
  const line = /log\.db in \S+ is damaged \([^\n]*call for help[^\n]*\n$/;
  const verified = await runHoldfast(['verify', '--data', dataDir]);
  expect([verified.code, verified.stdout]).toEqual([3, expect.stringMatching(line)]);
  const rebuilt = await runHoldfast(['rebuild', '--data', dataDir]);
  expect([rebuilt.code, rebuilt.stderr]).toEqual([3, expect.stringMatching(line)]);
  expect(filesNow()).toEqual(before);

  const nowhere = join(folder, 'nowhere');
  mkdirSync(nowhere);
  const none = await runHoldfast(['verify', '--data', nowhere]);
  expect([none.code, none.stderr, readdirSync(nowhere)]).toEqual([
    1,
    `holdfast: there is no log in ${nowhere}\n`,
    [],
  ]);
});

test('`holdfast verify` looks at the audit and the answers too, not at the events alone', async () => {
  await workedFolder(2);
  const change = (sql: string) => {
    const db = openStore(inFolder('log.db'), logMigrations);
    try {
      return db.prepare(sql).run().changes;
    } finally {
      db.close();
    }
  };
  const whole = await runHoldfast(['verify', '--data', dataDir]);
  expect([whole.code, whole.stdout]).toEqual([0, expect.stringContaining('intact')]);
  expect(change(`UPDATE answer SET answer = '{"state":"stored-here"}'`)).toBeGreaterThan(0);
  const answered = await runHoldfast(['verify', '--data', dataDir]);
  expect([answered.code, answered.stdout]).toEqual([3, expect.stringContaining('the answer to')]);
  change('DROP TRIGGER audit_is_never_changed'); // as whoever has the file in hand can
  expect(change(`UPDATE audit SET actor = 'nobody' WHERE seq = 1`)).toBe(1);
  const audited = await runHoldfast(['verify', '--data', dataDir]);
  expect([audited.code, audited.stdout]).toEqual([
    3,
    expect.stringContaining('audit row 1 is not'),
  ]);
});

test('a log that another program holds: no server, one line, and it starts once that has let go', async () => {
  await workedFolder(2);
  const other = openStore(inFolder('log.db'), logMigrations);
  other.pragma('locking_mode = EXCLUSIVE');
  other.exec('BEGIN EXCLUSIVE; COMMIT');
  expect(await whyNot()).toMatch(/^log\.db in \S+ is held by another program \(.*Find out which/);
  other.close();
  expect(await whyNot()).toBe('it started');
});

test('a schema that the disk has changed and that is still one: damaged, in one line', async () => {
  await workedFolder(2);
  const file = inFolder('log.db');
  respell(file, 'json_valid(', 'json_valhd(');
  expect(await whyNot()).toMatch(
    /^log\.db in \S+ is damaged \(unknown function: json_valhd\(\)\)\. Nothing was changed/,
  );
});

test.each<[string, () => void]>([
  ['has a flipped bit', () => flipBit(inFolder('accounts.db'), 8 * (PAGE_BYTES * 2 + 5))],
  [
    'has a column of another name',
    () => respell(inFolder('accounts.db'), 'verifier ', 'verifies '),
  ],
  ['ends half-way', () => truncateSync(inFolder('accounts.db'), PAGE_BYTES * 2 + 100)],
  ['is a text', () => writeFileSync(inFolder('accounts.db'), 'x'.repeat(9_000))],
  ['is empty', () => truncateSync(inFolder('accounts.db'))],
  ['is missing', () => rmSync(inFolder('accounts.db'))],
])(
  'accounts that nobody can rely on (the file %s): no server, one line, and every file as it was',
  async (_title, spoil) => {
    await workedFolder(2);
    spoil();
    const before = filesNow();
    const told = await whyNot();
    expect(told).toMatch(
      /^accounts\.db in \S+ is damaged \(.*put accounts\.db of the last back-up/,
    );
    expect(filesNow()).toEqual(before);
  },
);

describe('what can be made again does not stop the server', () => {
  const spoils: readonly (readonly [string, (file: string) => void])[] = [
    ['has a column of another name', (file) => respell(file, 'sion ', 'siol ')],
    ['ends half-way', (file) => truncateSync(file, PAGE_BYTES + 100)],
    ['is a text', (file) => writeFileSync(file, 'x'.repeat(9_000))],
    ['is of random bytes', (file) => writeFileSync(file, randomBytes(PAGE_BYTES * 4))],
  ];
  const names = [
    ['drafts.db', 'drafts.db in '],
    ['picture.db', 'the file of the read model cannot be read'],
  ] as const;
  const cases = names.flatMap(([name, line]) => spoils.map((it) => [name, line, ...it] as const));

  test.each(cases)(
    '%s (%s): where it %s it is put aside whole, a new one begun, and it is said',
    async (name, line, _how, spoil) => {
      await workedFolder(2);
      const user = 'u-ash' as UserId;
      spoil(inFolder(name));
      const broken = readFileSync(inFolder(name));
      const { server, told } = await serve();
      expect(told).toEqual([expect.stringContaining(line)]);
      expect(server.draftsOf(user)).toEqual([]);
      expect(await server.recorder.record(raised(900))).toMatchObject({ state: 'recorded' });
      await server.stop();
      const aside = readdirSync(dataDir).filter((it) => it.startsWith(`${name}.put-aside-`));
      expect(aside.map((it) => readFileSync(inFolder(it)).equals(broken))).toContain(true);
      expect((await serveOnce()).told).toEqual([]);
    },
  );
});

async function serveOnce() {
  const { server, told } = await serve();
  await server.stop();
  return { told };
}

if (!mayMount)
  process.stdout.write(
    'broken server: 2 checks did not run: a small disk cannot be mounted by this account\n',
  );

// Where none can be mounted there are none of these.
describe.each(mayMount ? [8] : [])('on a disk of %i megabytes', (megabytes) => {
  test('that is full nothing is acknowledged, nothing acknowledged is lost, and once there is room it goes on', async () => {
    using disk = SmallDisk.make(megabytes);
    dataDir = join(disk?.path ?? '', 'server');
    await workedFolder(2);
    const { server, told } = await serve();
    disk?.fill();
    const tries = await Promise.allSettled(
      Array.from({ length: 300 }, (_, n) => server.recorder.record(raised(100 + n))),
    );
    const refused = tries.flatMap((it) => (it.status === 'rejected' ? [String(it.reason)] : []));
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.filter((it) => !/not recorded: .*(full|disk I\/O)/.test(it))).toEqual([]);
    disk?.free();
    const again = await Promise.all(
      Array.from({ length: 300 }, (_, n) => server.recorder.record(raised(100 + n))),
    );
    const before = tries.flatMap((it) => (it.status === 'fulfilled' ? [it.value] : []));
    expect(again).toEqual(expect.arrayContaining(before));
    expect(told).toEqual([]);
    await server.stop();
    expect(await lookedAt(dataDir)).toBe('sound');

    disk?.fill();
    expect(await whyNot()).toMatch(/has no room: the disk is full/);
    disk?.free();
    expect(await whyNot()).toBe('it started');
  });

  test('that is mounted for reading only there is no server, and one line says so', async () => {
    using disk = SmallDisk.make(megabytes);
    dataDir = join(disk?.path ?? '', 'server');
    await workedFolder(2);
    disk?.makeReadOnly();
    expect(await whyNot()).toMatch(/ in \S+ cannot be written \(.*Give this account the right/);
  });
});
