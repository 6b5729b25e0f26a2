import { LeanSocket } from './lean-socket.ts';
import type { Paced } from './orders.ts';
import { Traffic, type TrafficReport } from './traffic.ts';

const AT_ONCE = 15;

/** Clients of `bare-ws.ts`: the same sockets and the same traffic, and nothing of ours between. */
export class BareLines {
  readonly #lines: LeanSocket[] = [];
  #traffic: Traffic | undefined;

  async join({ url, count }: { readonly url: string; readonly count: number }): Promise<void> {
    for (let at = 0; at < count; at += AT_ONCE)
      await Promise.all(
        Array.from({ length: Math.min(AT_ONCE, count - at) }, () => this.#connect(url)),
      );
  }

  paced({ rate, seconds, bytes, warmUpSeconds }: Paced): Promise<TrafficReport> {
    const pad = 'x'.repeat(bytes - 20);
    const traffic = new Traffic({
      readers: this.#lines.length,
      write: (n) => {
        this.#lines[n % this.#lines.length]?.send(`${String(n).padStart(20, '0')}${pad}`);
      },
    });
    this.#traffic = traffic;
    return traffic.paced(rate, seconds, warmUpSeconds);
  }

  #connect(url: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = new LeanSocket({
      url,
      subprotocol: 'bare',
      opened: resolve,
      heard: (payload) =>
        this.#traffic?.seen(Number(payload.toString('latin1', 0, 20)), performance.now()),
      closed: (why) => reject(new Error(why)),
    });
    this.#lines.push(socket);
    return promise;
  }
}
