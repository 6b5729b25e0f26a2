import { createPrivateKey, randomBytes, randomUUID, sign } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import * as z from 'zod';
import { commandIdFrom, epochMs, type DeskId, type EpochMs, type UserId } from '#domain/ids.ts';
import type { WindowDown } from '#protocol/down.ts';
import type { HotkeyAction, HotkeyRow } from '#protocol/hotkey.ts';
import { limits } from '#protocol/limits.ts';
import type { Assets } from '#protocol/page.ts';
import type { Notice } from '#protocol/server-notices.ts';
import type { Presence } from '#protocol/signal.ts';
import type { SeatRow, ViewName } from '#protocol/view.ts';
import { holdFolder } from '#store/hold-folder.ts';
import { loadReferenceData } from '#store/load-reference-data.ts';
import { replicaMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { AdministrationLine } from './administration-line.ts';
import { askServer } from './ask-server.ts';
import { Desk, type Seat } from './desk.ts';
import { returnDrafts } from './draft-return.ts';
import { ClockNotice } from './clock-notice.ts';
import { DraftsDue } from './drafts-due.ts';
import { HotkeysHere } from './hotkeys-here.ts';
import { LocalGateway, fileTokenShelf, type DoorReason } from './local-gateway.ts';
import { askWithdrawn, offlineGrant, OfflineSignIn, person, refused } from './offline-sign-in.ts';
import { OutboxFile } from './outbox-file.ts';
import { Looks } from './looks.ts';
import { Outbox } from './outbox.ts';
import { OwnReport } from './own-report.ts';
import type { DeskPorts } from './ports.ts';
import { Replica } from './replica.ts';
import {
  beginReplica,
  dropUnfinished,
  finishReplica,
  openOrQuarantine,
  replicaName,
} from './replica-files.ts';
import { windowId, type Admission, type Channel, type WindowId, type WindowRole } from './shell.ts';
import { Standing } from './standing.ts';
import { SyncClient } from './sync-client.ts';
import { WindowSession, type RefusedHere, type WindowHost } from './window-session.ts';

export interface StartDesk {
  readonly dataDir: string;
  /** Where the outbox's second copy stands; beside the data where nothing is said, better on another disk. */
  readonly copyDir?: string;
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
  /** Shown where somebody signs in; a demo says there who can. */
  readonly signInHint?: string;
  /** From how far on the people here are told that this clock is not the server's. */
  readonly clockWarnMs?: number;
}

/** A desk at work, without a door of its own: its shell brings its windows' lines. */
export interface OpenDesk {
  /** Attaches to the channel before it returns: what the window sends first is not lost. */
  readonly windowJoined: (role: WindowRole, id: WindowId, channel: Channel) => void;
  /** Somebody was turned away at a door, this often: for the audit. */
  readonly turnedAway: (reason: DoorReason, times: number) => void;
  /** How its shell says that the telephone keys of the desktop are, and that one was pressed. */
  readonly hotkeysAre: (rows: readonly HotkeyRow[]) => void;
  readonly hotkeyPressed: (action: HotkeyAction) => void;
  /** Shows a line at the top of every window, in a demo; a desk that is at work shows none. */
  readonly caption: (words: string) => void;
  readonly failed: (error: Error) => void;
  readonly close: () => Promise<void>;
}

export interface RunningDesk extends Pick<OpenDesk, 'hotkeysAre' | 'hotkeyPressed' | 'caption'> {
  readonly origin: string;
  readonly port: number;
  admit(role: WindowRole, id: WindowId): Admission;
  /** What a person opens in a browser of their own, once and within 30 s. */
  address(role: WindowRole): string;
  close(): Promise<void>;
}

/** What a desk tells the shell that shows its windows. */
export interface DeskListener {
  /** The outbox's file was found damaged: a desk that is started again makes it again. */
  mustRestart(): void;
  /** Who sits here now; told once at the start too. */
  sat(user: UserId | undefined): void;
  /** Something is being written in a window: told with each copy that is kept of it. */
  typed(): void;
  /** Whoever sits here wants another key for what a telephone key does. */
  hotkeyWanted(user: UserId, action: HotkeyAction, keys: string): void;
}

const CAPTION_MAX = 300; // one line of a screen
const FLUSH_EVERY_MS = 15; // a view is brought up to date at most this often: one frame of a screen
const SEAT_EVERY_MS = 1_000; // ages on screen count in seconds
const UNOWNED_EVERY_MS = 5_000; // half of what a 999 call may ring
const COPY_DRAFTS_EVERY_MS = 2_000;
const CLOCK_WARN_MS = 2_000; // a log whose lines are seconds apart is misread from here on
const SIGNAL_EVERY_MS = 250; // a colleague's caret need not be newer
const REPORT_LOOK_EVERY_MS = 1_000; // whether there is something new to report; when it goes, see OwnReport
const TELL_REFUSALS_EVERY_MS = 1_000; // together: each write holds up the people at work
const MEND_EVERY_MS = 60_000; // a disk that was full may have room again
const HEAR_GRANTS_EVERY_MS = 30_000; // 300 desks ask ten times a second; also whenever the line comes back

/** What the server answers to a sign-in. */
const session = z.object({
  token: z.string(),
  user: person,
  grant: z.object({ id: z.string(), notAfter: epochMs }),
  /** Absent for roles that do not work at a desk when the server is away. */
  offlineGrant: offlineGrant.optional(),
});
const keptSeat = session.pick({ user: true, grant: true }).extend({ lockedAt: epochMs.optional() });

/** Starts a desk as `openDesk` does, and opens the local port for its windows. */
export async function startDesk(
  options: StartDesk,
  assets: Assets,
  shell: Partial<DeskListener> = {},
): Promise<RunningDesk> {
  const desk = openDesk(options, shell);
  let gateway: LocalGateway;
  try {
    gateway = await LocalGateway.listen({
      assets,
      now,
      port: options.port,
      shelf: fileTokenShelf(join(options.dataDir, 'next-tokens.json')),
      windowJoined: desk.windowJoined,
      refused: desk.turnedAway,
      failed: desk.failed,
    });
  } catch (error) {
    await desk.close();
    throw error;
  }
  return {
    origin: gateway.origin,
    port: gateway.port,
    admit: (windowRole, id) => gateway.admit(windowRole, id),
    address: (windowRole) => gateway.address(windowRole, windowId(windowRole, randomUUID())),
    hotkeysAre: desk.hotkeysAre,
    hotkeyPressed: desk.hotkeyPressed,
    caption: desk.caption,
    close: async () => {
      await gateway[Symbol.asyncDispose]();
      await desk.close();
    },
  };
}

/**
 * Starts a desk over its folder: files and the link to the server. Damaged files are made again; what it
 * cannot help it throws, in a line for a person.
 */
export function openDesk(options: StartDesk, shell: Partial<DeskListener> = {}): OpenDesk {
  const { dataDir, server } = options;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  // Two processes over one outbox take the line from each other for ever; the kernel lets go of a dead one's.
  using opening = new DisposableStack();
  opening.use(holdFolder(dataDir));
  dropUnfinished(dataDir);
  const key = Buffer.from(options.storeKey, 'hex');
  const ports: DeskPorts = { now, uuid: randomUUID, soon: once(FLUSH_EVERY_MS) };

  const windows = new Set<WindowSession>();
  const drafts = new DraftsDue();
  const hotkeys = new HotkeysHere();
  const tell = (error: Error) =>
    void process.stderr.write(`desk ${options.desk}: ${error.message}\n`);
  const outboxFile = OutboxFile.open({
    folder: dataDir,
    copyFolder: options.copyDir ?? join(dataDir, 'outbox-copy'),
    key,
    uuid: randomUUID,
    failed: tell,
    damaged: () => {
      tell(new Error('outbox.db is damaged: the desk starts again to make it again'));
      shell.mustRestart?.();
    },
  });
  const failed = (error: Error) => {
    tell(error);
    outboxFile.suspect(error.cause);
  };
  let replicaFound: string | undefined;
  const openReplica = (name = replicaName(dataDir)) =>
    new Replica(openStore(join(dataDir, name), replicaMigrations, { key }));
  const pump = () => {
    if (!closed.signal.aborted) sync.pump();
  };
  const desk = new Desk({
    desk: options.desk as DeskId, // the folder's own name for itself, enrolled with the server
    force: options.force,
    timeZone: options.timeZone,
    referenceData: loadReferenceData(),
    ports,
    outbox: new Outbox(outboxFile.db, ports, outboxFile.write),
    replica: openOrQuarantine(dataDir, openReplica, (line) => {
      replicaFound = line;
      tell(new Error(line));
    }),
    // Once whoever asked has been told, and before any view: what is to be recorded does not wait for a screen.
    stored: (id) => {
      own.stored(id);
      setImmediate(pump);
    },
    settled: (ack) => {
      own.settled(ack.commandId);
      for (const window of windows) window.tell(ack);
    },
    failed,
    freshReplica: (why) => {
      tell(new Error(`the log is copied anew: ${why}`));
      return openReplica(beginReplica(dataDir));
    },
    finished: () => attempt('keeping which copy is whole', () => finishReplica(dataDir)),
  });

  const own = new OwnReport(desk, { now, elapsedMs: () => performance.now() });
  const privateKey = createPrivateKey(options.privateKey);
  const kept = keptSeat.safeParse(desk.outbox.seat());
  const isKept = kept.success && kept.data.grant.notAfter > now();
  let seat: Seat | undefined = isKept
    ? { user: kept.data.user, grant: kept.data.grant }
    : undefined;
  // A desk that starts again stays as covered as it was.
  let lockedAt = isKept ? kept.data.lockedAt : undefined;
  let moved: SeatRow['moved'];
  let aloneSince = now();
  let caption: string | undefined;
  let wasLive = false;
  let presence: Presence = { about: '', isTyping: false };
  let isSignalDue = false;
  let serverNotices: readonly Notice[] = [];
  const clockNotice = new ClockNotice(options.clockWarnMs ?? CLOCK_WARN_MS);
  const closed = new AbortController();
  const signText = (text: string) =>
    sign(null, Buffer.from(text, 'utf8'), privateKey).toString('base64');
  const standing = new Standing(desk, isKept);
  const looks = new Looks(dataDir);
  const isDisabled = (user: UserId) => standing.isDisabled(user);
  const offline = new OfflineSignIn(outboxFile.db, { now, isDisabled }, outboxFile.write);
  /** For what must not stop a person: told, and gone on from. */
  const attempt = (what: string, work: () => void) => {
    try {
      work();
    } catch (cause) {
      failed(new Error(`${what}: ${String(cause)}`, { cause }));
    }
  };
  /** One window whose view cannot be made or sent does not keep it from the others. */
  const refresh = (only?: ViewName) => {
    for (const window of windows) attempt('showing what has changed', () => window.refresh(only));
  };
  /** Nobody has anything in front of them here, until a window says otherwise. */
  const nothingInFront = () => {
    presence = { about: '', isTyping: false };
    isSignalDue = true;
  };
  /** The roster follows who sits here. A refusal (on duty here already) changes nothing. */
  const onDuty = (type: 'start-duty' | 'end-duty', who: Seat) =>
    attempt(type, () => void desk.ask({ frame: 'command', id: freshId(), type, body: {} }, who));
  const keepSeat = () =>
    attempt('keeping who sits here', () =>
      desk.outbox.keepSeat(seat && { ...seat, ...(lockedAt !== undefined && { lockedAt }) }),
    );
  /** They sit down here while the log has them at another desk: that one signs them out when it hears of it. */
  const came = (next: Seat | undefined): SeatRow['moved'] => {
    const before = next && standing.dutyDesk(next.user.id);
    return next === undefined || before === undefined || before === desk.desk
      ? undefined
      : { how: 'came-from', name: next.user.displayName, desk: before, at: now() };
  };
  const sit = (next: Seat | undefined, { mayAsk = true } = {}) => {
    if (seat && seat.user.id !== next?.user.id) {
      if (mayAsk) onDuty('end-duty', seat);
      nothingInFront();
    }
    seat = next;
    lockedAt = undefined;
    moved = came(next);
    standing.sat(next);
    shell.sat?.(next?.user.id);
    keepSeat();
    if (next) onDuty('start-duty', next);
    refresh();
  };

  /** They sit as they sat, in the role that the log gives them now. */
  const changeRole = (next: Seat) => {
    const before = { lockedAt, moved };
    sit(next);
    ({ lockedAt, moved } = before);
    keepSeat();
  };

  const withdraw = (grants: readonly string[]) => {
    offline.withdraw(grants);
    // Nothing can be asked under a grant that was taken back.
    if (seat && grants.includes(seat.grant.id)) sit(undefined, { mayAsk: false });
  };

  /** Hears of the server whose access was taken back: they can sit here no longer, nor sign in alone. */
  const hearGrants = async () => {
    const grants = [...new Set([...offline.grants, ...(seat ? [seat.grant.id] : [])])];
    if (grants.length === 0) return;
    try {
      const ask = { server, desk: options.desk, sign: signText };
      const withdrawn = await askWithdrawn(ask, grants, closed.signal);
      if (closed.signal.aborted) return;
      withdraw(withdrawn);
    } catch (cause) {
      // Asked again in a while, and when the line comes back.
      if (!closed.signal.aborted) failed(new Error('asking which grants are good', { cause }));
    }
  };

  const administration = new AdministrationLine({ send: (frame) => sync.send(frame), now });
  const sync = new SyncClient({
    desk,
    urls: [`${server.replace(/^http/, 'ws')}/sync`],
    sign: signText,
    commandId: freshId,
    now,
    random: Math.random,
    withdrawn: (grants) => attempt('hearing which grants are good', () => withdraw(grants)),
    administered: (answer) => administration.heard(answer),
    lost: () => administration.lost(),
    noticed: (notices) => {
      serverNotices = notices;
      refresh('seat');
    },
    changed: () => {
      const isLive = sync.link.state === 'live' && sync.link.isCurrent;
      if (isLive === wasLive) return;
      wasLive = isLive;
      own.again();
      if (isLive) isSignalDue = true; // the server knows nothing of us yet
      else desk.forgetPresence();
      aloneSince = now();
      if (isLive) void hearGrants();
      refresh('seat');
    },
  });

  const seatRow = (): SeatRow => {
    const { link } = sync;
    const ownClock = clockNotice.hear(sync.offsetMs, now());
    const notices = [...serverNotices, ...(ownClock ? [ownClock] : [])];
    const isOnline = link.state === 'live' && link.isCurrent && !desk.isRebuilding;
    const why =
      link.state === 'closed'
        ? link.why
        : link.state === 'live'
          ? `the log is being copied: ${desk.cursor.seq} of ${link.head}`
          : '';
    return {
      id: 'seat',
      desk: options.desk,
      force: options.forceName,
      user: seat?.user,
      ...(lockedAt !== undefined && { lockedAt }),
      ...(moved && { moved }),
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
      ...(sync.release !== undefined && { serverVersion: sync.release }),
      protection: options.protection,
      isDemo: options.isDemo,
      caption: options.isDemo ? caption : undefined,
      look: looks.of(seat?.user.id),
      signInHint: options.signInHint,
      trouble: troubleOf(outboxFile.trouble, replicaFound),
      ...(notices.length > 0 && { notices }),
    };
  };

  const lock = () => {
    if (!seat || lockedAt !== undefined) return;
    lockedAt = now();
    keepSeat();
    refresh('seat');
  };

  /**
   * The same person comes back to the desk that they have locked: by the password that this desk knows, so
   * that it works alone and gives them nothing anew. Says no where that cannot be told here.
   */
  const unlock = async (name: string, password: string) => {
    const locked = seat;
    if (!locked || lockedAt === undefined || locked.grant.notAfter <= now()) return undefined;
    if (name.toLowerCase() !== locked.user.name.toLowerCase()) return undefined;
    const known = await offline.signIn(name, password);
    // Only of a wrong password this desk is sure: of the rest the server may know more.
    if (known.outcome === 'refused')
      return known.reason === 'wrong-name-or-password' ? known : undefined;
    if (seat !== locked) return undefined; // signed out meanwhile
    lockedAt = undefined;
    keepSeat();
    refresh();
    return known;
  };

  /** With the server's word where it answers, else by what this desk remembers. */
  const signIn: WindowHost['signIn'] = async (name, password, newPassword) => {
    const unlocked = await unlock(name, password);
    if (unlocked) return unlocked;
    const asked = await askServer(server, '/api/session', {
      name,
      password,
      desk: options.desk,
      ...(newPassword !== undefined && { newPassword }),
    });
    if (asked.outcome === 'away') {
      if (newPassword !== undefined) return refused('no-new-password-now');
      const alone = await offline.signIn(name, password);
      if (alone.outcome === 'signed-in') sit(standing.inRole(alone.seat));
      return alone;
    }
    if (asked.outcome === 'refused') {
      if (asked.reason === 'disabled') offline.forget(name);
      return asked;
    }
    const answered = session.safeParse(asked.body);
    if (!answered.success) return refused('not-possible');
    const { token, user, grant, offlineGrant: leave } = answered.data;
    sit({ user, grant });
    if (leave) offline.remember(user, newPassword ?? password, leave).catch(failed);
    else offline.forget(name);
    const returned = () => refresh('drafts');
    // Nobody waits for it; whoever can work works.
    const { outbox } = desk;
    void returnDrafts({ server, token, user: user.id, outbox, returned, failed }, closed.signal);
    return { outcome: 'signed-in' };
  };

  // Names of commands, frames and reasons, and who sits here: there are not many of them.
  const refusals = new Map<string, RefusedHere & { readonly times: number }>();
  const refusedHere = ({ times = 1, ...it }: RefusedHere) => {
    const name = JSON.stringify([it.actor, it.what, it.reason]);
    refusals.set(name, { ...it, times: (refusals.get(name)?.times ?? 0) + times });
  };
  /** To the server's audit, the way that looks go: kept until it has them. */
  const keepRefusals = () => {
    for (const [name, { actor, what, reason, times }] of refusals) {
      const who = actor ?? ('desk' as UserId); // nobody sits here
      const subject = `${what} ${reason}`;
      desk.outbox.consult({ actor: who, what: 'refused-here', subject, shown: 0, times });
      refusals.delete(name);
    }
  };

  const host: WindowHost = {
    desk,
    timeZone: options.timeZone,
    now,
    seat: () => seat,
    seatRow,
    signIn: async (name, password, newPassword) => {
      try {
        return await signIn(name, password, newPassword);
      } catch (cause) {
        // One sign-in that cannot be done is told, and costs the desk nothing else.
        failed(new Error('signing in', { cause }));
        return refused('not-possible');
      }
    },
    signOut: () => sit(undefined),
    lock,
    isLocked: () => lockedAt !== undefined,
    administer: (asked, who) => administration.ask(asked, who),
    setLook: (change) => {
      attempt('keeping how windows look', () => looks.change(seat?.user.id, change));
      refresh('seat');
    },
    draftChanged: (user, draftId, how) => {
      if (how === 'kept') shell.typed?.();
      drafts.changed(user, draftId, how);
    },
    hotkeys: () => hotkeys.rows,
    setHotkey: (user, action, keys) => shell.hotkeyWanted?.(user, action, keys),
    refusedHere,
    signalled: (latest) => {
      presence = latest;
      isSignalDue = true;
    },
    painted: (ms) => own.painted(ms),
    ownDesk: () => {
      const { mode, offsetMs, version } = seatRow();
      const user = seat?.user.id;
      return { id: options.desk, user, report: own.look({ mode, offsetMs, version }) };
    },
  };

  desk.onChanged(() => {
    if (closed.signal.aborted) return; // its files are closed, or about to be
    // The log says that this account was closed: whoever uses it sees no more from here on.
    const heard = seat && standing.hear(seat);
    if (heard === 'closed') sit(undefined, { mayAsk: false });
    else if (heard) changeRole(heard);
    const elsewhere = seat && standing.wentTo(seat);
    if (seat && elsewhere !== undefined) {
      const { displayName: name } = seat.user;
      sit(undefined, { mayAsk: false }); // on duty there: there is nothing to end here
      moved = { how: 'went-to', name, desk: elsewhere, at: now() };
    }
    refresh();
  });
  const seatTimer = setInterval(() => {
    refresh('seat');
    refresh('desks');
  }, SEAT_EVERY_MS);
  // What becomes late becomes so without anything having changed.
  const unownedTimer = setInterval(() => refresh('unowned'), UNOWNED_EVERY_MS);
  const signalTimer = setInterval(() => {
    if (!isSignalDue) return;
    const user = seat && { user: seat.user.id };
    if (sync.send({ frame: 'desk-signal', ...user, presence })) isSignalDue = false;
  }, SIGNAL_EVERY_MS);
  const reportTimer = setInterval(() => {
    attempt('reporting how this desk is', () => {
      const { mode, offsetMs, version } = seatRow();
      const { id: user, role } = seat?.user ?? { id: undefined, role: undefined };
      const due = own.due({ mode, offsetMs, version, user, role });
      if (due && sync.send(due.frame)) due.told();
    });
  }, REPORT_LOOK_EVERY_MS);
  const grantsTimer = setInterval(() => {
    if (wasLive) void hearGrants();
  }, HEAR_GRANTS_EVERY_MS);
  const mendTimer = setInterval(() => outboxFile.mend(), MEND_EVERY_MS);
  const refusalTimer = setInterval(() => {
    try {
      keepRefusals();
    } catch (cause) {
      failed(new Error('keeping what was refused', { cause })); // tried again in a second
    }
  }, TELL_REFUSALS_EVERY_MS);
  const draftTimer = setInterval(() => {
    drafts.tell(
      (user) => desk.outbox.drafts(user),
      (copy) => sync.send(copy),
    );
  }, COPY_DRAFTS_EVERY_MS);

  shell.sat?.(seat?.user.id);
  const held = opening.move();
  return {
    windowJoined: (role, _id, channel) => {
      const send = (frame: WindowDown) => {
        const text = JSON.stringify(frame);
        if (text.length > limits.cutBytes) throw new Error('a frame is over its limit');
        channel.send(text);
      };
      const window = new WindowSession(host, send, () => channel.isLagging);
      const left = hotkeys.windowJoined(role, send);
      windows.add(window);
      channel.onFrame((text) => window.hear(text));
      channel.onDrained(() => window.refresh());
      channel.onClosed(() => {
        windows.delete(window);
        left();
        if (windows.size === 0) nothingInFront();
      });
    },
    // Nobody knows who it was.
    turnedAway: (reason, times) =>
      refusedHere({ actor: undefined, what: 'connect', reason, times }),
    hotkeysAre: (rows) => {
      hotkeys.are(rows);
      refresh('hotkeys');
    },
    hotkeyPressed: (action) => hotkeys.pressed(action),
    caption: (words) => {
      caption = words.slice(0, CAPTION_MAX);
      refresh('seat');
    },
    failed,
    close: async () => {
      closed.abort();
      clearInterval(seatTimer);
      clearInterval(unownedTimer);
      clearInterval(draftTimer);
      clearInterval(signalTimer);
      clearInterval(reportTimer);
      clearInterval(grantsTimer);
      clearInterval(refusalTimer);
      clearInterval(mendTimer);
      sync.close();
      keepRefusals();
      await offline.close();
      desk.close();
      outboxFile[Symbol.dispose]();
      held.dispose();
    },
  };
}

const troubleOf = (...lines: readonly (string | undefined)[]) =>
  lines.filter((line) => line !== undefined).join(' ') || undefined;

const now = () => Date.now() as EpochMs;
const freshId = () => commandIdFrom(now(), randomBytes(16));

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
