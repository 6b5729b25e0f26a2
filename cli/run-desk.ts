import { join } from 'node:path';
import process from 'node:process';
import { startShell } from '#chromium/start-shell.ts';
import { enrolDesk } from '#desk/identity.ts';
import type { Among } from '#desk/layout.ts';
import type { WindowRole } from '#desk/shell.ts';
import { DeskHost } from './desk-host.ts';
import { ElectronDesk, MAIN } from './electron-desk.ts';
import { openIdentity } from './identity.ts';

export interface RunDesk {
  readonly server: string;
  readonly name: string;
  readonly dataDir: string;
  readonly enrol: string | undefined;
  /** Where the outbox's second copy stands, if not beside the data. */
  readonly copyDir: string | undefined;
  readonly window: WindowRole;
  readonly isHeadless: boolean;
  /** The Electron binary that shows the windows and runs the desk; without one, the installed Chromium. */
  readonly electron: string | undefined;
  readonly force: string;
  readonly forceName: string;
  /** A reference is dated by its local day. */
  readonly timeZone: string;
  readonly clockWarnMs: number;
  readonly version: string;
  readonly say: (words: string, json: object) => void;
  readonly log: (line: string) => void;
  readonly untilStopped: () => Promise<void>;
}

/** Runs one desk: enrols it where a code is given, opens its window, and keeps it alive until stopped. */
export async function runDesk(options: RunDesk): Promise<void> {
  const { server, name, dataDir, enrol, isHeadless, log, say, window: role } = options;
  if (options.electron !== undefined && !isHeadless)
    return runInElectron(options, options.electron);
  const { identity, isNew } = await openIdentity(dataDir, name);
  if (isNew && enrol === undefined)
    throw new Error('this desk is new: ask the administrator for a code and give it with --enrol');
  if (enrol !== undefined) await enrolDesk(server, enrol, identity);
  const host = await DeskHost.start(
    {
      dataDir,
      ...(options.copyDir !== undefined && { copyDir: options.copyDir }),
      force: options.force,
      forceName: options.forceName,
      timeZone: options.timeZone,
      clockWarnMs: options.clockWarnMs,
      server,
      ...identity,
      port: 0,
      version: options.version,
      isDemo: false,
    },
    log,
  );
  const shell = isHeadless ? undefined : await openShell(host, [role], join(dataDir, 'shell'), log);
  const address = await host.address(role);
  say(`desk ${name}: ${address}`, { desk: address, pid: host.pid });
  await options.untilStopped();
  await shell?.[Symbol.asyncDispose]();
  await host.stop();
}

async function runInElectron(options: RunDesk, electron: string) {
  const { server, name, copyDir, log } = options;
  const desk = await ElectronDesk.start({
    electron,
    main: MAIN,
    folder: options.dataDir,
    settings: {
      server,
      desk: name,
      force: options.force,
      forceName: options.forceName,
      timeZone: options.timeZone,
      clockWarnMs: options.clockWarnMs,
      ...(copyDir !== undefined && { copyDir }),
      windows: [options.window],
      isDemo: false,
    },
    enrol: options.enrol,
    log,
  });
  options.say(`desk ${name}: in Electron`, { pid: desk.pid, shell: 'electron' });
  await options.untilStopped();
  await desk.stop();
}

/** Opens a desk's windows on the machine's screen. */
export async function openShell(
  host: DeskHost,
  roles: readonly WindowRole[],
  folder: string,
  log: (line: string) => void,
  among?: Among,
) {
  const started = await startShell({
    folder,
    origin: host.origin,
    handOver: (role, id) => host.admit(role, id.slice(role.length + 1)),
    // Where windows stand, and what becomes of one that crashes, the shell sees to.
    listener: { windowChanged: () => {}, displaysChanged: () => {} },
    layoutFile: join(folder, '../layouts.json'),
    hotkeyFile: join(folder, '../hotkeys.json'),
    tell: (news) => host.tell(news),
    log,
    environment: process.env,
  });
  host.onNews((news) => started.hear(news));
  await started.openWindows(roles, among);
  return started;
}
