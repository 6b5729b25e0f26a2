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

const LATE_MS = 2_000;
const THROTTLED_BYTES = 512;
const THROTTLED_EVERY_MS = 50; // 10 KB/s: a desk's own commands and heartbeats pass, a backlog does not

interface Pair {
  readonly desk: Socket;
  readonly server: Socket;
  /** It has answered the desk's wish to speak in frames; other connections carry one question each. */
  hasFrames: boolean;
  /** Bytes were lost in it: it carries nothing any more, and nobody is told. */
  isDead: boolean;
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
  #cuts = 0;

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

  /** How many frames were cut in their middle. */
  get cuts(): number {
    return this.#cuts;
  }

  break(fault: LineFault): void {
    this.#fault = fault;
    if (fault !== 'dropped') return;
    for (const pair of this.#pairs) this.#end(pair);
  }

  heal(): void {
    this.#fault = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const pair of this.#pairs) this.#end(pair);
    if (this.#listener.listening) await once(this.#listener, 'close');
  }

  #join(desk: Socket): void {
    if (this.#fault === 'dropped') return void desk.destroy();
    const server = connect(Number(this.#target.port), this.#target.hostname);
    const pair: Pair = { desk, server, hasFrames: false, isDead: false };
    this.#pairs.add(pair);
    for (const socket of [desk, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => {}); // followed by `close`
      // Whoever is at the other end of a dead line does not hear of it.
      socket.on('close', () => !pair.isDead && this.#end(pair));
    }
    this.#carry(pair, 'up');
    this.#carry(pair, 'down');
  }

  /** Carries one direction in order, each piece after what the one before it had to wait. */
  #carry(pair: Pair, way: 'up' | 'down'): void {
    const [from, to] = way === 'up' ? [pair.desk, pair.server] : [pair.server, pair.desk];
    let before = Promise.resolve();
    const carry = async (bytes: Buffer, after: Promise<void>) => {
      const late = this.#fault === 'late' ? wait(LATE_MS) : undefined;
      await after;
      await late;
      await this.#pass(pair, way, to, bytes);
    };
    from.on('data', (data: Buffer) => {
      before = carry(way === 'up' ? this.#addressed(data) : data, before);
    });
  }

  async #pass(pair: Pair, way: 'up' | 'down', to: Socket, bytes: Buffer): Promise<void> {
    if (pair.isDead) return;
    const { hasFrames } = pair;
    if (way === 'down') pair.hasFrames ||= bytes.toString('latin1').startsWith('HTTP/1.1 101 ');
    switch (this.#fault) {
      case 'half-open':
        pair.isDead = true;
        return;
      case 'up-lost':
      case 'down-lost':
        // The other direction goes on: only what was lost can never be made good.
        if (this.#fault !== `${way}-lost`) break;
        this.#lose(pair, way);
        return;
      case 'cut':
        if (way === 'up' || !hasFrames || bytes.length < 2) break;
        this.#fault = undefined;
        this.#cuts += 1;
        to.write(bytes.subarray(0, bytes.length / 2), () => this.#end(pair));
        pair.server.destroy();
        return;
      case 'throttled':
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

  /** From now on nothing of one direction arrives, whatever becomes of the line. */
  #lose({ desk, server }: Pair, way: 'up' | 'down'): void {
    const from = way === 'up' ? desk : server;
    from.removeAllListeners('data');
    from.on('data', () => {}); // taken, and gone
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
