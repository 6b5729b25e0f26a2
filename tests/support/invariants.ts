import { kindOf, type StreamId } from '#domain/ids.ts';
import { understand } from '#domain/facts.ts';
import { advance, emptyEntity, emptyEntry, type Entry } from '#domain/room.ts';
import { streamOfItem } from '#domain/shift-items.ts';
import type { Ack, Answer } from '#protocol/ack.ts';
import { isForDesks } from '#server/gateway/event-frames.ts';
import { verifyChain } from '#store/chain.ts';
import { recordedOf, type StoredEvent } from '#store/event-log.ts';

/*
 * What must be true at the end of every test that has a log and desks, whatever has failed on the way.
 * `brokenPromises` says what is not.
 */

/** A desk's own bookkeeping: what is refused of it is nothing that a person has to do again. */
const ofTheRoster: ReadonlySet<string> = new Set(['start-duty', 'end-duty']);

/** One row of a desk's outbox file. */
export interface OutboxRow {
  readonly commandId: string;
  readonly answer: Answer | undefined;
  /** What was asked for. */
  readonly type: string;
  /** It stands in the tray, or stood there until its operator dealt with it. */
  readonly isInTray: boolean;
}

export interface DeskAtEnd {
  readonly name: string;
  readonly cursor: number;
  /** What each record of its picture is, as text. */
  readonly picture: ReadonlyMap<string, string>;
  readonly outbox: readonly OutboxRow[];
}

/** What somebody was told of a command, in the order in which they were told. */
export type Told = Iterable<readonly [commandId: string, answers: readonly Ack['answer'][]]>;

export interface AtEnd {
  readonly events: readonly StoredEvent[];
  /** The server's answer to each command that it knows. */
  readonly answers: ReadonlyMap<string, Answer>;
  readonly desks: readonly DeskAtEnd[];
  readonly told: Told;
}

/** Every promise that is broken, in words; none where all of them hold. */
export function brokenPromises(end: AtEnd): readonly string[] {
  return [
    ...brokenLog(end),
    ...brokenAnswers(end),
    ...brokenDeployments(end.events),
    ...brokenOwnership(end.events),
    ...brokenWords(end),
    ...brokenDesks(end),
  ];
}

/** What the log folds to for a seat that is sent what `isForSeat` says, as text by stream. */
export function foldOf(
  events: readonly StoredEvent[],
  isForSeat: (event: StoredEvent) => boolean = isForDesks,
): ReadonlyMap<string, string> {
  const entries = new Map<StreamId, Entry>();
  for (const event of events) {
    const { stream } = event.header;
    const seen = isForSeat(event) ? event : { ...event, kept: undefined };
    entries.set(stream, advance(entries.get(stream) ?? emptyEntry(stream), recordedOf(seen)));
  }
  return new Map([...entries].map(([stream, entry]) => [stream, textOf(stream, entry)]));
}

/** An entry in one spelling: what is undefined and what is not there are the same. */
export function textOf(stream: StreamId, { version, decisive, entity }: Entry): string {
  const there = JSON.parse(JSON.stringify(entity)) as object; // an entity is a plain object
  return JSON.stringify({ version, decisive, entity: { ...emptyEntity(stream), ...there } });
}

/** The first record of which a picture says something else than the log. */
export function firstDifference(
  truth: ReadonlyMap<string, string>,
  picture: ReadonlyMap<string, string>,
): { readonly stream: string; readonly desk: string; readonly log: string } | undefined {
  for (const stream of new Set([...truth.keys(), ...picture.keys()])) {
    const [desk = 'not there', log = 'not there'] = [picture.get(stream), truth.get(stream)];
    if (desk !== log) return { stream, desk, log };
  }
  return undefined;
}

/** `seq` without a gap, the chain whole, every event once. */
function brokenLog({ events }: AtEnd): string[] {
  const broken: string[] = [];
  const verdict = verifyChain(events);
  if (verdict.outcome !== 'intact')
    broken.push(`the log is broken at ${verdict.seq}: ${verdict.at}`);
  const seen = new Set<string>();
  for (const { header } of events) {
    const name = `${header.commandId} ${header.n}`;
    if (seen.has(name)) broken.push(`event ${header.n} of ${header.commandId} is there twice`);
    seen.add(name);
  }
  return broken;
}

/** What is answered as recorded is in the log once and whole; what is refused is not; nothing else is. */
function brokenAnswers({ events, answers }: AtEnd): string[] {
  const broken: string[] = [];
  const recorded = Map.groupBy(events, ({ header }) => header.commandId as string);
  for (const [id, made] of recorded) {
    const answer = answers.get(id);
    if (answer === undefined) broken.push(`${id} is in the log and was never answered`);
    else if (answer.state === 'refused') broken.push(`${id} was refused and is in the log`);
    if (made.some(({ header }, at) => header.n !== at))
      broken.push(`the events of ${id} are not whole or not in order`);
  }
  for (const [id, answer] of answers) {
    if (answer.state !== 'recorded') continue;
    const seqs = recorded.get(id)?.map(({ header }) => header.seq) ?? [];
    if (seqs[0] !== answer.firstSeq || seqs.at(-1) !== answer.lastSeq)
      broken.push(
        `${id} was recorded as ${answer.firstSeq}-${answer.lastSeq} and is ${seqs.join()}`,
      );
    else if (seqs.length !== answer.lastSeq - answer.firstSeq + 1)
      broken.push(`the events of ${id} do not stand together`);
  }
  return broken;
}

/** No unit is sent to an incident while it is on another one, at no time in the log. */
function brokenDeployments(events: readonly StoredEvent[]): string[] {
  const broken: string[] = [];
  const active = new Map<string, string>();
  for (const event of events) {
    const { stream, seq } = event.header;
    if (kindOf(stream) !== 'unit') continue;
    const known = understand(recordedOf(event));
    if (typeof known === 'string') continue;
    const on = active.get(stream);
    if (known.type === 'unit.assigned') {
      const { incidentId } = known.body;
      if (on !== undefined) broken.push(`${stream} is on ${on} and on ${incidentId} at ${seq}`);
      active.set(stream, incidentId);
    } else if (known.type === 'unit.released') {
      if (on !== known.body.incidentId)
        broken.push(`${stream} leaves ${known.body.incidentId} at ${seq} and is not on it`);
      active.delete(stream);
    }
  }
  return broken;
}

/**
 * A shift hand-over passes what its giver owned at that moment, all of it in the one commit, to the one who
 * accepted it; nothing else does, and nothing is left without an owner by it.
 */
function brokenOwnership(events: readonly StoredEvent[]): string[] {
  const broken: string[] = [];
  const owners = new Map<string, string>();
  const givers = new Map<string, string>();
  /** What the acceptance that is being read says has passed, until its own events have said so too. */
  let due: { command: string; by: string; seq: number; streams: Set<string> } | undefined;
  const endDue = () => {
    for (const stream of due?.streams ?? [])
      broken.push(`${stream} passed at ${due?.seq} and nobody was made its owner`);
    due = undefined;
  };
  for (const event of events) {
    const { stream, seq, commandId } = event.header;
    if (due && due.command !== commandId) endDue();
    const known = understand(recordedOf(event));
    if (typeof known === 'string') continue;
    switch (known.type) {
      case 'shift-handover.offered':
        for (const item of known.body.items)
          if (owners.get(streamOfItem(item)) !== known.body.from)
            broken.push(`${streamOfItem(item)} is offered at ${seq} by who does not own it`);
        givers.set(stream, known.body.from);
        break;
      case 'shift-handover.accepted': {
        const { by, passed } = known.body;
        if (by === givers.get(stream)) broken.push(`${stream} is accepted by its giver at ${seq}`);
        for (const item of passed)
          if (owners.get(streamOfItem(item)) !== givers.get(stream))
            broken.push(`${streamOfItem(item)} passes at ${seq} from who does not own it`);
        due = { command: commandId, by, seq, streams: new Set(passed.map(streamOfItem)) };
        break;
      }
      case 'contact.passed':
      case 'contact.answered':
      case 'incident.owned':
      case 'unit.emergency-owned':
        if (due && (due.by !== known.body.by || !due.streams.delete(stream)))
          broken.push(`${stream} is given to ${known.body.by} at ${seq} beside what was accepted`);
        else if (!due && known.type === 'contact.passed')
          broken.push(`${stream} passes at ${seq} and nobody accepted it`);
        owners.set(stream, known.body.by);
        break;
      case 'unit.emergency-stood-down':
        owners.delete(stream);
        break;
      default:
    }
  }
  endDue();
  return broken;
}

/** What people were told is so: nothing that was stored is lost, and no last word is taken back. */
function brokenWords({ answers, desks, told }: AtEnd): string[] {
  const broken: string[] = [];
  const kept = new Map(desks.flatMap(({ outbox }) => outbox.map((row) => [row.commandId, row])));
  for (const [id, words] of told) {
    const answer = answers.get(id);
    const row = kept.get(id);
    const isStored = words.some(({ state }) => state === 'stored-here');
    if (isStored && answer?.state !== 'recorded') {
      // It waits, or somebody has it before them in the tray.
      const isHere =
        row !== undefined &&
        (row.answer === undefined || row.isInTray || ofTheRoster.has(row.type));
      if (!isHere) broken.push(`${id} was stored here and is lost`);
    }
    // A desk refuses what it does not store, and so it may store the same when it is asked again.
    const from = words.findIndex(({ state }) => state === 'stored-here');
    const last = isStored ? words.slice(from) : words.slice(-1);
    for (const word of last) {
      if (word.state === 'refused' && answer?.state === 'recorded')
        broken.push(`${id} was told as refused and is recorded`);
      // What can never be recorded is the one thing that a desk tells without the server's answer.
      const isServers = isStored && word.state === 'refused';
      if (isServers && answer === undefined && word.refusal.reason !== 'not-recordable')
        broken.push(`${id} was told as refused and the server does not know it`);
      if (word.state !== 'recorded') continue;
      const isSo =
        answer?.state === 'recorded' &&
        answer.firstSeq === word.firstSeq &&
        answer.lastSeq >= word.lastSeq;
      if (!isSo) broken.push(`${id} was told as recorded at ${word.firstSeq} and is not`);
    }
  }
  return broken;
}

/** Everything has come to every desk, nothing waits, and all show what the log says. */
function brokenDesks({ events, desks }: AtEnd): string[] {
  const broken: string[] = [];
  const truth = foldOf(events);
  const head = events.at(-1)?.header.seq ?? 0;
  for (const { name, cursor, picture, outbox } of desks) {
    if (cursor !== head) broken.push(`${name} stands at ${cursor} of ${head}`);
    const difference = firstDifference(truth, picture);
    if (difference) {
      const { stream, desk, log } = difference;
      broken.push(`${name} shows ${stream} as ${desk}, and the log says ${log}`);
    }
    const waiting = outbox.filter(({ answer }) => answer === undefined);
    if (waiting.length > 0)
      broken.push(`${name} has ${waiting.length} not answered, first ${waiting[0]?.commandId}`);
    for (const { commandId, type, answer, isInTray } of outbox)
      if (answer?.state === 'refused' && !isInTray && !ofTheRoster.has(type))
        broken.push(`${commandId} of ${name} was refused and stands in no tray`);
  }
  return broken;
}
