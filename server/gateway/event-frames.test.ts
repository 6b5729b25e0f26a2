import { expect, test } from 'vitest';
import type { EventClass } from '#domain/event.ts';
import type { CommandId, EpochMs, StreamId } from '#domain/ids.ts';
import { events } from '#protocol/events.ts';
import { limits } from '#protocol/limits.ts';
import type { StoredEvent } from '#store/event-log.ts';
import { EVENTS_MAX, framesOf, isForDesks } from './event-frames.ts';

const HASH = '0'.repeat(64);

const stored = (seq: number, stream: string, eventClass: EventClass, text = '{}'): StoredEvent => ({
  header: {
    logId: 'force-HC',
    seq,
    epoch: 1,
    commandId: '019a0000-0000-7000-8000-000000000001' as CommandId,
    n: seq,
    stream: stream as StreamId,
    version: 1,
    type: 'some.fact',
    typeVersion: 1,
    occurredAt: 1 as EpochMs,
    recordedAt: 2 as EpochMs,
    actor: 'u-ash',
    desk: 'CH1',
    class: eventClass,
    bodyHash: HASH,
    prevHash: HASH,
    hash: HASH,
  },
  kept: { salt: new Uint8Array(16), text },
});

const sent = (given: readonly StoredEvent[]) =>
  framesOf(given).map(({ bytes }) => events.parse(JSON.parse(bytes.toString('utf8'))).events);

test('which bodies a desk may have, by class and kind of stream', () => {
  const classes = ['operational', 'administrative', 'restricted'] as const;
  const streams = ['contact/1', 'user/1', 'references/numbers', 'recorded-crime/1', 'later/1'];
  const matrix = classes.map((of) => streams.map((stream) => isForDesks(stored(1, stream, of))));
  expect(matrix).toEqual([
    [true, true, true, true, true],
    [false, true, true, false, false],
    [false, false, false, false, false],
  ]);
});

test('a body that is withheld or erased leaves its whole header', () => {
  const erased = { ...stored(2, 'contact/1', 'operational'), kept: undefined };
  const [frame = []] = sent([stored(1, 'contact/1', 'restricted', '{"canary":1}'), erased]);
  expect(frame.map(({ header, kept }) => [header.seq, header.hash, kept])).toEqual([
    [1, HASH, undefined],
    [2, HASH, undefined],
  ]);
});

test('frames hold so many events and so many bytes at most, and every event once, in order', () => {
  const many = Array.from({ length: 3 * EVENTS_MAX }, (_none, n) =>
    // Quotes are doubled on the way, and these letters have three bytes: what counts is what is sent.
    stored(n + 1, 'contact/1', 'operational', JSON.stringify('"€'.repeat((n * 37) % 400))),
  );
  const frames = framesOf(many);
  const all = sent(many);
  expect(all.flat().map(({ header }) => header.seq)).toEqual(many.map(({ header }) => header.seq));
  expect(frames.map(({ firstSeq, lastSeq }) => [firstSeq, lastSeq])).toEqual(
    all.map((some) => [some[0]?.header.seq, some.at(-1)?.header.seq]),
  );
  expect(Math.max(...all.map(({ length }) => length))).toBeLessThanOrEqual(EVENTS_MAX);
  expect(Math.max(...frames.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(
    limits.chunkMaxBytes,
  );
  expect(framesOf([])).toEqual([]);
});
