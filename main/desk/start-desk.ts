import { createPrivateKey, randomBytes, randomUUID, sign } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import * as z from 'zod';
import { role } from '#domain/facts.ts';
import {
  epochMs,
  userId,
  type CommandId,
  type DeskId,
  type EpochMs,
  type UserId,
} from '#domain/ids.ts';
import { uuidV7 } from '#domain/lib/uuid-v7.ts';
import { targetsOf } from '#domain/targets.ts';
import { limits } from '#protocol/limits.ts';
import type { SeatRow } from '#protocol/view.ts';
import { loadReferenceData } from '#store/load-reference-data.ts';
import { replicaMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { Desk, type Seat } from './desk.ts';
import { LocalGateway, fileTokenShelf } from './local-gateway.ts';
import { Outbox, outboxMigrations } from './outbox.ts';
import type { DeskPorts } from './ports.ts';
import { Replica } from './replica.ts';
import { windowId, type Admission, type Assets, type WindowId, type WindowRole } from './shell.ts';
import { SyncClient } from './sync-client.ts';
import { WindowSession, type WindowHost } from './window-session.ts';

export interface StartDesk {
  readonly dataDir: string;
  readonly desk: string;
  readonly force: string;
  readonly forceName: string;
  readonly timeZone: string;
  /** The server's address, `http:` or `https:`. */
  readonly server: string;
  /** The desk's enrolled Ed25519 key, PKCS #8 in PEM. */
  readonly privateKey: string;
  /** 32 bytes in hex: the key of the desk's files, which the shell keeps sealed. */
  readonly storeKey: string;
  /** What the shell says of how that key is kept; shown to the operator word for word. */
  readonly protection: string;
  readonly port: number;
  readonly version: string;
  readonly isDemo: boolean;
}

export interface RunningDesk {
  readonly origin: string;
  readonly port: number;
  admit(role: WindowRole, id: WindowId): Admission;
  /** What a person opens in a browser of their own, once and within 30 s. */
  address(role: WindowRole): string;
  close(): Promise<void>;
}

const SIGN_IN_WITHIN_MS = 8_000;
const FLUSH_EVERY_MS = 15; // a view is brought up to date at most this often: one frame of a screen
const SEAT_EVERY_MS = 1_000; // ages on screen count in seconds
const COPY_DRAFTS_EVERY_MS = 2_000;

/** What the server answers to a sign-in. */
const session = z.object({
  token: z.string(),
  user: z.object({
    id: userId,
    name: z.string(),
    displayName: z.string(),
    role,
  }),
  grant: z.object({ id: z.string(), notAfter: epochMs }),
});
const keptSeat = session.omit({ token: true });
const refusal = z.object({ reason: z.string(), message: z.string() });

/** Starts a desk over its folder: files, link to the server, and the local port for its windows. */
export async function startDesk(options: StartDesk, assets: Assets): Promise<RunningDesk> {
  const { dataDir, server } = options;
  mkdirSync(dataDir, { recursive: true });
  const key = Buffer.from(options.storeKey, 'hex');
  const referenceData = loadReferenceData();
  const ports: DeskPorts = { now, uuid: randomUUID, soon: once(FLUSH_EVERY_MS) };

  const windows = new Set<WindowSession>();
  const drafts = new Set<string>();
  const outboxFile = openStore(join(dataDir, 'outbox.db'), outboxMigrations, { key });
  const openReplica = () =>
    new Replica(openStore(join(dataDir, replicaName(dataDir)), replicaMigrations, { key }));
  const statuses = new Map(referenceData.unitStatuses.rows.map(({ code, name }) => [code, name]));
  const desk = new Desk({
    desk: options.desk as DeskId, // the folder's own name for itself, enrolled with the server
    force: options.force,
    timeZone: options.timeZone,
    targets: targetsOf(referenceData.grades.rows),
    statusName: (code) => statuses.get(code) ?? `status ${code}`,
    ports,
    outbox: new Outbox(outboxFile, ports),
    replica: openOrQuarantine(openReplica, dataDir),
    settled: (ack) => {
      for (const window of windows) window.tell(ack);
    },
    freshReplica: () => {
      putAside(dataDir);
      return openReplica();
    },
  });

  const privateKey = createPrivateKey(options.privateKey);
  const kept = keptSeat.safeParse(desk.outbox.seat());
  let seat: Seat | undefined =
    kept.success && kept.data.grant.notAfter > now() ? kept.data : undefined;
  let aloneSince = now();
  let wasLive = false;

  const sync = new SyncClient({
    desk,
    urls: [`${server.replace(/^http/, 'ws')}/sync`],
    sign: (text) => sign(null, Buffer.from(text, 'utf8'), privateKey).toString('base64'),
    commandId: () => uuidV7(now(), randomBytes(16)) as CommandId, // just made as one
    now,
    random: Math.random,
    changed: () => {
      const isLive = sync.link.state === 'live';
      if (isLive === wasLive) return;
      wasLive = isLive;
      aloneSince = now();
      for (const window of windows) window.refresh('seat');
    },
  });

  const seatRow = (): SeatRow => {
    const { link } = sync;
    const isOnline = link.state === 'live' && !desk.isRebuilding;
    const why =
      link.state === 'closed' ? link.why : desk.isRebuilding ? 'the log is copied anew' : '';
    return {
      id: 'seat',
      desk: options.desk,
      force: options.forceName,
      user: seat?.user,
      mode: isOnline ? 'online' : 'alone',
      reason: isOnline ? 'the server answers' : why || 'joining the server',
      since: aloneSince,
      asAt: sync.heardAt,
      offsetMs: Math.round(sync.offsetMs),
      cursor: desk.shownCursor,
      head: link.state === 'live' ? link.head : desk.shownCursor,
      waiting: desk.pending.length,
      tray: desk.tray().length,
      referencesLeft: desk.outbox.referencesLeft(),
      version: options.version,
      protection: options.protection,
      isDemo: options.isDemo,
    };
  };

  const host: WindowHost = {
    desk,
    referenceData,
    now,
    seat: () => seat,
    seatRow,
    signIn: async (name, password, newPassword) => {
      const asked = await askServer(server, '/api/session', {
        name,
        password,
        desk: options.desk,
        ...(newPassword !== undefined && { newPassword }),
      });
      if (asked.outcome === 'refused') return asked;
      const { user, grant } = session.parse(asked.body);
      seat = { user, grant };
      desk.outbox.keepSeat(seat);
      for (const window of windows) window.refresh();
      return { outcome: 'signed-in' };
    },
    signOut: () => {
      seat = undefined;
      desk.outbox.keepSeat(undefined);
      for (const window of windows) window.refresh();
    },
    draftChanged: (user, draftId) => drafts.add(JSON.stringify([user, draftId])),
  };

  desk.onChanged(() => {
    sync.pump();
    for (const window of windows) window.refresh();
  });
  const seatTimer = setInterval(() => {
    for (const window of windows) window.refresh('seat');
  }, SEAT_EVERY_MS);
  const draftTimer = setInterval(() => {
    for (const text of drafts) {
      const [user, draftId] = JSON.parse(text) as [UserId, string]; // written by `draftChanged`
      const found = desk.outbox.drafts(user).find(({ id }) => id === draftId);
      const { revision, content } = found ?? { revision: Number.MAX_SAFE_INTEGER, content: null };
      const copy = { frame: 'draft-copy', user, draftId, revision, content } as const;
      if (sync.send(copy)) drafts.delete(text);
    }
  }, COPY_DRAFTS_EVERY_MS);

  const gateway = await LocalGateway.listen({
    assets,
    now,
    port: options.port,
    shelf: fileTokenShelf(join(dataDir, 'next-tokens.json')),
    windowJoined: (_role, _id, channel) => {
      const window = new WindowSession(host, (frame) => {
        const text = JSON.stringify(frame);
        if (text.length > limits.cutBytes) throw new Error('a frame is over its limit');
        channel.send(text);
      });
      windows.add(window);
      channel.onFrame((text) => window.hear(text));
      channel.onClosed(() => windows.delete(window));
    },
    failed: (error) => process.stderr.write(`desk ${options.desk}: ${error.message}\n`),
  });

  return {
    origin: gateway.origin,
    port: gateway.port,
    admit: (windowRole, id) => gateway.admit(windowRole, id),
    address: (windowRole) => gateway.address(windowRole, windowId(windowRole, randomUUID())),
    close: async () => {
      clearInterval(seatTimer);
      clearInterval(draftTimer);
      sync.close();
      await gateway[Symbol.asyncDispose]();
      desk.close();
      outboxFile.close();
    },
  };
}

const now = () => Date.now() as EpochMs;

type Asked =
  | { readonly outcome: 'answered'; readonly body: unknown }
  | { readonly outcome: 'refused'; readonly reason: string; readonly message: string };

async function askServer(server: string, path: string, body: object): Promise<Asked> {
  try {
    const response = await fetch(`${server}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(SIGN_IN_WITHIN_MS),
    });
    const answer: unknown = await response.json();
    if (response.ok) return { outcome: 'answered', body: answer };
    const { reason, message } = refusal.parse(answer);
    return { outcome: 'refused', reason, message };
  } catch {
    // Told to the person at the desk: they decide what to do about it.
    return {
      outcome: 'refused',
      reason: 'server-away',
      message:
        'The server does not answer, so nobody new can sign in here. Who is signed in keeps working.',
    };
  }
}

const REPLICA = /^replica-(\d+)\.db$/;

/** The newest replica file; a broken one is put aside by its name and a new one gets the next number. */
function replicaName(dataDir: string): string {
  const numbers = readdirSync(dataDir).flatMap((name) => Number(REPLICA.exec(name)?.[1] ?? []));
  return `replica-${Math.max(1, ...numbers)}.db`;
}

/** Makes the next replica file the newest. The old one stays where it is, as evidence. */
function putAside(dataDir: string): void {
  const number = Number(REPLICA.exec(replicaName(dataDir))?.[1] ?? 1);
  // An empty file is a new store; its name alone makes it the newest.
  writeFileSync(join(dataDir, `replica-${number + 1}.db`), '', { flag: 'a' });
}

function openOrQuarantine(open: () => Replica, dataDir: string): Replica {
  try {
    return open();
  } catch {
    // Not readable: kept beside the new one for whoever looks into it. The log is copied anew.
    const name = replicaName(dataDir);
    for (const suffix of ['', '-wal', '-shm']) {
      const file = join(dataDir, `${name}${suffix}`);
      if (existsSync(file)) renameSync(file, `${file}.corrupt-${new Date().toISOString()}`);
    }
    return open();
  }
}

/**
 * Runs the latest work once, however often it is asked for: at once where nothing ran in the last
 * `ms`, so that a single change is seen without delay, and at most that often under load.
 */
function once(ms: number): (work: () => void) => void {
  let isWaiting = false;
  let latest: (() => void) | undefined;
  let ranAt = 0;
  const run = () => {
    isWaiting = false;
    ranAt = performance.now();
    latest?.();
  };
  return (work) => {
    latest = work;
    if (isWaiting) return;
    isWaiting = true;
    const waitMs = Math.ceil(ranAt + ms - performance.now());
    // A timer takes a millisecond at least, and a change passes two of these on its way.
    if (waitMs <= 0) setImmediate(run);
    else setTimeout(run, waitMs);
  };
}
