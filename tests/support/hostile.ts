import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import type { WebSocket } from 'ws';
import type { random } from '#domain/lib/random.ts';
import { limits } from '#protocol/limits.ts';
import { subprotocol } from '#protocol/version.ts';
import type { Running } from '#server/gateway/running.suite.ts';
import { verifyServer } from './verify-server.ts';

/** HOLDFAST_SEED=17 runs that one again, as it was; without it every run has a seed of its own, and says it. */
export function hostileSeed(title: string): number {
  const given = process.env['HOLDFAST_SEED'];
  const seed = given === undefined ? Date.now() % 1_000_000_000 : Number(given);
  process.stderr.write(`${title}: HOLDFAST_SEED=${seed}\n`);
  return seed;
}

export type Random = ReturnType<typeof random>;

/** What is sent: text, or bytes that are said to be text or not; and what was done to it, for the report. */
export interface Sent {
  readonly what: string;
  readonly data: string | Buffer;
  readonly isBinary?: boolean;
  /** Into how many pieces of one message it is cut. */
  readonly pieces?: number;
}

const WRONG: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e308,
  2 ** 53,
  'NaN',
  'Infinity',
  '-0',
  '',
  '0x10',
  [],
  {},
  [[]],
  { length: 1 },
  '[object Object]',
];
const TEXTS = {
  'a lone surrogate': '\ud800',
  'the other half': 'x\udfff',
  'a NUL': 'a\0b',
  'control characters': '\u0001\u001b[2J\u007f',
  'a byte order mark': '\ufeffx',
  'letters that turn round': '\u202egnp.exe',
  'line separators': 'a\u2028b\u2029c',
  'a path': '../../etc/passwd',
  'a quote': "'; DROP TABLE event; --",
  markup: '<img src=x onerror=alert(1)>',
} as const;
const KEYS = ['x', 'constructor', 'toString', 'hasOwnProperty', '', 'frame ', 'FRAME'];
const LENGTHS = [32, 33, 64, 65, 128, 129, 200, 201, 2_001, 4_000, 4_001, 8_000, 8_001, 60_000];

type Path = readonly (string | number)[];

/** Every place in a value, the whole of it first. */
function placesIn(value: unknown, at: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, it]) => placesIn(it, [...at, key]))];
}

/** A copy with what stands at a place changed. */
function changed(value: unknown, [key, ...rest]: Path, change: (it: unknown) => unknown): unknown {
  if (key === undefined) return change(value);
  const copy: unknown = structuredClone(value);
  const holder = copy as Record<string | number, unknown>; // the path was read from it
  holder[key] = changed(holder[key], rest, change);
  return copy;
}

/** What can be done to a value that is sent as JSON. Each is told apart in the report of a failure. */
const ways: Readonly<Record<string, (value: unknown, random: Random) => Omit<Sent, 'what'>>> = {
  nothing: (value) => ({ data: JSON.stringify(value) }),
  'another type': (value, { pick }) =>
    json(changed(value, pick(placesIn(value)) ?? [], () => pick(WRONG))),
  'a missing field': (value, { pick }) =>
    json(
      changed(
        value,
        pick(placesIn(value).filter((at) => at.length > 0))?.slice(0, -1) ?? [],
        (it) => {
          const fields = Object.entries(it ?? {});
          const left = pick(fields)?.[0];
          return Object.fromEntries(fields.filter(([name]) => name !== left));
        },
      ),
    ),
  'an extra field': (value, { pick }) =>
    json(
      changed(value, pick(placesIn(value).filter((at) => isObjectAt(value, at))) ?? [], (it) => ({
        ...(it as object),
        [pick(KEYS) ?? 'x']: pick(WRONG),
      })),
    ),
  'a prototype': (value, { pick }) => {
    const name = pick(['__proto__', 'constructor', 'prototype']);
    return { data: JSON.stringify(value).replace('{', `{"${name}":{"isAdmin":true},`) };
  },
  'a strange text': (value, { pick }) => {
    const text = pick(Object.values(TEXTS)) ?? '';
    return json(changed(value, pick(textsIn(value)) ?? [], (it) => `${String(it)}${text}`));
  },
  'a text of a length': (value, { pick, chance }) => {
    const length = pick(LENGTHS) ?? 0;
    const letter = chance(0.5) ? 'x' : 'é';
    return json(
      changed(value, pick(textsIn(value)) ?? [], () => letter.repeat(length / letter.length)),
    );
  },
  'deep lists': (value, { pick, below }) => {
    const depth = 10 + below(14_000);
    const text = JSON.stringify(changed(value, pick(placesIn(value)) ?? [], () => HERE));
    return { data: text.replace(`"${HERE}"`, `${'['.repeat(depth)}${']'.repeat(depth)}`) };
  },
  'deep records': (value, { pick, below }) => {
    const depth = 10 + below(8_000);
    const text = JSON.stringify(changed(value, pick(placesIn(value)) ?? [], () => HERE));
    return { data: text.replace(`"${HERE}"`, `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`) };
  },
  'many entries': (value, { pick, below, chance }) => {
    const count = below(7_000);
    const entries = Array.from({ length: count }, (_none, n) => n);
    const it = chance(0.5) ? entries : Object.fromEntries(entries.map((n) => [`${n}`, 0]));
    return json(changed(value, pick(placesIn(value)) ?? [], () => it));
  },
  'a number that is none': (value, { pick }) => {
    const text = JSON.stringify(changed(value, pick(placesIn(value)) ?? [], () => HERE));
    const word = pick(['NaN', '-Infinity', '0x1f', '01', '1e999', '-', '.5', 'undefined']) ?? '';
    return { data: text.replace(`"${HERE}"`, word) };
  },
  'the same key twice': (value, { pick }) => {
    const text = JSON.stringify(value);
    const [key, it] = pick(Object.entries(value ?? {})) ?? ['x', 0];
    const first = JSON.stringify(pick([it, ...WRONG])) ?? 'null';
    return { data: text.replace('{', `{${JSON.stringify(key)}:${first},`) };
  },
  'a byte order mark before it': (value) => ({ data: `\ufeff${JSON.stringify(value)}` }),
  'cut short': (value, { below }) => {
    const text = JSON.stringify(value);
    return { data: text.slice(0, below(text.length)) };
  },
  'more after it': (value, { pick }) => ({
    data: `${JSON.stringify(value)}${pick(['}', '{}', ',', '\0', 'x', ' //', JSON.stringify(value)])}`,
  }),
  'no record': (_value, { pick }) => ({
    data: pick(['', 'null', '[]', '1', '"x"', '[[{}]]', 'true', '{', '\0', '{}', '[null]']) ?? '',
  }),
  noise: (_value, { below }) => ({
    data: String.fromCodePoint(...Array.from({ length: below(300) }, () => 32 + below(2_000))),
  }),
  bytes: (value) => ({ data: Buffer.from(JSON.stringify(value)), isBinary: true }),
  'no UTF-8': (value, { below }) => {
    const bytes = Buffer.from(JSON.stringify(value));
    bytes[below(bytes.length)] = 0xff;
    return { data: bytes };
  },
  'in pieces': (value, { below }) => ({ data: JSON.stringify(value), pieces: 2 + below(40) }),
  'blanks up to the limit': (value) => {
    const text = JSON.stringify(value);
    return { data: text + ' '.repeat(Math.max(0, limits.frameMaxBytes - Buffer.byteLength(text))) };
  },
  'a byte over the limit': (value) => {
    const text = JSON.stringify(value);
    return {
      data: text + ' '.repeat(Math.max(0, limits.frameMaxBytes + 1 - Buffer.byteLength(text))),
    };
  },
};
const HERE = 'changed here';
const names = Object.keys(ways);
// What ends a line costs a new one, and there is nothing to learn of it a thousand times.
const SELDOM: ReadonlySet<string> = new Set(['bytes', 'no UTF-8', 'a byte over the limit']);

/** A value with something done to it, which of the ways the seed says. */
export function spoilt(value: unknown, random: Random, only: readonly string[] = names): Sent {
  let what = random.pick(only) ?? 'nothing';
  if (SELDOM.has(what) && !random.chance(0.1)) what = 'another type';
  const way = ways[what] ?? ways['nothing'];
  if (!way) throw new Error(what);
  return { what, ...way(value, random) };
}

/** Sends a message as it is told to: in pieces, or as what it is not. */
export function send(socket: WebSocket, { data, isBinary = false, pieces = 1 }: Sent): void {
  const bytes = Buffer.from(data);
  const size = Math.max(1, Math.ceil(bytes.length / pieces));
  if (bytes.length === 0) return socket.send(bytes, { binary: isBinary });
  for (let at = 0; at < bytes.length; at += size)
    socket.send(bytes.subarray(at, at + size), {
      binary: isBinary,
      fin: at + size >= bytes.length,
    });
}

/** The value that a message says, as whoever reads it strictly; undefined where it says none. */
export function textOf({ data, isBinary = false }: Sent): unknown {
  if (isBinary) return undefined;
  try {
    const text = new TextDecoder('utf8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(data),
    );
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // it says nothing
  }
}

/** What is no WebSocket any more: frame headers that the standard forbids, and lines that are torn off. */
export const brokenFrames: readonly (readonly [string, Buffer])[] = [
  ['a frame that is not masked', Buffer.from([0x81, 0x02, 0x7b, 0x7d])],
  ['a reserved bit', Buffer.from([0xc1, 0x80, 0, 0, 0, 0])],
  ['an unknown kind of frame', Buffer.from([0x83, 0x80, 0, 0, 0, 0])],
  ['a piece of nothing', Buffer.from([0x80, 0x80, 0, 0, 0, 0])],
  ['a ping in pieces', Buffer.from([0x09, 0x80, 0, 0, 0, 0])],
  ['a ping that is too long', Buffer.from([0x89, 0xfe, 0, 0x7e, 0, 0, 0, 0])],
  [
    'a length beyond all numbers',
    Buffer.concat([Buffer.from([0x81, 0xff]), Buffer.alloc(12, 0xff)]),
  ],
  ['a length of four gigabytes', Buffer.from([0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])],
  ['a new message within another', Buffer.from([0x01, 0x80, 0, 0, 0, 0, 0x81, 0x80, 0, 0, 0, 0])],
  ['a close with half a code', Buffer.from([0x88, 0x81, 0, 0, 0, 0, 1])],
  ['a close with a code of nobody', Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0, 1])],
  ['noise', randomBytes(500)],
  ['nothing', Buffer.alloc(0)],
];

const json = (value: unknown) => ({ data: JSON.stringify(value) ?? 'null' });
const textsIn = (value: unknown) =>
  placesIn(value).filter((at) => typeof valueAt(value, at) === 'string');
const valueAt = (value: unknown, at: Path) =>
  at.reduce<unknown>((it, key) => (it as Record<string | number, unknown>)[key], value); // the path was read from it
function isObjectAt(value: unknown, at: Path): boolean {
  const it = valueAt(value, at);
  return typeof it === 'object' && it !== null && !Array.isArray(it);
}

/** Resolves when a socket is gone, in whatever way. */
export const gone = (socket: Socket) =>
  new Promise<void>(
    (resolve) => void (socket.closed ? resolve() : socket.once('close', () => resolve())),
  );

/** What went wrong in this process that nobody dealt with, from now until it is disposed of. */
export class Unhandled implements Disposable {
  readonly told: string[] = [];
  readonly #listener = (error: unknown) => void this.told.push(String(error));

  constructor() {
    process.on('uncaughtException', this.#listener).on('unhandledRejection', this.#listener);
  }

  [Symbol.dispose](): void {
    process.off('uncaughtException', this.#listener).off('unhandledRejection', this.#listener);
  }
}

/** Stops a server that was attacked, and looks at it as an auditor does. `harm` is in words: none where it took none. */
export async function afterAttack(running: Running, unhandled: Unhandled) {
  const { status } = await running.ask('GET', '/readyz');
  await running.server.stop();
  const { faults, audit, events } = verifyServer(running.dataDir);
  const ready = status === 200 ? [] : [`it was not ready: ${status}`];
  return { harm: [...ready, ...faults, ...unhandled.told, ...running.told], audit, events };
}

/** How long the process was held up, told and never judged: it is this machine's, and the test's own work is in it. */
export class Stalls {
  readonly #title: string;
  readonly #delay = monitorEventLoopDelay({ resolution: 5 });
  readonly #startedAt = performance.now();

  constructor(title: string) {
    this.#title = title;
    this.#delay.enable();
  }

  tell(): void {
    this.#delay.disable();
    const ms = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - 5).toFixed(1);
    const seconds = ((performance.now() - this.#startedAt) / 1_000).toFixed(1);
    process.stderr.write(
      `${this.#title}: ${seconds} s; event loop held up p50 ${ms(this.#delay.percentile(50))} ms, ` +
        `p99 ${ms(this.#delay.percentile(99))} ms, at most ${ms(this.#delay.max)} ms\n`,
    );
  }
}

/** The headers that ask for a WebSocket of ours. */
export const upgrade = (host: string, more: Record<string, string> = {}) => ({
  host,
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': Buffer.alloc(16).toString('base64'),
  'sec-websocket-protocol': subprotocol,
  ...more,
});
