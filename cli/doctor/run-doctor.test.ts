import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { outboxMigrations } from '#desk/outbox.ts';
import { startServer } from '../../server/main.ts';
import { selfSigned } from '../../tests/support/self-signed.ts';
import { SmallDisk, mayMount } from '../../tests/support/small-disk.ts';
import { openIdentity } from '../identity.ts';
import { makeBackup } from '../safe-keeping.ts';
import type { Finding } from './finding.ts';
import { checkCertificate, checkFolder, checkNode, checkRoom } from './machine-checks.ts';
import { runDoctor } from './run-doctor.ts';

const HOUR_MS = 3_600_000;

/** A folder that a server has written and left, with a back-up beside it; gone at the end of the test. */
async function place() {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-doctor-'));
  const data = join(folder, 'server');
  const server = await startServer({
    dataDir: data,
    host: '127.0.0.1',
    port: 0,
    force: 'HC',
    forceName: 'Harbour Constabulary',
    log: () => {},
    scryptCost: 16,
  });
  await server.addFirstAdministrator();
  await server.stop();
  const backups = join(folder, 'backups');
  mkdirSync(backups);
  await makeBackup(data, join(backups, 'monday'), () => {});
  return {
    folder,
    data,
    backups,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface Told {
  readonly code: number;
  readonly words: string;
  /** What is not fine, by its check. */
  readonly bad: Readonly<Record<string, string>>;
  readonly findings: readonly Finding[];
}

async function doctor(
  program: 'serve' | 'desk',
  options: Readonly<Record<string, string | boolean>>,
  now = Date.now(),
): Promise<Told> {
  let [words, findings] = ['', [] as readonly Finding[]];
  const code = await runDoctor(
    program,
    // All of its limits are far off, so that the machine that runs this test is fine.
    {
      options: { 'disk-warn-percent': '99', 'disk-full-percent': '100', ...options },
      environment: {},
    },
    {
      version: '0',
      now,
      out: (said, json) => {
        words = said;
        ({ findings } = json as { findings: readonly Finding[] });
      },
    },
  );
  const bad = findings.filter(({ state }) => state !== 'fine');
  return {
    code,
    words,
    findings,
    bad: Object.fromEntries(bad.map((it) => [it.check, `${it.state}: ${it.found}`])),
  };
}

const freePort = '0';

test('a sound server is fine: exit code 0, a line for each thing that was looked at', async () => {
  using it = await place();
  const told = await doctor('serve', { data: it.data, backups: it.backups, port: freePort });
  expect([told.bad, told.code]).toEqual([{}, 0]);
  expect(told.findings.map(({ check }) => check)).toEqual([
    'program',
    'sqlite',
    'settings',
    'folder',
    'disk',
    'room',
    'port',
    'log',
    'accounts',
    'wal',
    'back-up',
    'back-up room',
  ]);
  expect(told.words.split('\n')).toHaveLength(told.findings.length);
});

test('it changes nothing in the folder that it looks at', async () => {
  using it = await place();
  const read = () =>
    readdirSync(it.data)
      .filter((name) => !name.endsWith('-shm'))
      .map((name) => [name, readFileSync(join(it.data, name)).toString('base64')] as const)
      .filter(([, bytes]) => bytes !== '');
  const before = read();
  await doctor('serve', { data: it.data, port: freePort });
  expect(read()).toEqual(before);
});

test('a wrong setting is a fault with its name, and the machine is looked at all the same', async () => {
  const told = await doctor('serve', { data: '/nowhere', port: 'x' });
  expect(told.code).toBe(3);
  expect(told.bad).toEqual({
    settings: 'fault: "port" (--port): a number from 0 to 65535 is expected, not "x"',
  });
  expect((await doctor('serve', {})).bad['settings']).toContain('doctor serve needs --data');
});

test('a new installation is told what its first start will make, and nothing is made', async () => {
  using it = await place();
  const data = join(it.folder, 'new');
  const told = await doctor('serve', { data, backups: it.backups, port: freePort });
  expect([told.code, told.bad]).toEqual([4, { folder: `warning: ${data} is not there yet` }]);
  expect(existsSync(data)).toBe(false);
});

test('a log that is damaged, missing, a copy, of another force or of a newer release is a fault', async () => {
  using it = await place();
  const found = async (breakIt: (folder: string) => void, more: Record<string, string> = {}) => {
    const data = mkdtempSync(join(it.folder, 'broken-'));
    cpSync(it.data, data, { recursive: true });
    const db = openStore(join(data, 'log.db'), logMigrations);
    db.exec('UPDATE log_meta SET place = NULL'); // else it is known for a copy, which it is
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.close();
    breakIt(data);
    const told = await doctor('serve', { data, backups: it.backups, port: freePort, ...more });
    expect(told.code).toBe(3);
    return told.bad['log'];
  };
  const write = (data: string, sql: string) => {
    const db = openStore(join(data, 'log.db'), logMigrations);
    db.exec(sql);
    db.close();
  };
  expect(
    await found((data) =>
      write(data, `DROP TRIGGER event_is_never_changed; UPDATE event SET actor = 'u-x'`),
    ),
  ).toContain('fault: log.db in ');
  expect(await found((data) => writeFileSync(join(data, 'log.db'), 'no database'))).toContain(
    'is damaged',
  );
  expect(await found((data) => rmSync(join(data, 'log.db')))).toContain('fault: ');
  expect(await found((data) => write(data, `UPDATE log_meta SET place = '1'`))).toContain(
    "is a copy of a server's folder",
  );
  expect(await found(() => {}, { force: 'AB' })).toBe(
    'fault: it is the log of force-HC, and "force" says force-AB',
  );
  const next = logMigrations.length + 1;
  expect(await found((data) => write(data, `PRAGMA user_version = ${next}`))).toBe(
    `fault: a newer release wrote it (schema ${next}, this program knows ${next - 1})`,
  );
});

test('what a restore could not add any more waits for a person, and is told until then', async () => {
  using it = await place();
  const db = openStore(join(it.data, 'log.db'), logMigrations);
  db.exec(`INSERT INTO tail_aside VALUES ('h', 1, 's/1', 'c', 'CH1', 1, '{}')`);
  db.close();
  const told = await doctor('serve', { data: it.data, backups: it.backups, port: freePort });
  expect(told.bad).toEqual({
    'set aside': 'warning: 1 events that desks had could not be added after a restore',
  });
  expect(told.code).toBe(4);
});

test('a back-up that is old is a warning, none at all is a fault, and nobody saying where is told', async () => {
  using it = await place();
  const at = { data: it.data, port: freePort };
  const old = await doctor('serve', { ...at, backups: it.backups }, Date.now() + 30 * HOUR_MS);
  expect([old.code, old.bad['back-up']]).toEqual([
    4,
    expect.stringMatching(/^warning: monday is the newest of 1, 30 h old, up to event \d+$/),
  ]);
  rmSync(join(it.backups, 'monday/backup.json'));
  const none = await doctor('serve', { ...at, backups: it.backups });
  expect([none.code, none.bad['back-up']]).toEqual([
    3,
    `fault: there is no back-up in ${it.backups}`,
  ]);
  expect((await doctor('serve', at)).bad['back-up']).toBe(
    'warning: nobody said where back-ups are put',
  );
});

test('a port that another program has is a fault that names it', async () => {
  using it = await place();
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const address = other.address();
  const port = typeof address === 'object' ? String(address?.port) : '';
  const told = await doctor('serve', { data: it.data, backups: it.backups, port });
  other.close();
  expect(told.bad['port']).toContain(
    `fault: 127.0.0.1:${port} is taken by process ${process.pid} (`,
  );
});

test('a certificate that ended, is about to, or is not that of the key is told', async () => {
  using it = await place();
  const [certFile, keyFile] = [join(it.folder, 'cert.pem'), join(it.folder, 'key.pem')];
  const found = (days: number, now = Date.now(), otherKey = false) => {
    const { cert, key } = selfSigned('control.example', days);
    writeFileSync(certFile, cert);
    writeFileSync(keyFile, otherKey ? selfSigned('control.example').key : key, { mode: 0o600 });
    return checkCertificate({ certFile, keyFile }, now).map((f) => `${f.state}: ${f.found}`);
  };
  expect(found(90.5)[0]).toMatch(/^fine: it fits its key and holds for 90 days, until 20/);
  expect(found(10.5)[0]).toMatch(/^warning: it ends in 10 days, on 20/);
  expect(found(1, Date.now() + 48 * HOUR_MS)[0]).toMatch(
    /^fault: it ended on 20.*: no desk comes in$/,
  );
  expect(found(1, Date.now() - 48 * HOUR_MS)[0]).toMatch(/^fault: it holds only from /);
  expect(found(90, Date.now(), true)[0]).toBe(`fault: ${keyFile} is not the key of ${certFile}`);
  chmodSync(keyFile, 0o644);
  const open = checkCertificate({ certFile, keyFile }, Date.now());
  expect(open.at(-1)?.found).toBe(`everybody can read ${keyFile}`);
  const told = await doctor('serve', { data: it.data, host: '0.0.0.0', port: freePort });
  expect(told.bad['certificate']).toBe(
    'fault: it would listen on 0.0.0.0 without TLS, and refuses to',
  );
});

test('a folder that others can look into, or that is not all of one account, is told', async () => {
  using it = await place();
  chmodSync(it.data, 0o755);
  expect(checkFolder('folder', it.data)).toEqual([
    {
      check: 'folder',
      state: 'warning',
      found: `other accounts can look into ${it.data}`,
      todo: `chmod 700 ${it.data}`,
    },
  ]);
});

test('an old Node is a fault', () => {
  expect(checkNode('0', '22.3.0')).toMatchObject({ state: 'fault' });
});

test.runIf(mayMount)('a disk that is nearly full is a warning, and then a fault', async () => {
  using disk = SmallDisk.make(4);
  if (!disk) throw new Error('it could be mounted a moment ago');
  const state = () => checkRoom('room', disk.path, { warnPercent: 50, fullPercent: 90 });
  expect((await state()).state).toBe('fine');
  writeFileSync(join(disk.path, 'much'), Buffer.alloc(2.5 * 1024 ** 2));
  expect(await state()).toMatchObject({ state: 'warning' });
  disk.fill();
  expect(await state()).toMatchObject({
    state: 'fault',
    found: `the disk of ${disk.path} is 100 % full, 0 bytes free`,
  });
});

test('a desk that was never enrolled, or has lost its key, is told so, and no key is made', async () => {
  using it = await place();
  const data = join(it.folder, 'desk');
  const options = { data, name: 'CH1', server: 'http://127.0.0.1:9', headless: true };
  const fresh = await doctor('desk', options);
  expect(fresh.bad).toMatchObject({
    folder: `warning: ${data} is not there yet`,
    enrolment: 'fault: this desk has never been enrolled',
  });
  expect(fresh.bad['server']).toContain('fault: http://127.0.0.1:9 does not answer: ');
  expect(existsSync(data)).toBe(false);
  const { identity } = await openIdentity(data, 'CH1');
  expect((await doctor('desk', { ...options, name: 'CH2' })).bad['identity']).toContain(
    'belongs to desk CH1, not to CH2',
  );
  const file = join(data, 'outbox.db');
  const db = openStore(file, outboxMigrations, { key: Buffer.from(identity.storeKey, 'hex') });
  db.pragma(`user_version = ${outboxMigrations.length + 1}`);
  db.close();
  expect((await doctor('desk', options)).bad['outbox']).toContain(
    'fault: a newer release wrote it',
  );
  writeFileSync(file, Buffer.alloc(8_192, 7));
  expect((await doctor('desk', options)).bad['outbox']).toContain('fault: ');
  rmSync(join(data, 'keystore'));
  expect((await doctor('desk', options)).bad['identity']).toContain('has lost its file "keystore"');
  expect(existsSync(join(data, 'keystore'))).toBe(false);
});
