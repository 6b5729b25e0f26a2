import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EventHeader } from '#domain/event.ts';
import { bodyHashOf, headerHashOf } from './chain.ts';

/** The spelling that every log so far is hashed with, written the long way. */
function spelt(...parts: readonly (string | Uint8Array)[]) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex');
}
function headerSpelt({ prevHash, ...rest }: Omit<EventHeader, 'hash'>) {
  const entries = Object.entries(rest).filter(([, value]) => value !== undefined);
  return spelt(prevHash, JSON.stringify(entries.toSorted(([a], [b]) => (a < b ? -1 : 1))));
}

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '"', '\\', '\n', 'a/b:c.d', 'é', '\ud800'),
);
const header = fc.record(
  {
    logId: text,
    seq: fc.nat(),
    epoch: fc.nat(),
    commandId: text,
    n: fc.nat(),
    stream: text,
    version: fc.nat(),
    type: text,
    typeVersion: fc.nat(),
    occurredAt: fc.integer(),
    enteredAt: fc.integer(),
    recordedAt: fc.double({ noNaN: true, noDefaultInfinity: true }),
    actor: text,
    desk: text,
    class: text,
    bodyHash: text,
    prevHash: text,
  },
  { noNullPrototype: true, requiredKeys: ['prevHash'] },
) as unknown as fc.Arbitrary<Omit<EventHeader, 'hash'>>;

test('a header is hashed in the one spelling that every log has', () => {
  fc.assert(
    fc.property(header, (it) => {
      expect(headerHashOf(it)).toBe(headerSpelt(it));
    }),
  );
});

test('a body is hashed after its salt, each after its length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 32 }), text, (salt, body) => {
      expect(bodyHashOf(salt, body)).toBe(spelt(salt, body));
    }),
  );
});

test('the hashes of a made-up event, once and for all', () => {
  const made = {
    logId: 'force-a',
    seq: 7,
    epoch: 1,
    commandId: '019a0000-0000-7000-8000-000000000007',
    n: 0,
    stream: 'unit/HT21',
    version: 2,
    type: 'unit.status-set',
    typeVersion: 1,
    occurredAt: 1_795_471_080_000,
    recordedAt: 1_795_471_080_001,
    actor: 'u-ch1',
    desk: 'CH1',
    class: 'operational',
    bodyHash: bodyHashOf(new Uint8Array(16), '{"statusCode":5}'),
    prevHash: '0'.repeat(64),
  } as unknown as Omit<EventHeader, 'hash'>;
  expect([made.bodyHash, headerHashOf(made)]).toEqual([
    'db55f863cad44a1305921e7dcf1b2193e93023a67fb2d1d7d3a3722ebaa4f094',
    '76cde22af199a66c0ad2c6388ef2fada734b5c97af3ac418de6ead84d70c4c0d',
  ]);
});
