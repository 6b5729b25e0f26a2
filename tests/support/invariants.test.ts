import { expect, test } from 'vitest';
import type { CommandId, UnitId } from '#domain/ids.ts';
import type { Answer } from '#protocol/ack.ts';
import { brokenPromises, foldOf, type AtEnd, type DeskAtEnd } from './invariants.ts';
import { commandId, newWriter, raise, reference, request } from './room.ts';

const HT21 = 'HT21' as UnitId;
const refused: Answer = { state: 'refused', refusal: { reason: 'unit-off-duty' } };
const storedHere = { state: 'stored-here' } as const;

/** A room that has ended as it should: two incidents, a unit that went from one to the other, one refusal. */
function sound() {
  const writer = newWriter();
  const other = 'HC-20261123-0413' as typeof reference;
  const asked = [
    request(1, raise(), { reference }),
    request(2, raise(), { reference: other }),
    request(3, {
      type: 'book-on-unit',
      body: { unitId: HT21, officers: ['PC 4401 Bell'], skills: [] },
    }),
    request(4, { type: 'assign-unit', body: { incidentId: reference, unitId: HT21 } }),
    request(5, { type: 'release-unit', body: { incidentId: reference, unitId: HT21 } }),
    request(6, { type: 'assign-unit', body: { incidentId: other, unitId: HT21 } }),
  ];
  const { events, settled } = writer.recordGroup(asked);
  const answers = new Map<string, Answer>(
    settled.map((it, at) => {
      if (it.outcome !== 'answered') throw new Error(JSON.stringify(it));
      return [commandId(at + 1), it.answer];
    }),
  );
  answers.set(commandId(7), refused);
  const desk: DeskAtEnd = {
    name: 'CH1',
    cursor: events.length,
    picture: foldOf(events),
    outbox: [...answers].map(([id, answer]) => ({
      commandId: id,
      answer,
      type: 'assign-unit',
      isInTray: answer.state === 'refused',
    })),
  };
  const told = [...answers].map(([id, answer]) => [id, [storedHere, answer]] as const);
  return { events, answers, desks: [desk], told, desk } satisfies AtEnd & { desk: DeskAtEnd };
}

const end = sound();
const { desk, events, answers } = end;
const without = <Value>(map: ReadonlyMap<string, Value>, id: CommandId) =>
  new Map([...map].filter(([it]) => it !== id));
const withDesk = (change: Partial<DeskAtEnd>) => ({ desks: [{ ...desk, ...change }] });
const rowsBut = (id: CommandId) => desk.outbox.filter((row) => row.commandId !== id);

test('where all promises hold none is told as broken', () => {
  expect(brokenPromises(end)).toEqual([]);
});

test.each<[string, Partial<AtEnd>, RegExp]>([
  ['an event is missing', { events: events.filter((_, at) => at !== 2) }, /the log is broken at/],
  ['an event stands there twice', { events: [...events, ...events.slice(-1)] }, /is there twice/],
  [
    'what was acknowledged is not in the log',
    { events: events.slice(0, -1) },
    /was recorded as .* and is/,
  ],
  [
    'what is in the log was never answered',
    { answers: without(answers, commandId(6)) },
    /is in the log and was never answered/,
  ],
  [
    'what was refused is in the log',
    { answers: new Map([...answers, [commandId(6), refused]]) },
    /was refused and is in the log/,
  ],
  [
    'what was told as stored is nowhere',
    { told: [[commandId(8), [storedHere]]] },
    /was stored here and is lost/,
  ],
  [
    'what was refused is in no tray',
    withDesk({ outbox: rowsBut(commandId(7)) }),
    /was stored here and is lost/,
  ],
  [
    'a last word was taken back',
    { told: [[commandId(1), [storedHere, refused]]] },
    /was told as refused and is recorded/,
  ],
  [
    'an outbox is not empty',
    withDesk({ outbox: desk.outbox.map((row) => ({ ...row, answer: undefined })) }),
    /CH1 has 7 not answered/,
  ],
  ['a desk is behind', withDesk({ cursor: 3 }), /CH1 stands at 3 of/],
  [
    'a desk shows what the log does not say',
    withDesk({ picture: foldOf(events.slice(0, -1)) }),
    /CH1 shows unit\/HT21 as/,
  ],
  [
    'a unit is on two incidents at once',
    {
      events: events.filter(({ header }) => header.commandId !== commandId(5)),
      answers: without(answers, commandId(5)),
    },
    /unit\/HT21 is on HC-20261123-0412 and on HC-20261123-0413/,
  ],
])('where %s it is told', (_what, change, line) => {
  const broken = brokenPromises({ ...end, ...change });
  expect(broken).toContainEqual(expect.stringMatching(line));
});
