import { once } from 'node:events';
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider';
import { createMergeableStore } from 'tinybase';
import { createWsSynchronizer } from 'tinybase/synchronizers/synchronizer-ws-client';
import { WebSocket } from 'ws';
import { Doc } from 'yjs';
import type { JoinPeers, Paced, Saturated } from './orders.ts';
import { Traffic, type TrafficReport } from './traffic.ts';

const AT_ONCE = 10;
const ROOM = 'room';

/** One client of a peer: what it writes, it is not told of itself. */
interface PeerClient {
  readonly write: (n: number, text: string) => void;
}

type Connect = (url: string, seen: (n: number) => void) => Promise<PeerClient>;

/** A shared document with a list, and a line added to its end for each write. */
const hocuspocus: Connect = async (url, seen) => {
  const document = new Doc();
  const websocketProvider = new HocuspocusProviderWebsocket({ url, WebSocketPolyfill: WebSocket });
  const synced = Promise.withResolvers<void>();
  const provider = new HocuspocusProvider({
    websocketProvider,
    name: ROOM,
    document,
    onSynced: () => synced.resolve(),
  });
  provider.attach();
  const log = document.getArray<{ n: number; text: string }>('log');
  log.observe(({ changes }, transaction) => {
    if (transaction.local) return;
    for (const { insert } of changes.delta)
      for (const { n } of (insert ?? []) as { n: number }[]) seen(n); // as `write` puts them
  });
  await synced.promise;
  return { write: (n, text) => log.push([{ n, text }]) };
};

/** A table, and a row in it for each write. */
const tinybase: Connect = async (url, seen) => {
  const store = createMergeableStore();
  const socket = new WebSocket(`${url}/${ROOM}`, { perMessageDeflate: false });
  await once(socket, 'open');
  const synchronizer = await createWsSynchronizer(store, socket, 10);
  await synchronizer.startSync();
  const own = new Set<number>();
  store.addRowListener('log', null, (_store, _table, row) => {
    const n = Number(row);
    if (!own.delete(n)) seen(n);
  });
  return {
    write: (n, text) => {
      own.add(n);
      store.setRow('log', String(n), { text });
    },
  };
};

const kinds = {
  hocuspocus: { connect: hocuspocus, writers: 10 }, // as many as write at our own desks
  // It drops what comes while a client is sending: with ten that write, entries never arrived.
  tinybase: { connect: tinybase, writers: 1 },
};

/** The clients of one peer, each with the whole of what is shared, as its own library keeps it. */
export class PeerLines {
  readonly #clients: PeerClient[] = [];
  #traffic: Traffic | undefined;
  /** Numbers go on from one traffic to the next: what is shared keeps them all. */
  #base = 0;
  #written = 0;
  #writers = 1;

  async join({ kind, url, count }: JoinPeers): Promise<void> {
    const seen = (n: number) => this.#traffic?.seen(n - this.#base, performance.now());
    this.#writers = Math.min(count, kinds[kind].writers);
    for (let at = 0; at < count; at += AT_ONCE)
      this.#clients.push(
        ...(await Promise.all(
          Array.from({ length: Math.min(AT_ONCE, count - at) }, () =>
            kinds[kind].connect(url, seen),
          ),
        )),
      );
  }

  paced({ rate, seconds, bytes, warmUpSeconds }: Paced): Promise<TrafficReport> {
    return this.#writing(bytes).paced(rate, seconds, warmUpSeconds);
  }

  saturated({ inFlight, seconds, bytes }: Saturated): Promise<TrafficReport> {
    return this.#writing(bytes).saturated(inFlight, seconds);
  }

  #writing(bytes: number): Traffic {
    const text = 'x'.repeat(bytes);
    this.#base = this.#written;
    this.#traffic = new Traffic({
      readers: this.#clients.length - 1,
      write: (n) => {
        this.#written += 1;
        this.#clients[n % this.#writers]?.write(this.#base + n, text);
      },
    });
    return this.#traffic;
  }
}
