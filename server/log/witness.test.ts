import { expect, test } from 'vitest';
import { random } from '#domain/lib/random.ts';
import { GENESIS, headerHashOf, verifyChain } from '#store/chain.ts';
import type { StoredEvent } from '#store/event-log.ts';
import { SqliteEventLog } from '#store/sqlite-event-log.ts';
import { newFiles, newWriter, raise, request, reference } from '../../tests/support/room.ts';
import { hearWitness, readWitness, type WitnessPoint } from './witness.ts';

const ATTACKS = 1_000;
const SEED = Number(process.env['HOLDFAST_SEED'] ?? Date.now() % 1_000_000);

/** A log of some events, as it was recorded. */
function recorded(): readonly StoredEvent[] {
  const files = newFiles();
  const writer = newWriter(files);
  writer.recordGroup([request(1, raise(), { reference })]);
  for (let n = 2; n < 20; n += 1)
    writer.recordGroup([
      request(n, { type: 'add-log-entry', body: { incidentId: reference, text: `line ${n}` } }),
    ]);
  return new SqliteEventLog(files.log).readAfter(0, 1_000);
}

/** As somebody would who has the file and wants nobody to see it: the chain is made to fit from there on. */
function chained(events: readonly StoredEvent[]): readonly StoredEvent[] {
  let before = GENESIS;
  return events.map(({ header, kept }, at) => {
    const fresh = { ...header, seq: at + 1, prevHash: before };
    before = headerHashOf(fresh);
    return { header: { ...fresh, hash: before }, kept };
  });
}

const logOf = (events: readonly StoredEvent[]) => ({
  logId: events[0]?.header.logId ?? '',
  hashAt: (seq: number) => events[seq - 1]?.header.hash,
});

const { below, pick } = random(SEED);

/** Each leaves a log whose chain holds, and the first place where it is another one. */
const attacks: Readonly<
  Record<string, (events: readonly StoredEvent[]) => readonly [readonly StoredEvent[], number]>
> = {
  edit: (events) => {
    const at = below(events.length);
    const edited = events.map((it, index) =>
      index === at ? { ...it, header: { ...it.header, actor: 'u-somebody-else' } } : it,
    );
    return [chained(edited), at + 1];
  },
  delete: (events) => {
    const at = below(events.length);
    return [chained(events.toSpliced(at, 1)), at + 1];
  },
  insert: (events) => {
    const at = below(events.length);
    const [again] = events;
    return [chained(again ? events.toSpliced(at, 0, again) : events), at + 1 + Number(at === 0)];
  },
  swap: (events) => {
    const at = below(events.length - 1);
    const two = events.slice(at, at + 2).toReversed();
    return [chained(events.toSpliced(at, 2, ...two)), at + 1];
  },
  truncate: (events) => {
    const left = below(events.length);
    return [events.slice(0, left), left + 1];
  },
  'truncate and refill': (events) => {
    const left = below(events.length);
    const other = events.map((it, index) =>
      index === left ? { ...it, header: { ...it.header, desk: 'CH9' } } : it,
    );
    return [chained(other), left + 1];
  },
};

test(`${ATTACKS} ways to rewrite a log so that its chain holds: the desk saw each, and at which event (seed ${SEED})`, () => {
  const events = recorded();
  const points = events.map(({ header: { logId, seq, hash } }): WitnessPoint => ({
    logId,
    seq,
    hash,
  }));
  expect(hearWitness(logOf(events), points)).toEqual({
    outcome: 'agrees',
    points: events.length,
    upTo: events.length,
  });
  for (let n = 0; n < ATTACKS; n += 1) {
    const name = pick(Object.keys(attacks)) ?? '';
    const [attacked = [], seq] = attacks[name]?.(events) ?? [];
    expect([name, verifyChain(attacked).outcome]).toEqual([name, 'intact']); // the chain alone says nothing
    const log = { ...logOf(attacked), logId: logOf(events).logId };
    const why = seq !== undefined && seq > attacked.length ? 'missing' : 'other';
    expect({ name, ...hearWitness(log, points) }).toEqual({
      name,
      outcome: 'differs',
      seq,
      agreesUpTo: (seq ?? 0) - 1,
      why,
    });
  }
});

test('a witness of another log, or a line that is none, is told', () => {
  const hash = 'a'.repeat(64);
  const line = JSON.stringify({ logId: 'force-A', seq: 1, hash });
  expect(readWitness(`${line}\n\n`)).toEqual([{ logId: 'force-A', seq: 1, hash }]);
  expect(() => readWitness(`${line}\n{"seq":1}`)).toThrow('line 2 of the witness');
  expect(() => hearWitness({ logId: 'force-B', hashAt: () => hash }, readWitness(line))).toThrow(
    'the witness saw the log force-A, not force-B',
  );
});
