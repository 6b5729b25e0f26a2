import type { WebSocket } from 'ws';
import type { EpochMs } from '#domain/ids.ts';
import { limits } from '#protocol/limits.ts';
import { wholeOf, type StoredEvent } from '#store/event-log.ts';
import { EVENTS_MAX, framesOf, type EventFrame } from './event-frames.ts';

export interface FeedOptions {
  /** The last event that the desk has. */
  readonly after: number;
  /** The last event that has gone out to live lines. */
  readonly flushed: () => number;
  readonly readAfter: (seq: number, most: number) => readonly StoredEvent[];
  readonly now: () => EpochMs;
  /** Runs what may fail so that it ends this line and nothing else. */
  readonly guard: (work: () => void) => void;
}

/**
 * The events of the log on their way to one desk, in order, none left out.
 *
 *     live         each frame is sent as it is made
 *     catching up  read from the log, as fast as the socket takes it; live again at the head
 *     lagging      more waits in the socket than it may: nothing until that has drained
 */
export class EventFeed {
  readonly #socket: WebSocket;
  readonly #options: FeedOptions;
  #sent: number;
  #isLive = false;
  #isCatchingUp = false;
  #isStopped = false;
  #lagSince: EpochMs | undefined;

  constructor(socket: WebSocket, options: FeedOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#sent = options.after;
  }

  /** Live events, in frames that every line shares. */
  offer(frames: readonly EventFrame[]): void {
    if (!this.#isLive) return this.#catchUp();
    for (const { firstSeq, lastSeq, bytes } of frames) {
      if (lastSeq <= this.#sent) continue;
      if (firstSeq !== this.#sent + 1 || this.#isLagging()) {
        this.#isLive = false; // from here it is read from the log
        return this.#catchUp();
      }
      this.#send(bytes, lastSeq);
    }
  }

  /** Goes on where it stopped, if it did. */
  resume(): void {
    if (!this.#isLive) this.#catchUp();
  }

  /** Sends nothing more. */
  stop(): void {
    this.#isStopped = true;
    this.#isLive = false;
  }

  /** Has been lagging for longer than a line may: cut off, it takes up again by its cursor and loses nothing. */
  isStuck(): boolean {
    return (
      this.#isLagging() &&
      this.#options.now() - (this.#lagSince ?? this.#options.now()) > limits.lagMs
    );
  }

  #isLagging(): boolean {
    if (this.#socket.bufferedAmount <= limits.lagBytes) this.#lagSince = undefined;
    else this.#lagSince ??= this.#options.now();
    return this.#lagSince !== undefined;
  }

  /** Sends what is missing from the log; other work goes in between. */
  #catchUp(): void {
    if (this.#isStopped || this.#isCatchingUp || this.#socket.readyState !== this.#socket.OPEN)
      return;
    if (this.#isLagging()) return; // goes on when the socket has drained
    const { flushed, readAfter, guard } = this.#options;
    const upTo = flushed();
    if (this.#sent >= upTo) {
      this.#isLive = true;
      return;
    }
    const most = Math.min(EVENTS_MAX, upTo - this.#sent);
    const read = readAfter(this.#sent, most + 1); // one more tells whether the last command is whole
    for (const { bytes, lastSeq } of framesOf(read.slice(0, wholeOf(read, most) || most))) {
      if (this.#isLagging()) break;
      this.#send(bytes, lastSeq);
    }
    this.#isCatchingUp = true;
    setImmediate(() => {
      this.#isCatchingUp = false;
      guard(() => this.#catchUp());
    });
  }

  #send(bytes: Buffer, lastSeq: number): void {
    this.#sent = lastSeq;
    this.#socket.send(bytes, { binary: false }, () => {
      if (!this.#isLive) this.#options.guard(() => this.#catchUp());
    });
  }
}
