import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import type { Role } from '#domain/facts.ts';
import type { CommandId, DeskId, EpochMs, UserId } from '#domain/ids.ts';
import { uuidV7 } from '#domain/lib/uuid-v7.ts';
import { openStore } from '#store/open-store.ts';
import { accountMigrations, Accounts } from './auth/accounts.ts';
import { DraftCopies, draftMigrations } from './gateway/draft-copies.ts';
import { Escalation } from './gateway/escalation.ts';
import { createHttp, isLoopback } from './gateway/http.ts';
import { SyncGateway } from './gateway/sync-gateway.ts';
import { openRecorder } from './log/recorder.ts';
import type { Recorder } from './log/recorder-port.ts';

const now = () => Date.now() as EpochMs;

export interface ServerOptions {
  readonly dataDir: string;
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** Two to four capitals: the front of every reference. */
  readonly force: string;
  readonly forceName: string;
  readonly tls?: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly log: (line: string) => void;
  /** For tests only: the cost of a password's check. */
  readonly scryptCost?: number;
}

export interface NewUser {
  readonly name: string;
  readonly displayName: string;
  readonly role: Role;
  readonly password: string;
  readonly mustChange: boolean;
}

export interface RunningServer {
  readonly baseUrl: string;
  readonly recorder: Recorder;
  readonly accounts: Accounts;
  addUser(user: NewUser): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the server of one force over its folder. Resolves once it answers. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { dataDir, host, port, tls, log } = options;
  if (!isLoopback(host) && !tls)
    throw new Error(
      `the server would listen on ${host} without TLS, where passwords and calls could be read on the way. ` +
        'Give --tls-cert and --tls-key, or listen on 127.0.0.1.',
    );
  mkdirSync(dataDir, { recursive: true });
  const failed = (error: unknown) => log(error instanceof Error ? error.message : String(error));
  const recorder = await openRecorder({
    dataDir,
    logId: `force-${options.force}`,
    failed: (error) => {
      // Without its writer a server can only mislead: it ends, and whoever watches starts it again.
      log(`${error.message}: ${String(error.cause)}`);
      process.exit(70);
    },
  });
  const accountFile = openStore(join(dataDir, 'accounts.db'), accountMigrations);
  const draftFile = openStore(join(dataDir, 'drafts.db'), draftMigrations);
  const accounts = new Accounts(accountFile, now, options.scryptCost);
  const drafts = new DraftCopies(draftFile);
  const sync = new SyncGateway({
    recorder,
    accounts,
    now,
    draftCopied: (copy) => drafts.keep(copy),
    failed,
  });
  const escalation = new Escalation(recorder, now, failed);
  const http = createHttp({
    recorder,
    accounts,
    now,
    joined: () => sync.joined,
    forceName: options.forceName,
    tls: tls && {
      cert: readFileSync(tls.certFile, 'utf8'),
      key: readFileSync(tls.keyFile, 'utf8'),
    },
  });
  let ownHost = '';
  http.server.on('upgrade', (request, socket, head) => {
    // The exact Host stops a foreign name that was re-bound to this address.
    const isOurs = !isLoopback(host) || request.headers.host === ownHost;
    if (request.url === '/sync' && isOurs) sync.upgrade(request, socket, head);
    else socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n');
  });
  await http.listen({ host, port });
  const address = http.server.address() as AddressInfo; // it listens on TCP
  ownHost = `${host}:${address.port}`;

  return {
    baseUrl: `${tls ? 'https' : 'http'}://${ownHost}`,
    recorder,
    accounts,
    addUser: async ({ name, displayName, role, password, mustChange }) => {
      const id = `u-${randomBytes(6).toString('hex')}` as UserId;
      const answer = await recorder.record({
        commandId: uuidV7(now(), randomBytes(16)) as CommandId, // just made as one
        asked: { type: 'add-user', body: { userId: id, name, displayName, role } },
        occurredAt: now(),
        actor: 'system' as UserId,
        desk: 'server' as DeskId,
      });
      if (answer.state === 'refused') throw new Error(`adding ${name}: ${answer.refusal.reason}`);
      await accounts.add({ id, name, displayName, role }, password, mustChange);
    },
    stop: async () => {
      escalation.close();
      sync.close();
      await http.close();
      await recorder.close();
      accountFile.close();
      draftFile.close();
    },
  };
}
