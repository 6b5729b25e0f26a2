import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { EpochMs, StreamId } from '#domain/ids.ts';
import { subprotocol } from '#protocol/version.ts';
import { loadReferenceData } from '#store/load-reference-data.ts';
import { NO_DESK } from '../auth/keys.ts';
import { networkOf } from '../auth/sign-in-limit.ts';
import { hangUp } from '../gateway/sync-gateway.ts';
import type { Timers } from '../gateway/timers.ts';
import { Turnaways } from '../gateway/turnaways.ts';
import type { Recorder } from '../log/recorder-port.ts';
import type { Notices } from '../ops/notices.ts';
import { LiveRecords } from './live-records.ts';
import { SEAT_FRAME_MAX_BYTES, SeatLine } from './seat-line.ts';
import type { SeatSession, SeatSessions } from './seat-sessions.ts';
import { seatToken } from './seat-token.ts';

const LINES_MAX = 200; // in all: more than a force has investigators at once
const LINES_OF_ONE_MAX = 8; // of one person, over all their windows
const LINES_OF_SESSION_MAX = 4;
const TICK_MS = 250;
const TOLD_WITHIN_MS = 50; // what is recorded within it is one refresh: nobody reads faster
const FORGET_EVERY_MS = 60_000;

export interface SeatGatewayOptions {
  readonly dataDir: string;
  readonly recorder: Recorder;
  readonly sessions: SeatSessions;
  readonly forceName: string;
  readonly release?: string | undefined;
  /** What people are told of this machine; a page that is open hears of each change. */
  readonly notices?: Pick<Notices, 'all' | 'onChanged'> | undefined;
  /** The exact values of the Host header that are ours. */
  readonly hosts: () => ReadonlySet<string>;
  readonly isTls: boolean;
  readonly now: () => EpochMs;
  readonly timers: Timers;
  readonly failed: (error: unknown) => void;
}

/**
 * The server as the desk of browser windows. They follow a log and change nothing: a window's frames are
 * heard by a `SeatLine`, what is recorded is told to all of them together, and the records are in memory
 * only while somebody looks.
 */
export class SeatGateway {
  readonly #options: SeatGatewayOptions;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: SEAT_FRAME_MAX_BYTES,
    perMessageDeflate: false,
    handleProtocols: () => subprotocol,
    // Each frame in a turn of its own: many that come at once hold up nobody else.
    allowSynchronousEvents: false,
  });
  readonly #lines = new Set<SeatLine>();
  readonly #linesOf = new WeakMap<SeatSession, Set<SeatLine>>();
  readonly #turnaways: Turnaways;
  readonly #referenceData = loadReferenceData();
  readonly #stops: (() => void)[];
  #records: LiveRecords | undefined;
  #touched = new Set<StreamId>();
  #stopTelling: (() => void) | undefined;
  #isClosing = false;

  constructor(options: SeatGatewayOptions) {
    this.#options = options;
    const { recorder, sessions, timers, now, failed } = options;
    this.#turnaways = new Turnaways({ recorder, now, timers, failed });
    this.#stops = [
      recorder.onRecorded((events) => {
        const records = this.#records;
        if (!records) return;
        this.#try(() => {
          for (const stream of records.add(events)) this.#touched.add(stream);
        });
        this.#stopTelling ??= timers.after(TOLD_WITHIN_MS, () => this.#tell());
      }),
      timers.every(TICK_MS, () => {
        sessions.look();
        for (const line of this.#lines) line.tick();
      }),
      options.notices?.onChanged(() => {
        for (const line of this.#lines) line.tellSeat();
      }) ?? (() => {}),
      timers.every(FORGET_EVERY_MS, () => this.#try(() => this.#records?.forgetClosed())),
    ];
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const network = networkOf(request.socket.remoteAddress ?? '');
    const admitted = this.#admit(request, network);
    if ('reason' in admitted) {
      hangUp(socket, admitted.status);
      this.#turnaways
        .add({
          actor: admitted.who?.person.id ?? 'unknown',
          desk: NO_DESK,
          what: 'connect',
          subject: network,
          outcome: `refused ${admitted.reason}`,
        })
        .catch(this.#options.failed);
      return;
    }
    const { session, end } = admitted;
    this.#sockets.handleUpgrade(request, socket, head, (accepted) => {
      const { recorder, forceName, release, notices, now, timers, failed } = this.#options;
      const line = new SeatLine(
        accepted,
        { session, network },
        {
          recorder,
          records: () => this.#open(),
          forceName,
          release,
          notices,
          now,
          timers,
          turnaways: this.#turnaways,
          failed,
          signOut: end,
          closed: () => this.#gone(line),
        },
      );
      this.#lines.add(line);
      const of = this.#linesOf.get(session) ?? new Set();
      this.#linesOf.set(session, of.add(line));
    });
  }

  /** What this session has in front of it of an incident, for the paper that is made of it. */
  followed(session: SeatSession, incident: Parameters<SeatLine['followed']>[0]) {
    for (const line of this.#linesOf.get(session) ?? []) {
      const follow = line.followed(incident);
      if (follow) return follow;
    }
    return undefined;
  }

  /** Hangs up, and puts on record how far each view came. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const stop of this.#stops) stop();
    this.#stopTelling?.();
    for (const line of this.#lines) line.stop();
    this.#sockets.close();
    await this.#turnaways.close();
    this.#records?.[Symbol.dispose]();
    this.#records = undefined;
  }

  #admit(
    request: IncomingMessage,
    network: string,
  ):
    | { readonly session: SeatSession; readonly end: () => void }
    | { readonly status: string; readonly reason: string; readonly who?: SeatSession } {
    const { hosts, isTls, sessions } = this.#options;
    const { host = '', origin, 'sec-websocket-protocol': offered = '' } = request.headers;
    const [spoken, ticket = '', ...more] = offered.split(/,\s*/);
    const token = seatToken(request, isTls);
    // Spent whatever the rest says: a ticket that was shown at a wrong door has leaked.
    const session = sessions.spend(ticket, { token, network });
    if (this.#isClosing) return { status: '503 Service Unavailable', reason: 'closing' };
    if (!hosts().has(host.toLowerCase()))
      return { status: '421 Misdirected Request', reason: 'wrong-host' };
    if (origin !== `${isTls ? 'https' : 'http'}://${host.toLowerCase()}`)
      return { status: '403 Forbidden', reason: 'foreign-origin' };
    if (spoken !== subprotocol || more.length > 0)
      return { status: '400 Bad Request', reason: 'wrong-protocol' };
    if (typeof session === 'string') return { status: '401 Unauthorized', reason: session };
    const isFull =
      this.#lines.size >= LINES_MAX ||
      session.lines.size >= LINES_OF_SESSION_MAX ||
      sessions.linesOf(session.person) >= LINES_OF_ONE_MAX;
    if (isFull)
      return { status: '429 Too Many Requests', reason: 'too-many-windows', who: session };
    return { session, end: () => sessions.end(token, 'signed-out') };
  }

  #open(): LiveRecords {
    const { dataDir, recorder } = this.#options;
    const referenceData = this.#referenceData;
    return (this.#records ??= new LiveRecords({ dataDir, recorder, referenceData }));
  }

  #tell(): void {
    this.#stopTelling = undefined;
    const touched = this.#touched;
    this.#touched = new Set();
    for (const line of this.#lines) line.refresh(touched);
  }

  #gone(line: SeatLine): void {
    this.#lines.delete(line);
    if (this.#lines.size > 0) return;
    this.#records?.[Symbol.dispose]();
    this.#records = undefined;
  }

  /** Records that cannot be read are let go and read anew: what was wrong with them is told. */
  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.failed(error);
      for (const line of this.#lines) line.stop();
      this.#records?.[Symbol.dispose]();
      this.#records = undefined;
    }
  }
}
