import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { commands, type CommandBody } from '#domain/commands.ts';
import { understand } from '#domain/facts.ts';
import { commandIdFrom, referenceStream, type DeskId, type EpochMs } from '#domain/ids.ts';
import { diffLines, isSame, referenceDiff, type ReferenceDiff } from '#domain/reference-diff.ts';
import {
  describeFault,
  fieldOfList,
  parseReferenceList,
  referenceLists,
  type ReferenceData,
  type ReferenceList,
  type ReferenceListName,
} from '#domain/reference-data.ts';
import { recordedOf } from '#store/event-log.ts';
import type { Person } from '../auth/accounts.ts';
import type { AuditRow, Recorder } from '../log/recorder-port.ts';
import { parse, Refused } from './refused.ts';

export interface ReferenceOptions {
  readonly recorder: Pick<Recorder, 'record' | 'readStream'>;
  /** What the release brings: revision 0 of every list. */
  readonly shipped: ReferenceData;
  readonly audit: (row: Omit<AuditRow, 'at' | 'desk'>) => Promise<void>;
  readonly personOf: (request: FastifyRequest) => Person;
  readonly now: () => EpochMs;
}

/** Every refusal of a change to a list, with its status. */
export const referenceWords: Readonly<Record<string, readonly [number, string]>> = {
  'list-moved-on': [
    409,
    'Somebody has changed this list since: look at it again, and at what yours would change. Nothing was changed.',
  ],
  'same-content': [409, 'The list holds just this already. Nothing was changed.'],
  'update-needed': [
    409,
    'A newer release wrote this list last: this server can read it and not change it. Nothing was changed.',
  ],
  'no-such-revision': [404, 'The list has no such revision.'],
  'faulty-list': [422, 'The list has faults. Nothing was changed.'],
};

/** One content that a list has had. */
interface Revision {
  readonly revision: number;
  readonly content: ReferenceList<unknown>;
  readonly takenOver?: {
    readonly by: string;
    readonly at: EpochMs;
    readonly note: string;
    readonly rolledBackTo?: number;
  };
}

const listParam = z.strictObject({ list: z.enum(referenceLists) });
const revision = z.coerce.number().int().nonnegative();
const oneQuery = z.strictObject({ revision: revision.optional() });
const text = z.string().max(200_000); // with its layout; what is kept of it has a limit of its own
const note = z.string().trim().min(1).max(200);
const checkBody = z.strictObject({ text });
const insteadOf = z.int().nonnegative();
const takeOverBody = z.strictObject({ text, insteadOf, note });
const rollBackBody = z.strictObject({ to: z.int().nonnegative(), insteadOf, note });
const changeSchema = commands['take-over-reference-data'].body;

/**
 * Reference data as an administrator keeps it while the room works: what a list holds, what it has held,
 * what another content would change, taking it over and going back. Each change is an event of the log and
 * reaches every desk as one; a list that has a fault is refused whole, with line and field.
 */
export function addReferenceRoutes(app: FastifyInstance, options: ReferenceOptions): void {
  const { recorder, shipped, personOf, now } = options;

  const revisionsOf = (list: ReferenceListName): readonly Revision[] => {
    const first: Revision = { revision: 0, content: shipped[fieldOfList[list]] };
    return recorder.readStream(referenceStream(list)).reduce<readonly Revision[]>(
      (before, stored) => {
        const event = recordedOf(stored);
        const known = understand(event);
        if (typeof known === 'string' || known.type !== 'reference-data.taken-over') return before;
        const { content, note: why, rolledBackTo } = known.body;
        const takenOver = {
          by: event.actor,
          at: event.occurredAt,
          note: why,
          ...(rolledBackTo !== undefined && { rolledBackTo }),
        };
        return [...before, { revision: event.version, content, takenOver }];
      },
      [first],
    );
  };
  const newest = (list: ReferenceListName): Revision => {
    const found = revisionsOf(list).at(-1);
    if (!found) throw new Error(`the list ${list} has no content`); // the shipped one is always there
    return found;
  };
  const find = (list: ReferenceListName, wanted: number): Revision => {
    const found = revisionsOf(list).find((it) => it.revision === wanted);
    if (found) return found;
    return refuse('no-such-revision', `The list ${list} has no revision ${wanted}.`);
  };
  /** What is shown is on record before it is shown. */
  const shown = (request: FastifyRequest, what: string, subject: string) =>
    options.audit({
      actor: personOf(request).id,
      operation: 'consultation',
      what,
      subject,
      outcome: 'shown',
    });
  const headOf = ({ revision: number, content, takenOver }: Revision) => ({
    revision: number,
    rows: content.rows.length,
    source: content.source,
    ...takenOver,
  });
  const read = (list: ReferenceListName, given: string): ReferenceList<unknown> => {
    const parsed = parseReferenceList(list, given);
    if (parsed.outcome === 'parsed') return parsed.content;
    const faults = parsed.faults.slice(0, FAULTS_MAX).map(describeFault);
    const more = parsed.faults.length - faults.length;
    const last = [...(more > 0 ? [`and ${more} more`] : []), 'Nothing was changed.'];
    return refuse('faulty-list', [...faults, ...last].join('\n'));
  };
  const told = (list: ReferenceListName, at: number, diff: ReferenceDiff) => ({
    list,
    revision: at,
    diff,
    lines: diffLines(list, diff),
  });

  /** Records the change and answers with what it changed. Where the list has moved on, nothing is done. */
  const takeOver = async (
    who: Person,
    change: CommandBody<'take-over-reference-data'>['change'],
    from: number,
  ) => {
    const before = newest(change.list);
    const diff = referenceDiff(change.list, before.content, change.content);
    const reason =
      before.revision !== from ? 'list-moved-on' : isSame(diff) ? 'same-content' : undefined;
    const refuseChange = async (why: string): Promise<never> => {
      await options.audit({
        actor: who.id,
        operation: 'administration',
        what: 'take-over-reference-data',
        subject: change.list,
        outcome: `refused ${why}`,
      });
      return refuse(why);
    };
    if (reason !== undefined) return refuseChange(reason);
    const answer = await recorder.record({
      commandId: commandIdFrom(now(), randomBytes(16)),
      asked: { type: 'take-over-reference-data', body: { change, insteadOf: from } },
      occurredAt: now(),
      actor: who.id,
      desk: SERVER,
    });
    if (answer.state === 'refused') return refuseChange(answer.refusal.reason);
    return told(change.list, from + 1, diff);
  };

  app.get('/api/reference-data', async (request) => {
    await shown(request, 'list-reference-data', 'reference-data');
    return { lists: referenceLists.map((list) => ({ list, ...headOf(newest(list)) })) };
  });

  app.get('/api/reference-data/:list', async (request) => {
    const { list } = parse(listParam, request.params);
    const wanted = parse(oneQuery, request.query).revision;
    const found = wanted === undefined ? newest(list) : find(list, wanted);
    await shown(request, 'show-reference-data', `${list} ${found.revision}`);
    return { list, ...headOf(found), text: `${JSON.stringify(found.content, null, 2)}\n` };
  });

  app.get('/api/reference-data/:list/revisions', async (request) => {
    const { list } = parse(listParam, request.params);
    await shown(request, 'list-revisions', list);
    return { list, revisions: revisionsOf(list).map(headOf).toReversed() };
  });

  app.post('/api/reference-data/:list/check', withText, async (request) => {
    const { list } = parse(listParam, request.params);
    const content = read(list, parse(checkBody, request.body).text);
    const before = newest(list);
    await shown(request, 'check-reference-data', list);
    return told(list, before.revision, referenceDiff(list, before.content, content));
  });

  app.post('/api/reference-data/:list', withText, async (request, reply) => {
    const who = personOf(request);
    const { list } = parse(listParam, request.params);
    const asked = parse(takeOverBody, request.body);
    const content = read(list, asked.text);
    const change = { list, content, note: asked.note };
    const { change: parsed } = parse(changeSchema, { change, insteadOf: asked.insteadOf });
    return reply.status(201).send(await takeOver(who, parsed, asked.insteadOf));
  });

  app.post('/api/reference-data/:list/roll-back', async (request, reply) => {
    const who = personOf(request);
    const { list } = parse(listParam, request.params);
    const asked = parse(rollBackBody, request.body);
    const { content } = find(list, asked.to);
    const change = { list, content, note: asked.note, rolledBackTo: asked.to };
    const { change: parsed } = parse(changeSchema, { change, insteadOf: asked.insteadOf });
    return reply.status(201).send(await takeOver(who, parsed, asked.insteadOf));
  });
}

const SERVER = 'server' as DeskId;
const withText = { bodyLimit: 512 * 1024 }; // the text with its letters escaped
const FAULTS_MAX = 20; // a screen of them; the rest shows when these are mended

function refuse(reason: string, words?: string): never {
  const [status, message] = referenceWords[reason] ?? [409, 'Nothing was changed.'];
  throw new Refused(status, reason, words ?? message);
}
