import { join } from 'node:path';
import process from 'node:process';
import { startShell } from '#chromium/start-shell.ts';
import { enrolDesk } from '#desk/identity.ts';
import type { Among } from '#desk/layout.ts';
import { windowRoles, type WindowRole } from '#desk/shell.ts';
import { DeskHost } from './desk-host.ts';
import { ElectronDesk, MAIN } from './electron-desk.ts';
import { openIdentity } from './identity.ts';

export const TIME_ZONE = 'Europe/London';

export interface RunDesk {
  readonly server: string;
  readonly name: string;
  readonly dataDir: string;
  readonly enrol: string | undefined;
  /** Where the outbox's second copy stands, if not beside the data. */
  readonly copyDir: string | undefined;
  readonly window: string;
  readonly isHeadless: boolean;
  /** The Electron binary that shows the windows and runs the desk; without one, the installed Chromium. */
  readonly electron: string | undefined;
  readonly force: string;
  readonly forceName: string;
  readonly version: string;
  readonly say: (words: string, json: object) => void;
  readonly log: (line: string) => void;
  readonly untilStopped: () => Promise<void>;
}

/** Runs one desk: enrols it where a code is given, opens its window, and keeps it alive until stopped. */
export async function runDesk(options: RunDesk): Promise<void> {
  const { server, name, dataDir, enrol, isHeadless, log, say } = options;
  const role = windowRoles.find((known) => known === options.window);
  if (!role) throw new Error(`there is no window "${options.window}"`);
  if (options.electron !== undefined && !isHeadless)
    return runInElectron(options, options.electron, role);
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
      timeZone: TIME_ZONE,
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

async function runInElectron(
  { server, name, dataDir, copyDir, enrol, force, forceName, log, say, untilStopped }: RunDesk,
  electron: string,
  role: WindowRole,
) {
  const desk = await ElectronDesk.start({
    electron,
    main: MAIN,
    folder: dataDir,
    settings: {
      server,
      desk: name,
      force,
      forceName,
      timeZone: TIME_ZONE,
      ...(copyDir !== undefined && { copyDir }),
      windows: [role],
      isDemo: false,
    },
    enrol,
    log,
  });
  say(`desk ${name}: in Electron`, { pid: desk.pid, shell: 'electron' });
  await untilStopped();
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
