import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { Asked } from '#domain/commands.ts';
import { contactIdOf, handoverIdOf } from '#domain/decide.ts';
import {
  contactId,
  type CommandId,
  type ContactId,
  type HandoverId,
  type IncidentId,
  type UnitId,
} from '#domain/ids.ts';
import { status } from '#domain/unit.ts';
import type {
  ContactRow,
  DraftRow,
  HandoverRow,
  IncidentRow,
  TrayRow,
  UnitRow,
} from '#protocol/view.ts';
import { askServer } from '#training/ask-server.ts';
import { portsmouth } from '#training/portsmouth.ts';
import { verify, witness } from './safe-keeping.ts';
import { seatNames, type Scene, type SeatName, type Stage } from './story.ts';
import type { Told } from './window-line.ts';

const WITHIN_MS = 30_000; // far beyond what any of it takes
const SAID = 'Partner shouting and breaking things downstairs, child upstairs with her';
const HALF_A_SENTENCE = 'she says he has gone to the kitch';

/**
 * The first ten minutes of a night shift, as far as they can be played today: what is said, who does it, and what
 * must be true after each step. What cannot be played stands in it without a deed.
 */
export function nightShift(): readonly Scene[] {
  let call: ContactId;
  let other: ContactId;
  let incident: Raised;
  let second: Raised;
  let sent: UnitId;
  let stoodDown: UnitId;
  let late: CommandId;

  return [
    {
      step: 1,
      clock: '21:58:00',
      seat: 'CH1, CH2',
      words: 'a 999 call from 07700 900142 rings; CH1 takes it, and CH2 a moment later',
      play: async (stage) => {
        const { CH1, CH2 } = stage.windows;
        const body = { externalId: `story-${Date.now()}`, channel: '999', number: '07700 900142' };
        const answer = await outside(stage, '/api/contacts', body);
        call = contactId.parse((answer as { contactId: string }).contactId);
        const row = (seat: typeof CH1) =>
          seat.rows<ContactRow>('contacts').find(({ id }) => id === call);
        await Promise.all([CH1, CH2].map((seat) => seat.until(() => row(seat), WITHIN_MS)));
        const take: Asked = { type: 'take-contact', body: { contactId: call } };
        const first = await CH1.ask(take, WITHIN_MS);
        await CH2.until(() => row(CH2)?.owner, WITHIN_MS);
        const { told } = await CH2.ask(take, WITHIN_MS);
        return check({
          'CH1 has the call': isStored(first.told),
          'CH2 is told who has it':
            told?.state === 'refused' && told.refusal.reason === 'already-taken',
        });
      },
    },
    leftOut(2, '21:58:01', 'CH1', 'reads the picture of the caller'),
    {
      step: 3,
      clock: '21:58:40',
      seat: 'CH1',
      words: 'types what is said, picks the place, DOM, grade 1, and raises',
      play: async (stage) => {
        const { CH1 } = stage.windows;
        const raised = await raise(stage, 'CH1', call, '12 High Street', 'DOM', 1, SAID);
        if (!raised) return ['the incident is stored here'];
        incident = raised;
        const row = await CH1.until(() => incidentAt(stage, 'CH1', raised.id), WITHIN_MS);
        return check({
          'it has its number': row?.id === raised.id,
          'it is recorded': await isRecorded(stage, 'CH1', raised.id),
        });
      },
    },
    {
      step: 4,
      clock: '21:58:41',
      seat: 'D1',
      words: 'accepts the hand-over and sends a unit, which is on its way',
      play: async (stage) => {
        const { D1, CH1 } = stage.windows;
        await D1.until(() => handoverAt(stage, incident.handoverId), WITHIN_MS);
        const unit = freeUnit(stage, 'HT21');
        if (unit === undefined) return ['there is a unit that is free'];
        sent = unit;
        const { id: incidentId, handoverId } = incident;
        const told = await inTurn(stage, 'D1', [
          { type: 'accept-handover', body: { handoverId } },
          { type: 'assign-unit', body: { incidentId, unitId: unit } },
          { type: 'set-unit-status', body: { unitId: unit, statusCode: status.enRoute } },
        ]);
        const seen = await CH1.until(() => {
          const row = incidentAt(stage, 'CH1', incidentId);
          return row?.units.some(({ statusCode }) => statusCode === status.enRoute)
            ? row
            : undefined;
        }, WITHIN_MS);
        return check({
          'D1 has it': told.every(isStored),
          'CH1 sees who accepted it': seen?.handover?.accepted !== undefined,
          'CH1 sees the unit on its way': seen !== undefined,
        });
      },
    },
    leftOut(5, '21:59:30', 'CH2', 'links the neighbour’s call by what the picture offers'),
    {
      step: 6,
      clock: '22:01:00',
      seat: 'the server',
      words: 'its process is killed; every window says so, and nobody is stopped',
      play: async (stage) => {
        await stage.server.kill();
        return everywhere(stage, 'says that it is alone', (seat) => seat.mode === 'alone');
      },
    },
    {
      step: 7,
      clock: '22:01:05',
      seat: 'CH1, D1, CH2',
      words:
        'no server: a log line, at scene, CH2 raises; SUP stands a unit down, D1 sends it; CH1 is cut off mid-word',
      play: async (stage) => {
        const { CH1, CH2, SUP, D1 } = stage.windows;
        const { id: incidentId } = incident;
        const text = 'caller upstairs, door locked';
        const said = await CH1.ask(
          { type: 'add-log-entry', body: { incidentId, text } },
          WITHIN_MS,
        );
        const atScene = await D1.ask(
          { type: 'set-unit-status', body: { unitId: sent, statusCode: status.atScene } },
          WITHIN_MS,
        );
        const opened = await CH2.ask({ type: 'open-contact', body: { channel: '101' } }, WITHIN_MS);
        other = contactIdOf(opened.id);
        const words = 'Two people trying car doors, one in a grey top';
        const raised = await raise(stage, 'CH2', other, '40 Albert Road', 'SUS', 2, words);
        const unit = freeUnit(stage, 'HS12', 'HT22');
        if (!raised || unit === undefined) return ['CH2 can raise, and a unit is free'];
        [second, stoodDown] = [raised, unit];
        await SUP.ask({ type: 'book-off-unit', body: { unitId: unit } }, WITHIN_MS);
        const assigned = await D1.ask(
          { type: 'assign-unit', body: { incidentId, unitId: unit } },
          WITHIN_MS,
        );
        late = assigned.id;
        const isBack = await comesBack(stage, incidentId);
        const told = [said, atScene, opened, assigned].map((it) => it.told);
        return check({
          'all of it is stored here': told.every(isStored),
          'the number is one that was reserved': raised.id.length > 0,
          'CH1 has its half sentence and the caret again': isBack,
        });
      },
    },
    {
      step: 8,
      clock: '22:03:00',
      seat: 'the server',
      words:
        'is started again; all is recorded once, what cannot be is in D1’s tray (D1’s desk comes last, on purpose)',
      play: async (stage) => {
        const { SUP, D1, CH2 } = stage.windows;
        await comeBackBeforeD1(stage, async () => {
          await stage.server.startAgain();
          await SUP.until(() => isCaughtUp(stage, 'SUP'), WITHIN_MS);
        });
        const notSo = await everywhere(
          stage,
          'is online with nothing unsent',
          (seat) => seat.mode === 'online' && seat.waiting === 0,
        );
        const row = await D1.until(
          () => D1.rows<TrayRow>('tray').find(({ id }) => id === (late as string)),
          WITHIN_MS,
        );
        await CH2.until(() => incidentAt(stage, 'CH2', second.id), WITHIN_MS);
        return [
          ...notSo,
          ...check({
            'what CH2 raised alone is recorded': await isRecorded(stage, 'CH2', second.id),
            [`D1 is told that ${stoodDown} was stood down`]: row?.reason === 'unit-off-duty',
          }),
        ];
      },
    },
    {
      step: 9,
      clock: '22:04:00',
      seat: 'a unit',
      words: 'presses its emergency button; SUP owns it by name',
      play: async (stage) => {
        const { D1, SUP } = stage.windows;
        const unitId = freeUnit(stage, 'HT22', 'HT23');
        if (unitId === undefined) return ['there is a unit that is on duty'];
        await outside(stage, `/api/units/${unitId}/status`, { statusCode: status.emergency });
        const seen = await Promise.all(
          [D1, SUP].map((seat) => seat.until(() => unitAt(seat, unitId)?.emergency, WITHIN_MS)),
        );
        await SUP.ask({ type: 'own-emergency', body: { unitId } }, WITHIN_MS);
        const owner = await D1.until(() => unitAt(D1, unitId)?.emergency?.owner, WITHIN_MS);
        const reason = 'made-up story: pressed by mistake, officer answers on the radio';
        await SUP.ask({ type: 'stand-down-emergency', body: { unitId, reason } }, WITHIN_MS);
        return check({
          'D1 and SUP see it': seen.every((it) => it !== undefined),
          'D1 sees that SUP has it': owner?.desk === 'SUP',
        });
      },
    },
    leftOut(10, '22:05:00', 'HW', 'redirects an online report from home'),
    leftOut(11, '22:06:00', 'INV', 'follows the log from home in a browser'),
    {
      step: 12,
      clock: '22:08:00',
      seat: 'D1, CH1, CH2',
      words: 'the unit clears; D1 closes with a code of its own; nothing is left without an owner',
      play: async (stage) => {
        const told = [
          ...(await inTurn(stage, 'D1', [
            { type: 'set-unit-status', body: { unitId: sent, statusCode: status.available } },
            { type: 'accept-handover', body: { handoverId: second.handoverId } },
            ...closing(incident.id, 'advice-given', 'CIV'),
            ...closing(second.id, 'no-trace', 'SUS'),
          ])),
          ...(await inTurn(stage, 'CH1', [finishing(call)])),
          ...(await inTurn(stage, 'CH2', [finishing(other)])),
        ];
        const isGone = await stage.windows.SUP.until(
          () =>
            !incidentAt(stage, 'SUP', incident.id) && !incidentAt(stage, 'SUP', second.id)
              ? true
              : undefined,
          WITHIN_MS,
        );
        const ours = new Set<string>([incident.handoverId, second.handoverId]);
        const isOpen = ({ id, accepted }: HandoverRow) => ours.has(id) && !accepted;
        return check({
          'all of it is stored here': told.every(isStored),
          'both incidents are closed': isGone === true,
          'no hand-over of it is open':
            !stage.windows.SUP.rows<HandoverRow>('handovers').some(isOpen),
        });
      },
    },
    {
      step: 13,
      clock: '22:10:00',
      seat: 'all',
      words: 'server and desks hold the same, and the log is what each desk has seen of it',
      play: async (stage) => {
        const { CH1 } = stage.windows;
        const cursors = () => new Set(seatNames.map((name) => stage.windows[name].seat?.cursor));
        const isOne = () =>
          cursors().size === 1 && seatNames.every((name) => isCaughtUp(stage, name) === true)
            ? true
            : undefined;
        const isSame = await CH1.until(isOne, WITHIN_MS);
        const agreed: Record<string, boolean> = {};
        for (const name of seatNames)
          agreed[`the log is what ${name} saw`] = await agrees(stage, name);
        return check({ 'all desks are as far as the server': isSame === true, ...agreed });
      },
    },
  ];
}

interface Raised {
  readonly id: IncidentId;
  readonly handoverId: HandoverId;
}

const leftOut = (step: number, clock: string, seat: string, words: string): Scene => ({
  step,
  clock,
  seat,
  words,
  play: undefined,
});

/** What of this was not so. */
const check = (facts: Readonly<Record<string, boolean>>): readonly string[] =>
  Object.entries(facts).flatMap(([fact, isSo]) => (isSo ? [] : [fact]));

const isStored = (told: Told | undefined) =>
  told?.state === 'stored-here' || told?.state === 'recorded';

/** As the telephone and radio systems ask: by a door of the server, with a key. */
const outside = ({ server, apiKey }: Stage, path: string, body: object) =>
  askServer(server.url, 'POST', path, { body, token: apiKey });

const incidentAt = ({ windows }: Stage, seat: SeatName, id: string) =>
  windows[seat].rows<IncidentRow>('incidents').find((row) => row.id === id);
const unitAt = (seat: Stage['windows'][SeatName], id: string) =>
  seat.rows<UnitRow>('units').find((row) => row.id === id);
const handoverAt = ({ windows }: Stage, id: HandoverId) =>
  windows.D1.rows<HandoverRow>('handovers').find((row) => row.id === (id as string));

/** One of these call signs where it is free, or any other that is. */
function freeUnit({ windows }: Stage, ...preferred: readonly string[]): UnitId | undefined {
  const free = windows.D1.rows<UnitRow>('units')
    .filter((row) => row.isOnDuty && row.incidentId === undefined && !row.emergency)
    .map(({ id }) => id);
  const wanted = preferred.find((id) => free.includes(id)) ?? free[0];
  return wanted as UnitId | undefined; // a row of `units` has a unit's id
}

async function raise(
  { windows }: Stage,
  seat: SeatName,
  contact: ContactId,
  place: string,
  openingCode: string,
  grade: 1 | 2,
  narrative: string,
): Promise<Raised | undefined> {
  const [, lat, lon] = portsmouth.find(([street]) => place.endsWith(street)) ?? portsmouth[0];
  const body = {
    contactId: contact,
    place: { text: place, lat, lon, isVerified: true },
    openingCode,
    grade,
    qualifiers: [],
    narrative,
  };
  const { id, told } = await windows[seat].ask({ type: 'raise-incident', body }, WITHIN_MS);
  const reference = told?.state === 'stored-here' ? told.reference : undefined;
  if (reference === undefined) return undefined;
  return { id: reference as IncidentId, handoverId: handoverIdOf(id) }; // the desk's own word
}

const isRecorded = async (stage: Stage, seat: SeatName, id: IncidentId) =>
  (await stage.windows[seat].until(
    () => (incidentAt(stage, seat, id)?.mark === 'recorded' ? true : undefined),
    WITHIN_MS,
  )) === true;

async function inTurn({ windows }: Stage, seat: SeatName, all: readonly Asked[]) {
  const told: (Told | undefined)[] = [];
  for (const asked of all) told.push((await windows[seat].ask(asked, WITHIN_MS)).told);
  return told;
}

const closing = (incidentId: IncidentId, result: string, closingCode: string): readonly Asked[] => [
  { type: 'result-incident', body: { incidentId, result } },
  { type: 'close-incident', body: { incidentId, closingCode } },
];
const finishing = (contact: ContactId): Asked => ({
  type: 'finish-contact',
  body: { contactId: contact, outcome: 'incident' },
});

/** Whether the seat of every desk comes to be so; which of them do not. */
async function everywhere(
  { windows }: Stage,
  what: string,
  isSo: (seat: NonNullable<Stage['windows'][SeatName]['seat']>) => boolean,
): Promise<readonly string[]> {
  const seen = await Promise.all(
    seatNames.map(async (name) => {
      const look = () => {
        const { seat } = windows[name];
        return seat && isSo(seat) ? true : undefined;
      };
      return (await windows[name].until(look, WITHIN_MS)) ? [] : [`${name} ${what}`];
    }),
  );
  return seen.flat();
}

const isCaughtUp = ({ windows }: Stage, name: SeatName) => {
  const { seat } = windows[name];
  return seat?.mode === 'online' && seat.waiting === 0 && seat.cursor === seat.head
    ? true
    : undefined;
};

/** Half a sentence is kept, the line is cut without a word, and what comes back is what was typed, with its caret. */
async function comesBack({ windows }: Stage, incidentId: IncidentId): Promise<boolean> {
  const { CH1 } = windows;
  const draftId = `story-${incidentId}`;
  const end = HALF_A_SENTENCE.length;
  const caret = { field: 'text', start: end, end };
  const content = { about: incidentId, fields: { text: HALF_A_SENTENCE }, caret };
  if (!(await CH1.keepDraft(draftId, content, WITHIN_MS))) return false;
  CH1.cut();
  await CH1.join();
  const draft = await CH1.until(
    () => CH1.rows<DraftRow>('drafts').find(({ id }) => id === draftId),
    WITHIN_MS,
  );
  CH1.dropDraft(draftId); // it was the script's, and nobody else's pad
  return draft?.content.fields['text'] === HALF_A_SENTENCE && draft.content.caret?.start === end;
}

/** Holds D1's desk back until the others have told what they did. Where a machine cannot, they race, and the tray tells. */
async function comeBackBeforeD1({ hosts }: Stage, others: () => Promise<void>): Promise<void> {
  const signal = (name: 'SIGSTOP' | 'SIGCONT') => {
    const { pid } = hosts.D1;
    if (pid !== undefined && process.platform !== 'win32') process.kill(pid, name);
  };
  signal('SIGSTOP');
  try {
    await others();
  } finally {
    signal('SIGCONT');
  }
}

/** Whether the log is what this desk has seen of it: `holdfast witness` and `holdfast verify`. */
async function agrees({ dataDir }: Stage, desk: SeatName): Promise<boolean> {
  const file = join(dataDir, `witness-${desk}.jsonl`);
  const lines: string[] = [];
  await witness(join(dataDir, `desk-${desk}`), desk, (line) => lines.push(line));
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  return verify(join(dataDir, 'server'), file, () => {}) === 0;
}
