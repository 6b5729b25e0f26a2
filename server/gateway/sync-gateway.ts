import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Role } from '#domain/facts.ts';
import type { DeskId } from '#domain/ids.ts';
import { limits } from '#protocol/limits.ts';
import { subprotocol } from '#protocol/version.ts';
import type { StoredEvent } from '#store/event-log.ts';
import type { Withdrawn } from '../auth/grants.ts';
import { networkOf } from '../auth/sign-in-limit.ts';
import { DeskLine, type SyncOptions } from './desk-line.ts';
import { framesOf } from './event-frames.ts';
import { Presence } from './presence.ts';
import { Reports } from './reports.ts';
import { realTimers, type Timers } from './timers.ts';
import { Turnaways } from './turnaways.ts';

const STRANGERS_MAX = 20; // sockets that have not said who they are, of one address
const ALL_STRANGERS_MAX = 600; // of all together: every desk of a force at once, twice over
const GRANTS_AT_ONCE = 400; // what one frame may hold
const TICK_MS = 250;
/** Who sees how every desk is; the desks hold it as well, see `main/desk/view-policy.ts`. */
const REPORTS_FOR: ReadonlySet<Role | undefined> = new Set(['supervisor', 'administrator']);
const DRAIN_WITHIN_MS = 5_000; // a commit under load takes tens of milliseconds

/**
 * The desks' sockets: who they are, what they have, and what they are sent.
 *
 *     recorder -> pending -> frames, made once -> every live line
 *                     log -> frames -> a line that catches up, until it is live
 *
 * A live line has been sent exactly what was flushed; a line that is not takes up where it stopped.
 */
export class SyncGateway {
  readonly #options: SyncOptions;
  readonly #timers: Timers;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: limits.chunkMaxBytes, // a tail; any other frame has less, see `DeskLine`
    perMessageDeflate: false,
    handleProtocols: () => subprotocol,
    // Each frame in a turn of its own: hundreds that come at once hold up nobody else.
    allowSynchronousEvents: false,
  });
  readonly #turnaways: Turnaways;
  readonly #desks = new Map<DeskId, DeskLine>();
  readonly #lines = new Set<DeskLine>();
  readonly #strangers = new Map<string, Set<Duplex>>();
  readonly #presence: Presence;
  readonly #reports: Reports;
  readonly #stops: (() => void)[];
  #pending: StoredEvent[] = [];
  /** Answers that speak of events which are not sent yet. */
  #answers: (() => void)[] = [];
  #flushed: number;
  #flushedAt = 0;
  /** Desks that have on record what this log has not; each is told of once. */
  readonly #cutShort = new Set<DeskId>();
  #stopFlush: (() => void) | undefined;
  #isClosing = false;

  constructor(options: SyncOptions) {
    this.#options = options;
    this.#timers = options.timers ?? realTimers;
    this.#flushed = options.recorder.head().seq;
    const { recorder, now, failed } = options;
    this.#turnaways = new Turnaways({ recorder, now, timers: this.#timers, failed });
    this.#presence = new Presence({
      timers: this.#timers,
      now: options.now,
      tell: (signals) => {
        for (const line of this.#desks.values()) line.tell(signals);
      },
    });
    this.#reports = new Reports({
      timers: this.#timers,
      now: options.now,
      maySee: (user) => REPORTS_FOR.has(options.accounts.roleOf(user)),
      tell: (desk, reports) => this.#desks.get(desk)?.tell(reports),
    });
    this.#stops = [
      options.recorder.onRecorded((events) => this.#recorded(events)),
      options.notices?.onChanged(() => {
        const notices = [...(options.notices?.all ?? [])];
        for (const line of this.#desks.values()) line.tell({ frame: 'server-notices', notices });
      }) ?? (() => {}),
      this.#timers.every(TICK_MS, () => {
        for (const line of this.#lines) line.tick();
      }),
    ];
  }

  /** Desks that are joined now. */
  get joined(): readonly DeskId[] {
    return [...this.#desks.keys()];
  }

  /** How many events the desk that is furthest behind has yet to apply. */
  get lagMax(): number {
    const { seq } = this.#options.recorder.head();
    return Math.max(0, ...[...this.#desks.values()].map(({ applied }) => seq - applied));
  }

  /** Each joined desk's clock less the server's, where it has answered a ping. */
  get clockOffsets(): ReadonlyMap<DeskId, number> {
    return new Map(
      [...this.#desks].flatMap(([desk, { offsetMs }]) =>
        offsetMs === undefined ? [] : [[desk, offsetMs] as const],
      ),
    );
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const address = networkOf(request.socket.remoteAddress ?? '');
    const refusal = this.#refusalOf(request, address);
    if (refusal !== undefined) {
      const [status, reason] = refusal;
      hangUp(socket, status);
      if (reason === undefined) return;
      const row = { actor: 'unknown', desk: 'unknown', what: 'connect', subject: address };
      this.#turnedAway({ ...row, outcome: `refused ${reason}` });
      return;
    }
    const strangers = this.#strangers.get(address) ?? new Set();
    this.#strangers.set(address, strangers.add(socket));
    const isKnown = () => {
      strangers.delete(socket);
      if (strangers.size === 0 && this.#strangers.get(address) === strangers)
        this.#strangers.delete(address);
    };
    // However it ends, also in the middle of a handshake that `ws` turns down itself.
    socket.once('close', isKnown);
    this.#sockets.handleUpgrade(request, socket, head, (accepted) => {
      const line = new DeskLine(accepted, this.#options, this.#timers, {
        turnedAway: (row) => this.#turnedAway(row),
        flushed: () => this.#flushed,
        onceFlushed: (seq, answer) => {
          // In the order they were given: what waits for its events holds back what comes after it.
          if (seq <= this.#flushed && this.#answers.length === 0) answer();
          else this.#answers.push(answer);
        },
        flush: () => this.#flush(),
        joined: (desk) => {
          isKnown();
          // The newer line of a desk is the one that lives.
          void this.#desks.get(desk)?.end(4001, 'replaced by a newer connection');
          this.#desks.set(desk, line);
          this.#reports.joined(desk);
        },
        cutShort: ({ desk, cursor, shown }) => {
          if (this.#cutShort.has(desk)) return; // it comes again every few seconds
          this.#cutShort.add(desk);
          const { seq } = this.#options.recorder.head();
          this.#options.told?.(
            `${desk} has events up to ${shown?.cursor ?? cursor} on record that this log, which ends at ${seq}, has not: ` +
              'the log has lost its end, or was rewritten. That desk is not joined, keeps them and works on alone. ' +
              'Stop this server, keep its folder, restore it into a new one (holdfast restore FOLDER --data NEW), and ' +
              'serve that: it takes back what the desks have.',
          );
        },
        notices: () => this.#options.notices?.all ?? [],
        presence: () => this.#presence.all(),
        signalled: (desk, signal) => this.#presence.heard(desk, signal),
        reported: (desk, report) => this.#reports.heard(desk, report),
        gone: (desk) => {
          this.#lines.delete(line);
          if (desk === undefined || this.#desks.get(desk) !== line) return;
          this.#desks.delete(desk);
          this.#presence.gone(desk);
          this.#reports.gone(desk);
          this.#options.left?.(desk);
        },
      });
      this.#lines.add(line);
    });
  }

  /** Ends a desk's line at once, after its key was revoked or replaced. */
  drop(desk: string): void {
    void this.#desks.get(desk as DeskId)?.end(4401, 'revoked'); // a name of no desk finds none
  }

  /** Tells the desks that are joined which of their grants are no good any more; the others ask when they come. */
  withdrawn(grants: readonly Withdrawn[]): void {
    for (const [desk, its] of Map.groupBy(grants, (it) => it.desk)) {
      const line = this.#desks.get(desk as DeskId); // a name of no desk finds none
      if (!line) continue;
      for (let at = 0; at < its.length; at += GRANTS_AT_ONCE) {
        const ids = its.slice(at, at + GRANTS_AT_ONCE).map(({ id }) => id);
        line.tell({ frame: 'grants-withdrawn', grants: ids });
      }
    }
  }

  /** Takes nothing more, answers what is being recorded, sends what is recorded, and hangs up. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const lines = [...this.#lines];
    const timeUp = Promise.withResolvers<void>();
    const stopWaiting = this.#timers.after(DRAIN_WITHIN_MS, () => timeUp.resolve());
    await Promise.race([Promise.all(lines.map((line) => line.drain())), timeUp.promise]);
    stopWaiting();
    this.#flush();
    for (const stop of this.#stops) stop();
    this.#stopFlush?.();
    this.#presence.close();
    this.#reports.close();
    await Promise.all(lines.map((line) => line.end(1001, 'the server stops')));
    this.#sockets.close();
    await this.#turnaways.close();
  }

  #turnedAway(row: Parameters<Turnaways['add']>[0]): void {
    this.#turnaways.add(row).catch(this.#options.failed);
  }

  /** The status that a caller is turned away with, and the reason for the audit. */
  #refusalOf(request: IncomingMessage, address: string): readonly [string, string?] | undefined {
    const { host, origin, 'sec-websocket-protocol': offered = '' } = request.headers;
    if (this.#isClosing) return ['503 Service Unavailable'];
    // A foreign name that was bound to this address again comes with that name.
    if (host === undefined || !this.#options.hosts().has(host.toLowerCase()))
      return ['421 Misdirected Request', 'wrong-host'];
    // A desk is no page: a socket with an Origin was opened by some web site.
    if (origin !== undefined) return ['403 Forbidden', 'foreign-origin'];
    if (!offered.split(/,\s*/).includes(subprotocol)) return ['400 Bad Request', 'wrong-protocol'];
    const all = [...this.#strangers.values()].reduce((sum, { size }) => sum + size, 0);
    return (this.#strangers.get(address)?.size ?? 0) >= STRANGERS_MAX || all >= ALL_STRANGERS_MAX
      ? ['429 Too Many Requests', 'too-many-strangers']
      : undefined;
  }

  #recorded(events: readonly StoredEvent[]): void {
    this.#pending.push(...events);
    if (this.#stopFlush) return;
    // On a quiet line at once; under load what comes within the next moment goes in one write.
    const waitMs = Math.ceil(this.#flushedAt + limits.coalesceMs - performance.now());
    if (waitMs <= 0) this.#flush();
    else this.#stopFlush = this.#timers.after(waitMs, () => this.#flush());
  }

  #flush(): void {
    this.#stopFlush?.();
    this.#stopFlush = undefined;
    this.#flushedAt = performance.now();
    const last = this.#pending.at(-1)?.header.seq;
    if (last === undefined) return;
    const frames = framesOf(this.#pending);
    this.#pending = [];
    this.#flushed = last;
    for (const line of this.#lines) line.offer(frames);
    const answers = this.#answers;
    this.#answers = [];
    for (const answer of answers) answer();
  }
}

/** Ends a connection that is no WebSocket yet. It may be reset meanwhile, which is nobody's fault here. */
export function hangUp(socket: Duplex, status: string): void {
  socket.on('error', () => {}); // it closes too, which is all there is to know
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () =>
    socket.destroy(),
  );
}
