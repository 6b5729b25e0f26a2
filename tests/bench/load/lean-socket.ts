import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

const TEXT = 0x1;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;
const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'; // RFC 6455, 1.3

/** Bytes are looked at as they come and kept only where a frame goes on: every socket reads into this one. */
const shared = Buffer.allocUnsafe(256 * 1024);

export interface LeanSocketOptions {
  readonly url: string;
  readonly subprotocol: string;
  readonly opened?: () => void;
  /** A whole text message; its bytes are good only until this returns. */
  readonly heard: (payload: Buffer) => void;
  readonly closed: (why: string) => void;
}

/**
 * The client's end of a WebSocket with next to nothing around it, so that hundreds of them in one
 * process leave the machine to the server that is measured. It takes what `ws` sends: whole text
 * frames, not masked and not compressed. What it sends is masked with zeros, which any server takes.
 */
export class LeanSocket {
  readonly #socket: Socket;
  readonly #options: LeanSocketOptions;
  readonly #accept: string;
  #isOpen = false;
  #rest: Buffer = Buffer.alloc(0);
  #why = 'the server hung up';

  constructor(options: LeanSocketOptions) {
    this.#options = options;
    const { hostname, port, pathname, host } = new URL(options.url);
    const key = randomBytes(16).toString('base64');
    this.#accept = createHash('sha1').update(`${key}${MAGIC}`).digest('base64');
    const socket = connect({
      host: hostname,
      port: Number(port),
      onread: {
        buffer: shared,
        callback: (count, buffer) => {
          this.#take(Buffer.from(buffer.buffer, buffer.byteOffset, count));
          return true;
        },
      },
    });
    socket.setNoDelay(true);
    socket.on('connect', () => {
      socket.write(
        [
          `GET ${pathname} HTTP/1.1`,
          `Host: ${host}`,
          'Connection: Upgrade',
          'Upgrade: websocket',
          'Sec-WebSocket-Version: 13',
          `Sec-WebSocket-Key: ${key}`,
          `Sec-WebSocket-Protocol: ${options.subprotocol}`,
          '\r\n',
        ].join('\r\n'),
      );
    });
    socket.on('error', (error) => {
      this.#why = error.message;
    });
    socket.on('close', () => options.closed(this.#why));
    this.#socket = socket;
  }

  /** Throws before the server has opened the line: what went ahead of the request would spoil it. */
  send(text: string): void {
    if (!this.#isOpen) throw new Error('sent before the line was open');
    const length = Buffer.byteLength(text);
    const at = length < 126 ? 6 : length < 65_536 ? 8 : 14;
    const frame = Buffer.alloc(at + length);
    frame[0] = 0x80 | TEXT;
    if (at === 6) frame[1] = 0x80 | length;
    else if (at === 8) {
      frame[1] = 0x80 | 126;
      frame.writeUInt16BE(length, 2);
    } else {
      frame[1] = 0x80 | 127;
      frame.writeBigUInt64BE(BigInt(length), 2);
    }
    frame.write(text, at);
    this.#socket.write(frame);
  }

  /** Reads nothing more until `resume`: what comes stays in the kernel, and then with the server. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.destroy();
  }

  #take(fresh: Buffer): void {
    let bytes = this.#rest.length === 0 ? fresh : Buffer.concat([this.#rest, fresh]);
    if (!this.#isOpen) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end >= 0) {
        const head = bytes.toString('latin1', 0, end);
        if (!head.startsWith('HTTP/1.1 101') || !head.includes(this.#accept)) {
          this.#why = head.split('\r\n')[0] ?? '';
          this.#socket.destroy();
          return;
        }
        this.#isOpen = true;
        this.#options.opened?.();
        bytes = bytes.subarray(end + 4);
      }
    }
    if (this.#isOpen) bytes = bytes.subarray(this.#takeFrames(bytes));
    this.#rest = bytes.length === 0 ? bytes : Buffer.from(bytes); // a copy: the buffer is shared
  }

  /** Hands over every whole frame; says how many bytes that were. */
  #takeFrames(bytes: Buffer): number {
    let at = 0;
    while (bytes.length - at >= 2) {
      const first = bytes[at] ?? 0;
      let length = bytes[at + 1] ?? 0;
      let start = at + 2;
      if (length === 126) {
        start += 2;
        if (bytes.length < start) return at;
        length = bytes.readUInt16BE(start - 2);
      } else if (length === 127) {
        start += 8;
        if (bytes.length < start) return at;
        length = Number(bytes.readBigUInt64BE(start - 8));
      }
      if (bytes.length < start + length) return at;
      const payload = bytes.subarray(start, start + length);
      at = start + length;
      switch (first & 0x0f) {
        case TEXT:
          this.#options.heard(payload);
          break;
        case PING:
          this.#pong(payload);
          break;
        case CLOSE:
          this.#why = `closed ${length >= 2 ? payload.readUInt16BE(0) : ''} ${payload.toString('utf8', 2)}`;
          this.#socket.end();
          break;
        default:
          this.#why = `a frame of kind ${first.toString(16)}, which no server of these sends`;
          this.#socket.destroy();
      }
    }
    return at;
  }

  #pong(payload: Buffer): void {
    const head = Buffer.from([0x80 | PONG, 0x80 | payload.length, 0, 0, 0, 0]);
    this.#socket.write(Buffer.concat([head, payload]));
  }
}
