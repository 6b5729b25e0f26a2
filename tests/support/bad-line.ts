import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** What a line does to the bytes that are given to it. */
export const faults = [
  /** Every connection ends, and none is taken. */
  'dropped',
  /** Nobody hears that it is dead: bytes are taken and go nowhere, in both directions. */
  'half-open',
  /** Only what the desk says is lost. */
  'up-lost',
  /** Only what the server says is lost. */
  'down-lost',
  /** Everything comes two seconds late. */
  'late',
  /** The next frame of the server ends in its middle, and the connection with it; then all is well. */
  'cut',
  /** A few kilobytes a second. */
  'throttled',
] as const;
export type LineFault = (typeof faults)[number];

/** The moment from which a fault was in force for bytes, not only announced. */
export interface Bite {
  /** By the clock of this machine, which its desks read too. */
  readonly at: number;
  /** It fell upon a connection that carried frames, and not upon one that was being made. */
  readonly isOfFrames: boolean;
}

const LATE_MS = 2_000;
const THROTTLED_BYTES = 512;
const THROTTLED_EVERY_MS = 50; // 10 KB/s: a desk's own commands and heartbeats pass, a backlog does not

type Way = 'up' | 'down';

interface Pair {
  readonly desk: Socket;
  readonly server: Socket;
  /** It has answered the desk's wish to speak in frames; other connections carry one question each. */
  hasFrames: boolean;
  /** Where bytes were lost nothing comes any more: no later byte, and no word that the other end has gone. */
  readonly lost: Record<Way, boolean>;
}

/**
 * The network between a desk and its server, byte by byte: what a switch, a Wi-Fi or a firewall does to
 * it, and not what a program would. A connection that has lost bytes never comes to life again; those
 * made after `heal` are sound.
 */
export class BadLine implements AsyncDisposable {
  /** What the desk takes for its server. */
  readonly url: string;
  readonly #listener: Server;
  readonly #target: URL;
  readonly #pairs = new Set<Pair>();
  #fault: LineFault | undefined;
  #bite = Promise.withResolvers<Bite>();

  private constructor(listener: Server, target: URL) {
    this.#listener = listener;
    this.#target = target;
    this.url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`; // it listens on TCP
    listener.on('connection', (desk) => this.#join(desk));
  }

  static async to(server: string): Promise<BadLine> {
    const listener = createServer();
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new BadLine(listener, new URL(server));
  }

  /** From now on, until `heal`; a `cut` is over once it has fallen. */
  break(fault: LineFault): void {
    this.#fault = fault;
    this.#bite = Promise.withResolvers();
    if (fault !== 'dropped' || this.#pairs.size === 0) return;
    this.#hasBitten([...this.#pairs].some(({ hasFrames }) => hasFrames));
    for (const pair of this.#pairs) this.#end(pair);
  }

  heal(): void {
    this.#fault = undefined;
  }

  /** Resolves once the fault of the last `break` has met with bytes, or with a connection that it ends. */
  get bitten(): Promise<Bite> {
    return this.#bite.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const pair of this.#pairs) this.#end(pair);
    if (this.#listener.listening) await once(this.#listener, 'close');
  }

  #join(desk: Socket): void {
    if (this.#fault === 'dropped') {
      this.#hasBitten(false);
      return void desk.destroy();
    }
    const server = connect(Number(this.#target.port), this.#target.hostname);
    const pair: Pair = { desk, server, hasFrames: false, lost: { up: false, down: false } };
    this.#pairs.add(pair);
    for (const way of ['up', 'down'] as const) {
      const from = way === 'up' ? desk : server;
      from.setNoDelay(true);
      from.on('error', () => {}); // followed by `close`
      // Whoever hears nothing of the other end does not hear that it has gone either.
      from.on('close', () => {
        const isForgotten = desk.destroyed && server.destroyed;
        if (!pair.lost[way] || isForgotten) this.#end(pair);
      });
      this.#carry(pair, way);
    }
  }

  /** Carries one direction in order, each piece after what the one before it had to wait. */
  #carry(pair: Pair, way: Way): void {
    let before = Promise.resolve();
    const carry = async (bytes: Buffer, after: Promise<void>) => {
      const isLate = this.#fault === 'late';
      if (isLate) this.#hasBitten(pair.hasFrames);
      const late = isLate ? wait(LATE_MS) : undefined;
      await after;
      await late;
      await this.#pass(pair, way, bytes);
    };
    (way === 'up' ? pair.desk : pair.server).on('data', (data: Buffer) => {
      before = carry(way === 'up' ? this.#addressed(data) : data, before);
    });
  }

  async #pass(pair: Pair, way: Way, bytes: Buffer): Promise<void> {
    // What comes late to a connection that has ended meanwhile is nobody's, and no fault falls upon it:
    // a cut that did would be spent, and the line that lives would stand whole.
    if (!this.#pairs.has(pair) || pair.lost[way]) return;
    const to = way === 'up' ? pair.server : pair.desk;
    const { hasFrames } = pair;
    if (way === 'down') pair.hasFrames ||= bytes.toString('latin1').startsWith('HTTP/1.1 101 ');
    switch (this.#fault) {
      case 'half-open':
        pair.lost.up = pair.lost.down = true;
        return this.#hasBitten(hasFrames);
      case 'up-lost':
      case 'down-lost':
        if (this.#fault !== `${way}-lost`) break; // the other direction goes on
        pair.lost[way] = true;
        return this.#hasBitten(hasFrames);
      case 'cut':
        if (way === 'up' || !hasFrames || bytes.length < 2) break;
        this.#fault = undefined;
        pair.lost.down = true; // nothing follows that half
        this.#hasBitten(true);
        to.write(bytes.subarray(0, bytes.length / 2), () => this.#end(pair));
        return;
      case 'throttled':
        this.#hasBitten(hasFrames);
        for (let at = 0; at < bytes.length;) {
          const end = this.#fault === 'throttled' ? at + THROTTLED_BYTES : bytes.length;
          to.write(bytes.subarray(at, end));
          at = end;
          await wait(THROTTLED_EVERY_MS);
        }
        return;
      default:
    }
    to.write(bytes);
  }

  #hasBitten(isOfFrames: boolean): void {
    this.#bite.resolve({ at: Date.now(), isOfFrames }); // the first time counts
  }

  /** The server knows itself by its own address only, so the name that the desk knows is put right. */
  #addressed(data: Buffer): Buffer {
    const text = data.toString('latin1');
    if (!/^(GET|POST) /.test(text)) return data;
    return Buffer.from(text.replace(/^(host: ?)\S+/im, `$1${this.#target.host}`), 'latin1');
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.desk.destroy();
    pair.server.destroy();
  }
}
