import { join } from 'node:path';
import process from 'node:process';
import { startShell } from '#chromium/start-shell.ts';
import type { Among } from '#desk/layout.ts';
import type { WindowRole } from '#desk/shell.ts';
import { DeskHost } from './desk-host.ts';
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
  const { identity, isNew } = await openIdentity(dataDir, name);
  if (isNew && enrol === undefined)
    throw new Error('this desk is new: ask the administrator for a code and give it with --enrol');
  if (enrol !== undefined) {
    const response = await fetch(`${server}/api/desks/enrol`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code: enrol, desk: name, publicKey: identity.publicKey }),
    });
    if (!response.ok)
      throw new Error(`the server did not enrol this desk: ${await response.text()}`);
  }
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
    listener: {
      windowChanged: (role, _id, event) => log(`window ${role}: ${event.type}`),
      displaysChanged: () => {},
    },
    environment: process.env,
  });
  await started.openWindows(roles, among);
  return started;
}
