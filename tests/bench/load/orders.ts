import type { Cursor, LoadDesk } from './load-line.ts';
import type { TrafficReport } from './traffic.ts';

export interface Paced {
  /** Writes a second, by all writers together. */
  readonly rate: number;
  readonly seconds: number;
  /** What one event weighs on the wire. */
  readonly bytes: number;
  readonly warmUpSeconds?: number;
}

export interface Saturated {
  readonly inFlight: number;
  readonly seconds: number;
  readonly bytes: number;
}

export interface Lives {
  /** Contacts a second, each opened, described, logged and finished: eight events. */
  readonly rate: number;
  readonly seconds: number;
}

export type Measured = TrafficReport & {
  /** What the load process itself used of a core. */
  readonly clientCores: number;
};

export interface JoinDesks {
  readonly url: string;
  readonly desks: readonly LoadDesk[];
  /** What the desks have already; nothing where it is left out. */
  readonly from?: Cursor;
  /** Each line parses and checks every frame by itself, as a desk does. */
  readonly isParsing?: boolean;
}

export type Peer = 'hocuspocus' | 'tinybase';

export interface JoinPeers {
  readonly kind: Peer;
  readonly url: string;
  readonly count: number;
}

/** A line that ended and was not told to. */
export interface Lost {
  readonly desk: string;
  readonly why: string;
  /** How far it had come. */
  readonly at: Cursor;
}

/** What a load process can be told to do. */
export interface Orders {
  /** Resolves once every desk has been welcomed and has what the server had. */
  readonly joinDesks: (order: JoinDesks) => Promise<{ readonly ms: number }>;
  readonly pacedDesks: (order: Paced) => Promise<Measured>;
  readonly saturatedDesks: (order: Saturated) => Promise<Measured>;
  /** Resolves with how many contacts have come and gone. */
  readonly livesOfContacts: (order: Lives) => Promise<{ readonly contacts: number }>;
  /** Lets one desk's line stand unread, or read on. */
  readonly pauseDesk: (order: { desk: string; isPaused: boolean }) => Promise<void>;
  /** How far each line is, and which ones were lost. */
  readonly desksNow: () => Promise<{ readonly least: Cursor; readonly lost: readonly Lost[] }>;
  readonly leave: () => Promise<void>;
  readonly joinBare: (order: { readonly url: string; readonly count: number }) => Promise<void>;
  readonly pacedBare: (order: Paced) => Promise<Measured>;
  readonly joinPeers: (order: JoinPeers) => Promise<void>;
  readonly pacedPeers: (order: Paced) => Promise<Measured>;
  readonly saturatedPeers: (order: Saturated) => Promise<Measured>;
}

export interface Order {
  readonly id: number;
  readonly name: keyof Orders;
  readonly argument: unknown;
}

export type Done =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failed: string };
