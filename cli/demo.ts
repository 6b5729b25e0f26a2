import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { HAMPSHIRE_AND_ISLE_OF_WIGHT } from '#domain/recorded-crime.ts';
import { importCrimeFile } from '../server/import/import-crime-file.ts';
import { startServer } from '../server/main.ts';
import { withoutSettings } from './config/settings.ts';
import { DeskHost } from './desk-host.ts';
import { openIdentity } from './identity.ts';
import { madeUpCrimes } from './made-up-crimes.ts';
import { makeUpRoom, seats } from './made-up-room.ts';
import { openShell } from './run-desk.ts';
import { openTraining, type Size } from './run-training.ts';

export interface RunDemo {
  readonly isHeadless: boolean;
  readonly port: number;
  readonly dataDir: string | undefined;
  /** The size of the made-up force that is at work in it; without one only what people do happens. */
  readonly training: Size | undefined;
  readonly force: string;
  readonly forceName: string;
  readonly timeZone: string;
  readonly version: string;
  readonly say: (words: string, json: object) => void;
  readonly log: (line: string) => void;
  readonly untilStopped: () => Promise<void>;
}

const CLI = join(import.meta.dirname, 'holdfast.ts');
const PASSWORD = 'made-up-password';
const ADMINISTERED_AT = 'SUP';

const kept = z.strictObject({
  apiKey: z.string(),
  accounts: z.record(z.string(), z.strictObject({ name: z.string(), password: z.string() })),
});
type Kept = z.infer<typeof kept>;

/** A room on one machine: a server, four desks, made-up people and a made-up shift. It says so everywhere. */
export async function runDemo(options: RunDemo): Promise<void> {
  const { log, say, isHeadless } = options;
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'holdfast-demo-'));
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const { apiKey, accounts } = await prepare(dataDir, options);
  const server = await serve(dataDir, options);
  const hosts: DeskHost[] = [];
  const shells: AsyncDisposable[] = [];
  let leaving: (() => Promise<void>) | undefined;
  try {
    let first = 0;
    for (const seat of seats) {
      const folder = join(dataDir, `desk-${seat.desk}`);
      const { identity } = await openIdentity(folder, seat.desk);
      const host = await DeskHost.start(
        {
          dataDir: folder,
          force: options.force,
          forceName: options.forceName,
          timeZone: options.timeZone,
          server: server.url,
          ...identity,
          port: 0,
          version: options.version,
          isDemo: true,
          signInHint: `A room in which nothing is real: sign in as ${seat.name}, password ${PASSWORD}`,
        },
        log,
      );
      hosts.push(host);
      if (!isHeadless)
        shells.push(
          await openShell(host, seat.windows, join(folder, 'shell'), log, {
            first,
            all: seats.flatMap(({ windows }) => windows).length,
          }),
        );
      first += seat.windows.length;
    }
    const windows = await addressesOf(hosts);
    const desks = seats.map(({ desk }) => windows.find((it) => it.desk === desk)?.address ?? '');
    const words = [
      `${options.forceName}: a room with made-up data in ${dataDir}`,
      `server  ${server.url}`,
      ...windows.map(lineOf),
      ...Object.entries(accounts).map(
        ([role, { name, password }]) => `sign in as ${name.padEnd(6)} ${password}   (${role})`,
      ),
      'Each address opens once, within 30 s. Press Enter for new ones, Ctrl-C to stop.',
    ].join('\n');
    const pids = { server: server.child.pid, desks: hosts.map(({ pid }) => pid) };
    say(words, {
      server: server.url,
      desks,
      windows,
      pids,
      accounts,
      apiKey,
      data: dataDir,
      isMadeUp: true,
    });
    if (process.stdin.isTTY)
      createInterface({ input: process.stdin }).on('line', () => void showAddresses(hosts, log));
    leaving = bringToLife(server.url, accounts, options);
    await options.untilStopped();
  } finally {
    await leaving?.();
    for (const shell of shells) await shell[Symbol.asyncDispose]();
    await Promise.all(hosts.map((host) => host.stop()));
    if (server.child.exitCode === null && server.child.signalCode === null) {
      const exited = once(server.child, 'exit');
      server.child.kill('SIGTERM');
      await exited;
    }
  }
}

/** A made-up force comes in behind the desks; the room does not wait for it, nor end with it. */
function bringToLife(
  server: string,
  accounts: Kept['accounts'],
  { training, log }: RunDemo,
): (() => Promise<void>) | undefined {
  const admin = accounts['administrator'];
  if (!training || !admin) return undefined;
  const failed = (error: unknown) => log(`the made-up force is not at work: ${String(error)}`);
  const opening = openTraining({
    ...training,
    server,
    as: admin.name,
    password: admin.password,
    log,
  }).then(
    (room) => {
      log(`a made-up force is at work: ${room.desks.length} desks, ${room.units} units`);
      room.failed.catch(failed);
      return room;
    },
    (error: unknown) => failed(error),
  );
  return async () => {
    const room = await opening;
    await room?.stop().catch(failed);
  };
}

/** Of every window what a person opens; a seat's first window stands first, and the administrators' is no seat's own. */
const addressesOf = (hosts: readonly DeskHost[]) =>
  Promise.all(
    hosts.flatMap((host, index) =>
      windowsAt(seats[index]).map(async (window) => ({
        desk: seats[index]?.desk ?? '',
        window,
        address: await host.address(window),
      })),
    ),
  );

/** An administrator may sign in at any desk; theirs is shown at the one where least is interrupted by it. */
const windowsAt = (seat: (typeof seats)[number] | undefined) => [
  ...(seat?.windows ?? []),
  ...(seat?.desk === ADMINISTERED_AT ? (['administration'] as const) : []),
];

const lineOf = (it: Awaited<ReturnType<typeof addressesOf>>[number]) =>
  `${it.desk.padEnd(7)} ${it.address}   (${it.window})`;

async function showAddresses(hosts: readonly DeskHost[], log: (line: string) => void) {
  for (const it of await addressesOf(hosts)) log(lineOf(it));
}

/** The first time: accounts, keys, desks and the made-up shift, by the server's own doors. */
async function prepare(
  dataDir: string,
  { force, forceName, timeZone, log }: RunDemo,
): Promise<Kept> {
  const file = join(dataDir, 'demo.json');
  if (existsSync(file)) return kept.parse(JSON.parse(readFileSync(file, 'utf8')));
  log('demo: making up a room');
  const folder = join(dataDir, 'server');
  const server = await startServer({
    dataDir: folder,
    host: '127.0.0.1',
    port: 0,
    force,
    forceName,
    log,
  });
  const accounts: Kept['accounts'] = {};
  const people = [
    ...seats,
    { name: 'aud', displayName: 'Erin Quill', role: 'auditor' },
    { name: 'adm', displayName: 'Femi Stone', role: 'administrator' },
  ] as const;
  for (const { name, displayName, role } of people) {
    await server.addUser({ name, displayName, role, password: PASSWORD, mustChange: false });
    accounts[role in accounts ? `${role}-2` : role] = { name, password: PASSWORD };
  }
  const apiKey = server.accounts.addApiKey('demo telephony');
  for (const { desk } of seats) {
    const { identity } = await openIdentity(join(dataDir, `desk-${desk}`), desk);
    server.accounts.enrol(server.accounts.addEnrolmentCode(), desk, identity.publicKey);
  }
  await makeUpRoom(server, force, timeZone);
  await server.stop();
  await importMadeUpCrimes(folder, force);
  const made = { apiKey, accounts };
  writeFileSync(file, JSON.stringify(made), { mode: 0o600 });
  return made;
}

/** Made-up recorded crimes, through the import of real ones. */
async function importMadeUpCrimes(folder: string, force: string) {
  const file = join(folder, 'made-up-crimes.csv');
  writeFileSync(file, madeUpCrimes(Date.now()));
  const result = await importCrimeFile(file, {
    dataDir: folder,
    logId: `force-${force}`,
    area: HAMPSHIRE_AND_ISLE_OF_WIGHT,
  });
  rmSync(file);
  if (result.outcome !== 'imported') throw new Error(`the demo: its crimes were ${result.outcome}`);
}

/**
 * The server in a process of its own. When it dies it is not started again: that is what the demo is
 * there to show. `holdfast serve` on the same folder and port brings it back.
 */
async function serve(
  dataDir: string,
  { port, force, forceName, log }: RunDemo,
): Promise<{ readonly url: string; readonly child: ChildProcess }> {
  const folder = join(dataDir, 'server');
  const args = ['serve', '--json', '--data', folder, '--force', force, '--force-name', forceName];
  const child = spawn(
    process.execPath,
    [...process.execArgv, CLI, ...args, '--port', String(port)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: withoutSettings(process.env), // what the demo goes by is all on its command line
    },
  );
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the demo's server did not start (${String(code)})`);
  });
  const line = once(createInterface({ input: child.stdout }), 'line');
  const [text] = (await Promise.race([line, ended])) as [string];
  ended.catch(() => {}); // from here on it is told below
  const { server } = z.object({ server: z.string() }).parse(JSON.parse(text));
  child.once('exit', (code, signal) => {
    const again = `holdfast ${args.filter((arg) => arg !== '--json').join(' ')} --port ${new URL(server).port}`;
    log(`demo: the server has ended (${signal ?? code}). To start it again: ${again}`);
  });
  return { url: server, child };
}
