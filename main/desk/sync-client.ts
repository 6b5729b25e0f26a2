import { WebSocket } from 'ws';
import type { CommandId, EpochMs } from '#domain/ids.ts';
import type { Administered } from '#protocol/administer.ts';
import { deskDown, type DeskDown } from '#protocol/down.ts';
import { limits } from '#protocol/limits.ts';
import type { Notice } from '#protocol/server-notices.ts';
import { subprotocol, version } from '#protocol/version.ts';
import type { DeskUp } from '#protocol/up.ts';
import type { Desk } from './desk.ts';
import { SyncSession, type Link } from './sync-session.ts';

export interface SyncClientOptions {
  readonly desk: Desk;
  /** The servers to try, in order; `ws:` or `wss:` with the path `/sync`. */
  readonly urls: readonly string[];
  readonly sign: (text: string) => string;
  readonly commandId: () => CommandId;
  readonly now: () => EpochMs;
  readonly random: () => number;
  /** Told whenever the link's state, or what is known of the server's head, may have changed. */
  readonly changed: () => void;
  /** The server has taken these grants back. */
  readonly withdrawn: (grants: readonly string[]) => void;
  /** The answer to what an administrator asked at this desk. */
  readonly administered: (answer: Administered) => void;
  /** A line has ended; what was sent on it and is not answered never will be. */
  readonly lost: () => void;
  /** What the server tells of its machine; nothing of it holds once the line is gone. */
  readonly noticed: (notices: readonly Notice[]) => void;
}

const TICK_MS = 250;
const BACKOFF_MIN_MS = 100;
const BACKOFF_MAX_MS = 5_000;
const CONNECT_WITHIN_MS = 5_000; // as long as a line may be silent: 2 s there and 2 s back must do
const RESTORING = 4010; // the close code of a server that was restored and gathers what the desks have
const CUT_SHORT = 4011; // the close code of a server whose log lacks what this desk has on record
const OTHER_RELEASE = 4406; // the close code of a server that speaks another version of the protocol
const NOT_ENROLLED = 4401; // the close code of a server that knows no such key, or no longer

/** Keeps a desk joined to its server for as long as it lives: connects, and connects again. */
export class SyncClient {
  readonly #options: SyncClientOptions;
  readonly #tries = new Map<CommandId, number>();
  readonly #ticker: NodeJS.Timeout;
  #socket: WebSocket | undefined;
  #session: SyncSession | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #isClosed = false;
  #why = 'not connected yet';
  #lastLiveAt = 0 as EpochMs;
  #offsetMs = 0;
  #release: string | undefined;

  constructor(options: SyncClientOptions) {
    this.#options = options;
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    this.#connect();
  }

  get link(): Link {
    return this.#session?.link ?? { state: 'closed', why: this.#why };
  }

  /** When what is here was last as the server has it; 0 where it never was in this process. */
  get heardAt(): EpochMs {
    const { link } = this;
    return link.state === 'live' && link.isCurrent ? link.heardAt : this.#lastLiveAt;
  }

  /** Which release the server is that was joined last. */
  get release(): string | undefined {
    return this.#release;
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Something new is in the outbox. */
  pump(): void {
    this.#session?.pump();
  }

  /** Sends a frame of the desk's own, where there is a line; says whether there was. */
  send(frame: DeskUp): boolean {
    if (this.link.state !== 'live' || !this.#socket) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#ticker);
    clearTimeout(this.#retry);
    this.#socket?.terminate();
  }

  #connect(): void {
    const { urls, desk, sign, commandId, now } = this.#options;
    const url = urls[this.#failures % urls.length];
    if (this.#isClosed || url === undefined) return;
    const socket = new WebSocket(url, subprotocol, {
      perMessageDeflate: false,
      handshakeTimeout: CONNECT_WITHIN_MS,
      maxPayload: limits.cutBytes,
    });
    this.#socket = socket;
    const end = (why: string) => {
      this.#why = why;
      socket.terminate();
    };
    let session: SyncSession | undefined;
    // Its time begins when the line is there: one that took seconds to make has the rest of them too.
    socket.on('open', () => {
      session = this.#session = new SyncSession(
        desk,
        {
          now,
          elapsedMs: () => performance.now(),
          sign,
          commandId,
          send: (frame) =>
            socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(frame)),
          close: end,
          withdrawn: this.#options.withdrawn,
          administered: this.#options.administered,
          noticed: this.#options.noticed,
        },
        this.#tries,
      );
    });
    // What came while the disk was busy with the last frame is taken together: a commit for all of it.
    let waiting: DeskDown[] = [];
    const hear = () => {
      const frames = waiting;
      waiting = [];
      if (this.#isClosed || !session || frames.length === 0) return; // nothing comes before `open`
      try {
        for (const [at, frame] of frames.entries())
          session.hear(frame, frames[at + 1]?.frame === 'events');
      } catch (error) {
        // A full disk, above all. The desk goes on showing what it has, and says why it is not of now.
        const reason = error instanceof Error ? error.message : String(error);
        session.fail(`this desk could not store what the server sent: ${reason}`);
      }
      if (session.link.state === 'live') {
        if (session.link.isCurrent) {
          this.#failures = 0; // one that is welcomed and fails each time is not tried without a pause
          this.#lastLiveAt = session.link.heardAt;
        }
        this.#offsetMs = session.offsetMs;
        this.#release = session.release;
      }
      this.#options.changed();
    };
    socket.on('message', (data) => {
      // The binary type of `ws` is a Buffer unless it is told otherwise.
      const frame = read((data as Buffer).toString('utf8'));
      if (!frame) return end('the server sent what this release cannot read');
      waiting.push(frame);
      if (waiting.length === 1) setImmediate(hear);
    });
    socket.on('error', (error) => {
      this.#why = error.message;
    });
    socket.on('close', (code, reason) => {
      hear();
      if (this.#socket !== socket) return;
      const link = session?.link;
      if (link?.state === 'closed') this.#why = link.why;
      else if (code === NOT_ENROLLED)
        this.#why =
          'the server does not let this desk in: its key was taken back, or is another one';
      else if (code === OTHER_RELEASE)
        this.#why =
          `the server is of another release: ${inWords(reason)}, and this desk ${version}. This desk works on ` +
          'alone and keeps everything; tell the people who run it to bring both to the same release';
      else if (code === RESTORING)
        this.#why =
          'the server was restored from a back-up and takes what the desks have on record; it is here soon';
      else if (code === CUT_SHORT)
        this.#why =
          'the log of the server has lost what this desk has on record: this desk keeps it, works on alone, and ' +
          'does not join; tell the people who run the server';
      else if (link?.state === 'live') this.#why = 'the connection to the server was lost';
      this.#socket = undefined;
      this.#session = undefined;
      this.#failures += 1;
      // First that and since when there is no server: what follows shows the seat too.
      this.#options.changed();
      this.#options.lost();
      this.#options.noticed([]);
      if (this.#isClosed) return;
      const most = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** this.#failures);
      this.#retry = setTimeout(
        () => this.#connect(),
        BACKOFF_MIN_MS + this.#options.random() * most,
      );
    });
  }

  #tick(): void {
    this.#session?.tick();
  }
}

const REASON_MAX = 60; // it names a version

/** Why a server has hung up, as it says; nothing but words of ours is shown to people. */
const inWords = (reason: Buffer) => {
  const [, theirs] =
    /^this server speaks protocol (\d{1,6})$/.exec(reason.toString('utf8').slice(0, REASON_MAX)) ??
    [];
  return theirs === undefined ? 'it speaks another protocol' : `it speaks protocol ${theirs}`;
};

function read(text: string) {
  try {
    const parsed = deskDown.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined; // the caller ends the connection and says why
  }
}
