import { describe, expect, test } from 'vitest';
import type { Asked } from '#domain/commands.ts';
import { contactIdOf, handoverIdOf } from '#domain/decide.ts';
import {
  contactStream,
  handoverStream,
  incidentStream,
  unitStream,
  type EpochMs,
  type IncidentId,
  type StreamId,
  type UnitId,
} from '#domain/ids.ts';
import { OpenRoom } from '#domain/room.ts';
import { recordEvening } from '../tests/support/evening.ts';
import {
  commandId,
  newFiles,
  newWriter,
  raise,
  reference,
  request,
  startedAt,
} from '../tests/support/room.ts';
import { recordedOf } from './event-log.ts';
import { emptyCursor, Picture } from './picture.ts';

const unitId = 'HT21' as UnitId;
const incidentId = reference;
const other = 'HC-20261124-0007' as IncidentId;
const [first, second, third] = [commandId(1), commandId(2), commandId(3)].map(contactIdOf) as [
  ReturnType<typeof contactIdOf>,
  ReturnType<typeof contactIdOf>,
  ReturnType<typeof contactIdOf>,
];
const fromCaller = (number: string, narrative?: string): Asked => ({
  type: 'open-contact',
  body: {
    channel: '999',
    caller: { kind: 'number', number },
    ...(narrative !== undefined && { details: { narrative } }),
  },
});

const evening: readonly (readonly [Asked, IncidentId?])[] = [
  [fromCaller('+447700900142', 'a child is crying')],
  [fromCaller('+442079460018')],
  [{ type: 'open-contact', body: { channel: '101', caller: { kind: 'withheld' } } }],
  [raise({ contactId: first, details: { informant: 'Zoë Müller' } }), reference],
  [raise({ place: { text: 'Guildhall Walk', isVerified: true }, narrative: 'café window' }), other],
  [{ type: 'book-on-unit', body: { unitId, officers: ['PC 2101'], skills: [] } }],
  [{ type: 'assign-unit', body: { incidentId, unitId } }],
  [{ type: 'set-unit-status', body: { unitId, statusCode: 0 } }],
  [{ type: 'own-emergency', body: { unitId } }],
  [{ type: 'stand-down-emergency', body: { unitId, reason: 'by mistake' } }],
  [{ type: 'attach-contact', body: { contactId: second, incidentId } }],
  [{ type: 'finish-contact', body: { contactId: second, outcome: 'linked' } }],
  [{ type: 'accept-handover', body: { handoverId: handoverIdOf(commandId(4)) } }],
  [{ type: 'regrade-incident', body: { incidentId, grade: 2, reason: 'caller safe' } }],
  [{ type: 'close-incident', body: { incidentId, closingCode: 'CIV' } }],
  [{ type: 'reopen-incident', body: { incidentId, reason: 'rang again' } }],
  [{ type: 'close-incident', body: { incidentId, closingCode: 'DOM' } }],
  [{ type: 'describe-contact', body: { contactId: third, details: { narrative: 'noise' } } }],
];

/** The log of an evening, a second for each command, and the picture that grew with it. */
function open() {
  const { files, writer, events, states } = recordEvening(
    evening.map(([asked, as], at) => [
      asked,
      { reference: as, occurredAt: (startedAt + at * 1_000) as EpochMs },
    ]),
  );
  expect(new Set(states)).toEqual(new Set(['recorded']));
  return { writer, events, db: files.picture, picture: new Picture(files.picture) };
}

const found = (picture: Picture, text: string) =>
  picture.find(text).map(({ stream, why }) => `${why} ${stream}`);
const byNumber = (id: string) => `number contact/${id}`;
const byReference = (id: string) => `reference incident/${id}`;
const byWords = (stream: string) => `words ${stream}`;

describe('the picture', () => {
  test('is found again as it was left: every record, and where it has come to', () => {
    const { writer, events, picture } = open();
    const room = OpenRoom.of(() => undefined);
    for (const event of events) room.apply(recordedOf(event));
    const folded = [...room.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1));
    expect([...picture.all()]).toEqual(folded);
    expect(picture.cursor()).toEqual({ ...emptyCursor('force-a', 1), ...writer.head });
  });

  test('that is made again from the log is the one that grew with it, to the letter', () => {
    const { events, db } = open();
    const rebuilt = newFiles().picture;
    const fresh = new Picture(rebuilt);
    rebuilt.transaction(() => fresh.apply(events.map(recordedOf)))();
    const rows = (store: typeof db) => ({
      entities: store.prepare('SELECT * FROM entity ORDER BY stream').all(),
      journal: store.prepare('SELECT * FROM journal ORDER BY subject, seq').all(),
      words: store
        .prepare(
          `SELECT stream, words FROM entity_text JOIN entity ON entity.id = entity_text.rowid
           ORDER BY stream`,
        )
        .all(),
    });
    expect(rows(rebuilt)).toEqual(rows(db));
    expect(JSON.stringify([...fresh.all()])).toBe(JSON.stringify([...new Picture(db).all()]));
    for (const text of ['0142', '07700 900142', 'high street', 'crying', 'HC'])
      expect(fresh.find(text)).toEqual(new Picture(db).find(text));
  });

  test('is the same wherever the log was cut while it was folded in', () => {
    const { events, picture } = open();
    for (const page of [1, 2, 3, 7]) {
      const fresh = new Picture(newFiles().picture);
      for (let at = 0; at < events.length; at += page)
        fresh.apply(events.slice(at, at + page).map(recordedOf));
      expect([...fresh.all()]).toEqual([...picture.all()]);
    }
  });

  test('has nothing and is nowhere before anything is recorded', () => {
    const picture = new Picture(newFiles().picture);
    expect([
      picture.cursor(),
      [...picture.all()],
      picture.load(10),
      picture.find('anything'),
    ]).toEqual([undefined, [], [], []]);
  });

  test('loads what is open, and of what is closed the newest that were asked for', () => {
    const { picture } = open();
    const loaded = (max: number) =>
      picture
        .load(max)
        .map(([stream]) => stream)
        .toSorted();
    const openNow: StreamId[] = [
      contactStream(first),
      contactStream(third),
      handoverStream(handoverIdOf(commandId(5))),
      incidentStream(other),
      unitStream(unitId),
    ].toSorted();
    expect([loaded(0), loaded(10)]).toEqual([
      openNow,
      [...openNow, contactStream(second), incidentStream(reference)].toSorted(),
    ]);
  });

  test('knows which events stand in the log of a record, the last ones where they are too many', () => {
    const { events, picture } = open();
    const typesOf = (subject: StreamId, limit: number) =>
      picture.journal(subject, limit).map((seq) => events[seq - 1]?.header.type);
    expect([
      typesOf(incidentStream(incidentId), 4),
      typesOf(unitStream(unitId), 100),
      typesOf('incident/HC-20261123-9999' as StreamId, 100),
    ]).toEqual([
      ['unit.released', 'incident.closed', 'incident.reopened', 'incident.closed'],
      [
        'unit.booked-on',
        'unit.assigned',
        'unit.status-set',
        'unit.emergency-owned',
        'unit.emergency-stood-down',
        'unit.released',
      ],
      [],
    ]);
  });

  test('keeps an event of a later release and a withheld body as read-only, and goes on', () => {
    const { events } = open();
    const picture = new Picture(newFiles().picture);
    picture.apply(
      events.map((event) => {
        const { body: _, ...header } = recordedOf(event) as {
          body?: unknown;
        } & typeof event.header;
        if (header.type === 'unit.booked-on') return header;
        if (header.type === 'incident.regraded')
          return { ...recordedOf(event), type: 'incident.merged' };
        return recordedOf(event);
      }),
    );
    expect(
      [unitStream(unitId), incidentStream(reference), incidentStream(other)].map(
        (stream) => picture.get(stream)?.entity,
      ),
    ).toMatchObject([
      { kind: 'unit', id: unitId, isOnDuty: false, readOnly: 'body-withheld' },
      { kind: 'incident', id: reference, grade: 1, closingCode: 'DOM', readOnly: 'update-needed' },
      { kind: 'incident', id: other, readOnly: undefined },
    ]);
  });
});

describe('looking something up', () => {
  test.each([
    '07700 900142',
    '07700900142',
    '+447700900142',
    '+44 7700 900142',
    '+44 (0)7700 900142',
    '0044 7700 900142',
    '(07700) 900-142',
    '  07700 900142  ',
  ])('by the telephone number %s finds every contact from it', (text) => {
    expect(found(open().picture, text)).toEqual([byNumber(first)]);
  });

  test('by a landline, national or international, finds its contact and no other', () => {
    const { picture } = open();
    expect([
      found(picture, '020 7946 0018'),
      found(picture, '+44 20 7946 0018'),
      found(picture, '020 7946 0019'),
    ]).toEqual([[byNumber(second)], [byNumber(second)], []]);
  });

  test('by the number to call back on finds its contact, however it is spelt', () => {
    const { writer, picture } = open();
    const details = { callbackNumber: '023 9249 6001' };
    writer.recordGroup([
      request(99, { type: 'describe-contact', body: { contactId: third, details } }),
    ]);
    writer.foldPicture();
    expect(
      ['02392496001', '+44 23 9249 6001', '023 9249 6002'].map((it) => found(picture, it)),
    ).toEqual([[byNumber(third)], [byNumber(third)], []]);
  });

  test('by a number lists the newest contact first, and says when and whether it is open', () => {
    const { writer, picture } = open();
    writer.recordGroup([request(99, fromCaller('+447700900142'))]);
    writer.foldPicture();
    expect(
      picture.find('07700 900142').map(({ stream, at, isOpen }) => ({ stream, at, isOpen })),
    ).toEqual([
      { stream: contactStream(contactIdOf(commandId(99))), at: startedAt, isOpen: true },
      { stream: contactStream(first), at: startedAt + 3_000, isOpen: true },
    ]);
  });

  test.each([
    ['the whole reference', 'HC-20261123-0412'],
    ['the reference in small letters', 'hc-20261123-0412'],
    ['the day and the number', '20261123-0412'],
    ['the number of the day', '0412'],
    ['what is left of the number without its zero', '412'],
  ])('by %s finds the incident', (_, text) => {
    expect(found(open().picture, text)[0]).toBe(byReference(reference));
  });

  test('by a reference finds it closed or open', () => {
    const { picture } = open();
    expect(
      [reference, other].map((text) => picture.find(text).map(({ isOpen, why }) => [why, isOpen])),
    ).toEqual([[['reference', false]], [['reference', true]]]);
  });

  test.each([
    ['a word of the place', 'guildhall', [byWords(`incident/${other}`)]],
    ['the beginnings of two words, in any order', 'walk guild', [byWords(`incident/${other}`)]],
    ['a word without its accent', 'cafe', [byWords(`incident/${other}`)]],
    ['a name without its accents', 'zoe muller', [byWords(`contact/${first}`)]],
    [
      'a word of the story, which stands in the call and in the incident',
      'SHOUTING',
      [byWords(`incident/${reference}`), byWords(`contact/${first}`)],
    ],
    ['a word that was added later', 'noise', [byWords(`contact/${third}`)]],
    ['words that nothing has all of', 'guildhall shouting', []],
    ['nothing', '   ', []],
  ])('by %s', (_, text, expected) => {
    expect(found(open().picture, text)).toEqual(expected);
  });

  test.each(['"', "' OR 1 = 1 --", 'a" OR "b', 'NEAR(', '*', '%', '_', 'words:noise', '-noise'])(
    'by %s is a search for words and never a fault',
    (text) => {
      expect(() => open().picture.find(text)).not.toThrow();
    },
  );

  test('finds what is said now and no longer what was said before, and a log entry writes no words', () => {
    const files = newFiles();
    const writer = newWriter(files);
    const picture = new Picture(files.picture);
    const say = (n: number, asked: Asked) => {
      writer.recordGroup([request(n, asked)]);
      writer.foldPicture();
    };
    const index = () => files.picture.prepare('SELECT id, block FROM entity_text_data').raw().all();
    say(1, fromCaller('+447700900142', 'glass breaking'));
    const before = index();
    say(2, { type: 'add-contact-entry', body: { contactId: first, text: 'line open' } });
    expect(index()).toEqual(before);
    say(3, {
      type: 'describe-contact',
      body: { contactId: first, details: { narrative: 'a dog barking' } },
    });
    expect([found(picture, 'glass'), found(picture, 'barking')]).toEqual([
      [],
      [`words ${contactStream(first)}`],
    ]);
    expect(index()).not.toEqual(before);
  });

  test('shows no more than an operator can read, the newest first', () => {
    const { writer, picture } = open();
    const calls = Array.from({ length: 60 }, (_, n) =>
      request(100 + n, fromCaller('+441134960000')),
    );
    writer.recordGroup(calls);
    writer.foldPicture();
    expect(picture.find('0113 496 0000').map(({ stream }) => stream)).toEqual(
      calls
        .map((call) => contactStream(contactIdOf(call.commandId)))
        .toReversed()
        .slice(0, 50),
    );
  });
});
