import { limits } from '#protocol/limits.ts';
import type { Channel } from './shell.ts';

/** One end of a port between two processes, as Electron's `MessagePortMain` has it. */
export interface PortEnd {
  postMessage(message: string): void;
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  start(): void;
  close(): void;
}

export interface PortChannelOptions {
  /** Runs `work` after `ms` unless the signal is aborted first. */
  readonly after: (ms: number, work: () => void, signal: AbortSignal) => void;
  /** A listener threw. The line goes on. */
  readonly failed: (error: Error) => void;
  /** The window sent what is no frame, and its line is closed. */
  readonly refused: (reason: 'not-text' | 'broken-frame') => void;
}

/**
 * A window's line over a port. A port does not tell what waits in it, so the window answers each frame
 * with a number: how many characters it has taken. Its limits are those of a socket: it is told to wait
 * first and cut off at last, and the shell then hands the window another port.
 */
export class PortChannel implements Channel {
  readonly #port: PortEnd;
  readonly #options: PortChannelOptions;
  readonly #drained: (() => void)[] = [];
  readonly #closed: (() => void)[] = [];
  #bufferedBytes = 0;
  #lagging: AbortController | undefined;
  #isClosed = false;
  #hear: ((frame: string) => void) | undefined;

  constructor(port: PortEnd, options: PortChannelOptions) {
    this.#port = port;
    this.#options = options;
    port.on('message', ({ data }) => this.#take(data));
    port.on('close', () => this.#ended());
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  get isLagging(): boolean {
    return this.#lagging !== undefined;
  }

  send(frame: string): void {
    if (this.#isClosed) return;
    if (this.#bufferedBytes > limits.cutBytes) return this.close();
    this.#bufferedBytes += frame.length;
    // A port has one other end; the rule is about windows.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    this.#port.postMessage(frame);
    if (this.#bufferedBytes <= limits.lagBytes || this.#lagging) return;
    this.#lagging = new AbortController();
    this.#options.after(limits.lagMs, () => this.close(), this.#lagging.signal);
  }

  onDrained(listener: () => void): void {
    this.#drained.push(listener);
  }

  /** There is one listener; frames wait in the port until it is there. */
  onFrame(listener: (frame: string) => void): void {
    this.#hear = listener;
    this.#port.start();
  }

  onClosed(listener: () => void): void {
    this.#closed.push(listener);
  }

  close(): void {
    this.#port.close();
    this.#ended(); // the end that closes a port hears nothing of it
  }

  #take(data: unknown): void {
    if (this.#isClosed) return;
    if (typeof data === 'number' && Number.isSafeInteger(data) && data >= 0)
      return this.#taken(data);
    const reason =
      typeof data !== 'string'
        ? 'not-text'
        : data.length > limits.frameMaxBytes
          ? 'broken-frame'
          : undefined;
    if (typeof data !== 'string' || reason !== undefined) {
      this.#options.refused(reason ?? 'not-text');
      return this.close();
    }
    this.#guard('taking a frame', () => this.#hear?.(data));
  }

  #taken(characters: number): void {
    this.#bufferedBytes = Math.max(0, this.#bufferedBytes - characters);
    // Half, so that a line on the edge is not stopped and started for each frame.
    if (!this.#lagging || this.#bufferedBytes > limits.lagBytes / 2) return;
    this.#lagging.abort();
    this.#lagging = undefined;
    for (const listener of this.#drained) this.#guard('filling a line again', listener);
  }

  #ended(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#lagging?.abort();
    for (const listener of this.#closed) this.#guard('closing a line', listener);
  }

  /** One bad frame costs itself: neither the line nor the desk ends with it. */
  #guard(what: string, work: () => void): void {
    try {
      work();
    } catch (cause) {
      this.#options.failed(new Error(what, { cause }));
    }
  }
}
