import { randomBytes, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import type { Logger } from 'pino';
import type { Role } from '#domain/facts.ts';
import { commandIdFrom, type DeskId, type EpochMs, type UserId } from '#domain/ids.ts';
import { isFoundWrong } from '#store/file-trouble.ts';
import type { Store } from '#store/open-store.ts';
import { Accounts } from './auth/accounts.ts';
import { Administration } from './auth/administration.ts';
import { DueRecords } from './auth/due.ts';
import { newPassword } from './auth/passwords.ts';
import { addingId, Administering, type ToAdd } from './gateway/administering.ts';
import { DraftCopies } from './gateway/draft-copies.ts';
import { Escalation } from './gateway/escalation.ts';
import { OrphanSweep } from './gateway/orphan-sweep.ts';
import { Gathering } from './gateway/gathering.ts';
import { createHttp, isLoopback } from './gateway/http.ts';
import { createFileLogger, createLogger } from './gateway/logger.ts';
import { hangUp, SyncGateway } from './gateway/sync-gateway.ts';
import { realTimers, type Timers } from './gateway/timers.ts';
import { openRecorder } from './log/recorder.ts';
import type { DiskLimits } from './ops/disk-room.ts';
import { Ops } from './ops/ops.ts';
import { RotatingFile, type RotatingFileOptions } from './ops/rotating-file.ts';
import { openAccounts, openDrafts } from './side-files.ts';
import type { Assets } from '#protocol/page.ts';
import { SeatGateway } from './web/seat-gateway.ts';
import { SeatSessions } from './web/seat-sessions.ts';
import type { Recorder } from './log/recorder-port.ts';

export interface ServerOptions {
  readonly dataDir: string;
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** Two to four capitals: the front of every reference. */
  readonly force: string;
  readonly forceName: string;
  readonly tls?: { readonly certFile: string; readonly keyFile: string } | undefined;
  /** Names that desks know this server by, beside those of its certificate. */
  readonly names?: readonly string[];
  /** The built windows: with them the server is the desk of browser seats, at `/live-log/`. */
  readonly windows?: Assets | undefined;
  /** Told in words what went wrong. */
  readonly log: (line: string) => void;
  /** Has the technical log, every request and what is told, written to `logs/` in the folder. */
  readonly logFile?: Pick<RotatingFileOptions, 'fileMaxBytes' | 'filesMax'> | undefined;
  /** The technical log of requests; without one only what went wrong is told, through `log`. */
  readonly logger?: Logger;
  readonly now?: () => EpochMs;
  readonly timers?: Timers;
  /** The writer has died and nothing can be recorded any more. By default the process ends. */
  readonly died?: (error: Error) => void;
  /** After a restore: how long a desk that does not come is waited for; a minute unless told. */
  readonly awaitDesksMs?: number | undefined;
  /** Which release of Holdfast this is, as people are shown it. */
  readonly release?: string;
  /** From how full a disk on people are told; without them nobody looks. */
  readonly diskLimits?: DiskLimits;
  /** Where back-ups are put, where anybody said so: its disk is looked at too. */
  readonly backups?: string | undefined;
  /** From how much on a clock that was set is told. */
  readonly clockWarnMs?: number;
  /** Milliseconds since some moment, which nobody can set; of a clock that a test owns, that clock. */
  readonly elapsedMs?: () => number;
  /** For tests only: fewer connections than a real server takes. */
  readonly connectionsMax?: number;
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
  /** Where a browser opens the live log; undefined where its windows are not here. */
  readonly liveLog: string | undefined;
  readonly recorder: Recorder;
  readonly accounts: Accounts;
  addUser(user: NewUser): Promise<void>;
  /**
   * Where there is no account yet: makes an administrator with a random first password, to be printed
   * once and changed at the first sign-in.
   */
  addFirstAdministrator(): Promise<
    { readonly name: string; readonly password: string } | undefined
  >;
  /** Someone's drafts as their desks last copied them. */
  draftsOf(user: UserId): ReturnType<DraftCopies['of']>;
  /** Takes a desk's key back and ends its line at once. */
  revokeDesk(desk: string): void;
  /** Takes nothing more, answers what is being recorded, hangs up, and closes the files. */
  stop(): Promise<void>;
}

const AWAIT_DESKS_MS = 60_000; // a desk comes within 5 s of a server that is there; people work alone meanwhile
const CARRY_EVERY_MS = 5_000; // the log takes it at once, but for a disk that is full or a restore
const SEEN_EVERY_MS = 60_000; // a desk of which a killed server says less than a minute too early is no trouble
const NUMBERS_SKIPPED = 500; // five blocks: what a desk raises in a day on the worst of them
const CLOCK_WARN_MS = 2_000; // a log whose lines are seconds apart is misread
const HTTP_CLOSE_WITHIN_MS = 3_000; // an auditor may be reading the whole log

/** Starts the server of one force over its folder. Resolves once it answers. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { dataDir, host, port, timers = realTimers } = options;
  /** Once this process has the folder for itself. */
  let fileLogger: Logger | undefined;
  const log = (line: string) => {
    options.log(line);
    fileLogger?.warn(line);
  };
  if (!isLoopback(host) && !options.tls)
    throw new Error(
      `the server would listen on ${host} without TLS, where passwords and calls could be read on the way. ` +
        'Give --tls-cert and --tls-key, or listen on 127.0.0.1.',
    );
  const tls = options.tls && {
    cert: readFileSync(options.tls.certFile, 'utf8'),
    key: readFileSync(options.tls.keyFile, 'utf8'),
  };
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const now = options.now ?? (() => Date.now() as EpochMs);
  const failed = (error: unknown) => log(error instanceof Error ? error.message : String(error));
  // Closed in the opposite order, also where the start fails half-way.
  await using opened = new AsyncDisposableStack();
  const recorder = await openRecorder({
    dataDir,
    logId: `force-${options.force}`,
    told: log,
    failed:
      options.died ??
      ((error) => {
        // Without its writer a server can only mislead: it ends, and whoever watches starts it again, but
        // not over a log that is known to be damaged.
        log(`${error.message}: ${String(error.cause)}`);
        process.exit(isFoundWrong(error) ? 3 : 70);
      }),
  });
  opened.defer(() => recorder.close());
  if (options.logFile) {
    const file = opened.adopt(
      new RotatingFile({
        folder: join(dataDir, 'logs'),
        name: 'server.log',
        ...options.logFile,
        told: options.log,
        now,
      }),
      (it) => it.close(),
    );
    fileLogger = createFileLogger(file, options.log);
  }
  const close = (db: Store) => void db.close();
  const accountFile = opened.adopt(openAccounts(dataDir, recorder), close);
  const accounts = new Accounts(accountFile, now, options.scryptCost);
  const drafts = new DraftCopies(opened.adopt(openDrafts(dataDir, log), close));
  opened.defer(() => drafts.write());
  opened.defer(
    timers.every(DraftCopies.writeEveryMs, () => {
      try {
        drafts.write();
      } catch (error) {
        failed(error); // kept, and tried again the next time
      }
    }),
  );

  // Names that are being added: the check of a password's cost leaves time for the same one again.
  const adding = new Map<string, UserId>();
  const add = async ({ name, displayName, role, password, mustChange, by }: ToAdd) => {
    const refuse = (reason: string) => ({ outcome: 'refused', reason }) as const;
    // What is asked again under its id, after a lost answer or a crash half-way, is the same person.
    const seed =
      by.doing === undefined ? randomBytes(32) : addingId(by.doing, { name, displayName, role });
    const id = `u-${seed.toString('hex', 0, 6)}` as UserId; // opaque, as its schema wants it
    const at = by.doing === undefined ? now() : seed.readUIntBE(16, 6);
    if (adding.get(name.toLowerCase()) === id || accounts.nameOf(id) !== undefined)
      return refuse('already-done'); // or about to be, for whoever asked first
    if (adding.has(name.toLowerCase()) || accounts.has(name)) return refuse('name-taken');
    adding.set(name.toLowerCase(), id);
    try {
      const answer = await recorder.record({
        commandId: commandIdFrom(at, seed),
        asked: { type: 'add-user', body: { userId: id, name, displayName, role } },
        occurredAt: now(),
        actor: by.user,
        desk: by.desk,
      });
      if (answer.state === 'refused') return refuse(answer.refusal.reason);
      await accounts.add({ id, name, displayName, role }, password, mustChange);
      return { outcome: 'added', id } as const;
    } finally {
      adding.delete(name.toLowerCase());
    }
  };

  const due = new DueRecords(accountFile, recorder, failed);
  const administration = new Administration({ db: accountFile, now, accounts, due });
  // What a server that was killed, or was restoring, has not brought to its log yet.
  const carryDue = () => void (due.isEmpty || due.carry().catch(failed));
  opened.defer(timers.every(CARRY_EVERY_MS, carryDue));

  /** When desks were last here: kept together, once in a while. */
  const left = new Map<string, EpochMs>();
  const keepSeen = () => {
    try {
      accounts.deskSeen(left);
      left.clear();
    } catch (error) {
      failed(error); // kept, and tried again the next time
    }
  };
  opened.defer(keepSeen);

  /** Blocks that a desk which was not heard may hold, and that the restored log has forgotten. */
  const skipNumbers = async (desks: number) => {
    const [desk, count] = ['server' as DeskId, desks * NUMBERS_SKIPPED];
    await recorder.record({
      commandId: commandIdFrom(now(), randomBytes(16)),
      asked: { type: 'reserve-references', body: { desk, count } },
      occurredAt: now(),
      actor: 'system' as UserId,
      desk,
    });
  };

  let ours: ReadonlySet<string> = new Set();
  let escalation: Escalation | undefined;
  opened.defer(() => escalation?.close());
  const logger = options.logger ?? fileLogger ?? createLogger(log, 'error');
  // How many there are is no fault of the server's: it stands in the technical log and among the metrics.
  const told = (line: string) => logger.info(line);
  const sweep = new OrphanSweep({ recorder, now, told, failed, timers });
  opened.defer(() => sweep.close());
  const goOn = () => {
    escalation = new Escalation({ recorder, now, failed, timers });
  };
  const gathering = recorder.awaitsTails()
    ? new Gathering({
        recorder,
        desks: () => accounts.desks(),
        now,
        timers,
        withinMs: options.awaitDesksMs ?? AWAIT_DESKS_MS,
        told: log,
        failed,
        ended: (missing) => {
          goOn();
          if (missing.length > 0) skipNumbers(missing.length).catch(failed);
        },
      })
    : goOn();
  opened.defer(() => gathering?.close());
  const administering = new Administering({
    recorder,
    administration,
    addUser: (person) => add(person),
    carry: () => due.carry(),
    joined: () => sync.joined,
    withdrawn: (grants) => {
      sync.withdrawn(grants);
      sessions.withdrawn(grants);
    },
    keyGone: (desk) => sync.drop(desk),
    now,
    failed,
  });
  const ops: Ops = new Ops({
    dataDir,
    backups: options.backups,
    diskLimits: options.diskLimits,
    clockWarnMs: options.clockWarnMs ?? CLOCK_WARN_MS,
    now,
    elapsedMs: options.elapsedMs ?? options.now ?? (() => performance.now()),
    timers,
    told: log,
    desks: () => sync.clockOffsets,
  });
  opened.defer(() => ops.close());
  const sync: SyncGateway = new SyncGateway({
    recorder,
    accounts,
    now,
    timers,
    hosts: () => ours,
    draftCopied: (copy, desk) => {
      // A desk brings the pads of who has sat at it, and of nobody else.
      if (!accounts.hasSatAt(copy.user, desk)) return 'not-theirs';
      drafts.keep(copy);
      return 'kept';
    },
    gave: (desk, what) => gathering?.gave(desk, what),
    left: (desk) => void left.set(desk, now()),
    notices: ops.notices,
    release: options.release,
    told: log,
    failed,
    administering,
  });
  opened.defer(
    timers.every(SEEN_EVERY_MS, () => {
      for (const desk of sync.joined) left.set(desk, now());
      keepSeen();
    }),
  );
  const sessions = new SeatSessions(accounts, now);
  const seats = new SeatGateway({
    dataDir,
    recorder,
    sessions,
    forceName: options.forceName,
    release: options.release,
    notices: ops.notices,
    hosts: () => ours,
    isTls: tls !== undefined,
    now,
    timers,
    failed,
  });
  const http = createHttp({
    recorder,
    accounts,
    now,
    hosts: () => ours,
    joined: () => sync.joined,
    lagMax: () => sync.lagMax,
    unowned: () => sweep.counts,
    ops,
    keyGone: (desk) => sync.drop(desk),
    administering,
    draftsOf: (user) => drafts.of(user),
    force: options.force,
    forceName: options.forceName,
    release: options.release,
    logger,
    tls,
    liveLog: options.windows && { assets: options.windows, sessions, gateway: seats },
    connectionsMax: options.connectionsMax,
  });
  opened.defer(async () => {
    const stopWaiting = timers.after(HTTP_CLOSE_WITHIN_MS, () => http.server.closeAllConnections());
    await http.close();
    stopWaiting();
  });
  http.server.on('upgrade', (request, socket, head) => {
    if (request.url === '/sync') sync.upgrade(request, socket, head);
    else if (request.url === '/window' && options.windows) seats.upgrade(request, socket, head);
    else hangUp(socket, '404 Not Found');
  });
  // The lines first: the port closes only when nobody holds it.
  opened.defer(() => sync.close());
  opened.defer(() => seats.close());
  carryDue();
  await http.listen({ host, port });
  const address = http.server.address() as AddressInfo; // it listens on TCP
  const names = [host, ...(options.names ?? []), ...(tls ? namesIn(tls.cert) : [])];
  ours = hostsOf(isLoopback(host) ? [...names, '127.0.0.1', 'localhost', '::1'] : names, {
    port: address.port,
    isTls: tls !== undefined,
  });
  const running = opened.move();

  const addUser = async (user: NewUser) => {
    const by = { user: 'system' as UserId, desk: 'server' as DeskId };
    const added = await add({ ...user, by });
    if (added.outcome === 'refused')
      throw new Error(
        added.reason === 'name-taken'
          ? 'adding a user: there is an account of that name'
          : `adding a user: ${added.reason}`,
      );
  };
  let stopped: Promise<void> | undefined;

  const baseUrl = `${tls ? 'https' : 'http'}://${bracketed(host)}:${address.port}`;
  return {
    baseUrl,
    liveLog: options.windows && `${baseUrl}/live-log/`,
    recorder,
    accounts,
    addUser,
    addFirstAdministrator: async () => {
      if (!accounts.isEmpty) return undefined;
      const made = { name: 'admin', password: newPassword() };
      const who = {
        displayName: 'Administrator',
        role: 'administrator',
        mustChange: true,
      } as const;
      await addUser({ ...made, ...who });
      return made;
    },
    draftsOf: (user) => drafts.of(user),
    revokeDesk: (desk) => {
      accounts.revokeDesk(desk);
      sync.drop(desk);
    },
    stop: () => (stopped ??= running.disposeAsync()),
  };
}

const bracketed = (host: string) => (host.includes(':') ? `[${host}]` : host);

/** Every spelling of our own address that a Host header may have. */
export function hostsOf(
  names: readonly string[],
  { port, isTls }: { readonly port: number; readonly isTls: boolean },
): ReadonlySet<string> {
  const hosts = names.map((name) => bracketed(name.toLowerCase()));
  const withPort = hosts.map((host) => `${host}:${port}`);
  // The port that goes without saying is left out by whoever connects.
  return new Set(port === (isTls ? 443 : 80) ? [...withPort, ...hosts] : withPort);
}

/** The names and addresses that a certificate is for. One with a wildcard is for none that we know. */
const namesIn = (certificate: string): readonly string[] =>
  (new X509Certificate(certificate).subjectAltName ?? '')
    .split(', ')
    .flatMap((entry) => /^(?:DNS|IP Address):([\w.:-]+)$/.exec(entry)?.[1] ?? []);
