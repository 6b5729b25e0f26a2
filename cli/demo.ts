import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { HAMPSHIRE_AND_ISLE_OF_WIGHT } from '#domain/recorded-crime.ts';
import type { WindowRole } from '#desk/shell.ts';
import { importCrimeFile } from '../server/import/import-crime-file.ts';
import { startServer } from '../server/main.ts';
import { DemoServer } from './demo-server.ts';
import { DeskHost } from './desk-host.ts';
import { ElectronDesk, MAIN } from './electron-desk.ts';
import { openIdentity } from './identity.ts';
import { madeUpCrimes } from './made-up-crimes.ts';
import { makeUpRoom, seats } from './made-up-room.ts';
import { openShell } from './run-desk.ts';
import { nightShift } from './night-shift.ts';
import { openTraining, type MadeUpForce } from './run-training.ts';
import { playStory, seatNames, type Played, type SeatName } from './story.ts';
import { WindowLine } from './window-line.ts';

export interface RunDemo {
  readonly isHeadless: boolean;
  /** The Electron binary that runs the desks and shows their windows; without one, the installed Chromium. */
  readonly electron: string | undefined;
  readonly port: number;
  readonly dataDir: string | undefined;
  /** The made-up force that is at work in it; without one only what people do happens. */
  readonly training: MadeUpForce | undefined;
  /** Seconds of the story in one second, where the story is played; without it the room is only there. */
  readonly storySpeed: number | undefined;
  readonly force: string;
  readonly forceName: string;
  readonly timeZone: string;
  readonly version: string;
  readonly say: (words: string, json: object) => void;
  readonly log: (line: string) => void;
  readonly untilStopped: () => Promise<void>;
}

const SIGNED_IN_WITHIN_MS = 60_000; // four key derivations on a busy machine
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
  const server = await DemoServer.start({
    folder: join(dataDir, 'server'),
    port: options.port,
    force: options.force,
    forceName: options.forceName,
    log,
  });
  const hosts: DeskHost[] = [];
  const electronDesks: ElectronDesk[] = [];
  const shells: AsyncDisposable[] = [];
  let leaving: (() => Promise<void>) | undefined;
  let playing: Promise<void> | undefined;
  const stopped = new AbortController();
  try {
    let first = 0;
    const all = seats.flatMap(({ windows }) => windows).length;
    for (const seat of seats) {
      const folder = join(dataDir, `desk-${seat.desk}`);
      const among = { first, all };
      first += seat.windows.length;
      const signInHint = `A room in which nothing is real: sign in as ${seat.name}, password ${PASSWORD}`;
      const { force, forceName, timeZone, electron } = options;
      if (electron !== undefined && !isHeadless) {
        const settings = {
          server: server.url,
          desk: seat.desk,
          force,
          forceName,
          timeZone,
          windows: [...seat.windows],
          among,
          isDemo: true,
          signInHint,
        };
        try {
          electronDesks.push(
            await ElectronDesk.start({ electron, main: MAIN, folder, settings, log }),
          );
          continue;
        } catch (error) {
          log(`${String(error)}; it is shown in Chromium`); // a room without Electron is a room
        }
      }
      const { identity } = await openIdentity(folder, seat.desk);
      const host = await DeskHost.start(
        {
          dataDir: folder,
          force,
          forceName,
          timeZone,
          server: server.url,
          ...identity,
          port: 0,
          version: options.version,
          isDemo: true,
          signInHint,
        },
        log,
      );
      hosts.push(host);
      if (!isHeadless)
        shells.push(await openShell(host, seat.windows, join(folder, 'shell'), log, among));
    }
    const windows = await addressesOf(hosts);
    const desks = seats.map(({ desk }) => windows.find((it) => it.desk === desk)?.address ?? '');
    const words = [
      `${options.forceName}: a room with made-up data in ${dataDir}`,
      `server  ${server.url}`,
      ...(server.liveLog === undefined ? [] : [`live log ${server.liveLog}   (investigator)`]),
      ...windows.map(lineOf),
      ...Object.entries(accounts).map(
        ([role, { name, password }]) => `sign in as ${name.padEnd(6)} ${password}   (${role})`,
      ),
      ...(electronDesks.length > 0 ? [`${electronDesks.length} desks are in Electron`] : []),
      hosts.length > 0
        ? 'Each address opens once, within 30 s. Press Enter for new ones, Ctrl-C to stop.'
        : 'Ctrl-C to stop.',
    ].join('\n');
    const running = [...hosts, ...electronDesks];
    const pids = { server: server.pid, desks: running.map(({ pid }) => pid) };
    say(words, {
      server: server.url,
      ...(server.liveLog !== undefined && { liveLog: server.liveLog }),
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
    playing = play({ dataDir, apiKey, server, hosts, accounts, stopped: stopped.signal }, options);
    await options.untilStopped();
  } finally {
    stopped.abort();
    await playing;
    await leaving?.();
    for (const shell of shells) await shell[Symbol.asyncDispose]();
    await Promise.all([...hosts, ...electronDesks].map((desk) => desk.stop()));
    await server.stop();
  }
}

interface Playing {
  readonly dataDir: string;
  readonly apiKey: string;
  readonly server: DemoServer;
  readonly hosts: readonly DeskHost[];
  readonly accounts: Kept['accounts'];
  readonly stopped: AbortSignal;
}

/** Plays the story at the desks of this room, and says what came of each step. The room does not end with it. */
async function play(
  { dataDir, apiKey, server, hosts, accounts, stopped }: Playing,
  { storySpeed, say, log }: RunDemo,
): Promise<void> {
  if (storySpeed === undefined) return;
  const windows = new Map<SeatName, WindowLine>();
  try {
    for (const [index, seat] of seats.entries()) {
      const host = hosts[index];
      if (!host) throw new Error(`there is no desk ${seat.desk}`);
      const address = await host.address(seat.windows[0]);
      const window = new WindowLine(address, [
        'seat',
        'contacts',
        'incidents',
        'units',
        'handovers',
        'tray',
        'drafts',
      ]);
      windows.set(seat.desk, window);
      await window.join();
      const account = Object.values(accounts).find(({ name }) => name === seat.name);
      await signIn(window, seat.name, account?.password ?? '', stopped);
      await window.until(
        () => (window.seat?.referencesLeft ?? 0) > 0 || undefined,
        SIGNED_IN_WITHIN_MS,
      );
    }
    const named = <Value>(of: (name: SeatName) => Value | undefined) =>
      Object.fromEntries(seatNames.map((name) => [name, of(name)])) as Record<SeatName, Value>; // each was opened above
    const played = await playStory({
      scenes: nightShift(),
      stage: {
        windows: named((name) => windows.get(name)),
        hosts: named((name) => hosts[seats.findIndex(({ desk }) => desk === name)]),
        server,
        apiKey,
        dataDir,
      },
      speed: storySpeed,
      stopped,
      log,
    });
    if (!stopped.aborted) say(wordsOf(played), { story: played, isMadeUp: true });
  } catch (error) {
    if (!stopped.aborted) log(`demo: the story is not played: ${String(error)}`);
  } finally {
    for (const window of windows.values()) window.cut();
  }
}

/** A desk that has just started may find its server too slow, and cannot know anybody yet: it is asked again. */
async function signIn(window: WindowLine, name: string, password: string, stopped: AbortSignal) {
  const until = Date.now() + SIGNED_IN_WITHIN_MS;
  while (!(await window.signIn(name, password, SIGNED_IN_WITHIN_MS)))
    if (stopped.aborted || Date.now() > until) throw new Error(`${name} could not sign in`);
}

const wordsOf = (played: readonly Played[]) =>
  [
    'The story:',
    ...played.map(
      ({ step, clock, seat, words, outcome, notSo }) =>
        `${String(step).padStart(2)} ${clock} ${seat}: ${words} – ${[outcome, ...notSo].join('; ')}`,
    ),
  ].join('\n');

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
    hosts.flatMap((host) => {
      const one = async (window: WindowRole) => ({
        desk: host.desk,
        window,
        address: await host.address(window),
      });
      return windowsAt(seats.find(({ desk }) => desk === host.desk)).map(one);
    }),
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
    { name: 'inv', displayName: 'Ines Vale', role: 'investigator' },
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
