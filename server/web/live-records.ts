import { join } from 'node:path';
import type { RecordedEvent } from '#domain/event.ts';
import { incidentStream, kindOf, userStream, type IncidentId, type StreamId } from '#domain/ids.ts';
import type { UserId } from '#domain/ids.ts';
import { subjectsOf, type Names } from '#domain/journal.ts';
import { advance, emptyEntry, OpenRoom, type Entity, type Entry } from '#domain/room.ts';
import type { ReferenceData } from '#domain/reference-data.ts';
import { referenceIn } from '#domain/reference-table.ts';
import type { Found } from '#protocol/query.ts';
import type { ReferenceRow } from '#protocol/view.ts';
import { recordedOf, type StoredEvent } from '#store/event-log.ts';
import { Journals } from '#store/journals.ts';
import { logMigrations, pictureMigrations } from '#store/migrations.ts';
import { openStore, type Store } from '#store/open-store.ts';
import { Picture, wordsOf } from '#store/picture.ts';
import { soundEvents, SqliteEventLog } from '#store/sqlite-event-log.ts';
import { incidentDetail, type ViewSource } from '#store/views.ts';
import { isForDesks } from '../gateway/event-frames.ts';
import type { Recorder } from '../log/recorder-port.ts';

const LINES_MAX = 500; // as at a desk: the last lines of a log
const PAGE = 500;
const FOUND_MAX = 50; // as at a desk

export interface LiveRecordsOptions {
  readonly dataDir: string;
  readonly recorder: Pick<Recorder, 'head' | 'readAfter'>;
  /** What the release brings; lists that the force has taken over stand in the log. */
  readonly referenceData: ReferenceData;
}

/**
 * The records of a running server as a browser seat may see them: the open set in memory, and what is
 * asked for out of the log and its read model, by connections that cannot write. A seat sees what a desk
 * sees. What is sealed is taken out before anything is folded, so that no row can hold what it says.
 *
 *     read model (may be some moments behind) + the log's events since = the record, as it is now
 */
export class LiveRecords implements Disposable {
  readonly #recorder: LiveRecordsOptions['recorder'];
  readonly #logFile: Store;
  readonly #pictureFile: Store;
  readonly #log: SqliteEventLog;
  readonly #picture: Picture;
  readonly #isSealed: (stream: StreamId) => boolean;
  readonly #journals: Journals;
  readonly #room: OpenRoom;
  readonly #shipped: ReferenceData;
  #reference: ReferenceRow;
  #names: Names;
  /** The last event that is in the room. */
  #seq = 0;

  constructor({ dataDir, recorder, referenceData }: LiveRecordsOptions) {
    using opening = new DisposableStack();
    const open = (file: string, migrations: readonly string[]) => {
      const db = opening.adopt(openStore(join(dataDir, file), migrations), (it) => it.close());
      db.pragma('query_only = ON');
      return db;
    };
    this.#recorder = recorder;
    this.#shipped = referenceData;
    this.#logFile = open('log.db', logMigrations);
    this.#pictureFile = open('picture.db', pictureMigrations);
    this.#log = new SqliteEventLog(this.#logFile);
    this.#picture = new Picture(this.#pictureFile);
    const sealed = this.#logFile
      .prepare<[StreamId], number>(
        `SELECT 1 FROM event WHERE stream = ? AND class <> 'operational' LIMIT 1`,
      )
      .pluck();
    this.#isSealed = (stream) => sealed.get(stream) !== undefined;
    this.#journals = new Journals((subject) => this.#readJournal(subject), LINES_MAX);
    this.#room = OpenRoom.of((stream) => this.#load(stream));
    this.#reference = this.#makeReference();
    this.#names = this.#makeNames();
    // Its cursor first: what is read after it may be further, and never behind.
    this.#seq = this.#picture.cursor()?.seq ?? 0;
    for (const [stream, entry] of this.#picture.load(0))
      this.#room.put(stream, this.#isSealed(stream) ? this.#entry(stream) : entry);
    for (const page of this.#since(this.#seq, recorder.head().seq)) this.add(page);
    this.#reference = this.#makeReference();
    this.#names = this.#makeNames();
    opening.move();
  }

  [Symbol.dispose](): void {
    this.#logFile.close();
    this.#pictureFile.close();
  }

  /** The last event that is shown. */
  get seq(): number {
    return this.#seq;
  }

  /** Takes in what was recorded, in the order of the log; answers which records it is of. */
  add(events: readonly StoredEvent[]): ReadonlySet<StreamId> {
    const touched = new Set<StreamId>();
    const fresh: RecordedEvent[] = [];
    for (const stored of events) {
      if (stored.header.seq <= this.#seq) continue;
      const event = shownOf(stored);
      const { stream, version } = event;
      const before = this.#room.get(stream);
      // What is read from the files may be further than what has been told.
      this.#room.put(stream, before.version < version ? advance(before, event) : before);
      this.#seq = event.seq;
      fresh.push(event);
      for (const subject of subjectsOf(event)) touched.add(subject);
    }
    const kinds = new Set(fresh.map(({ stream }) => kindOf(stream)));
    if (kinds.has('reference-data')) this.#reference = this.#makeReference();
    if (kinds.has('reference-data') || kinds.has('user')) this.#names = this.#makeNames();
    this.#journals.add(fresh);
    return touched;
  }

  /** Lets go of what is not open any more; it is read again where it is asked for. */
  forgetClosed(): void {
    this.#room.forgetClosed();
  }

  /** An incident and its log as rows, and of which records they are made; no rows where there is none. */
  incident(id: IncidentId): {
    readonly rows: ReturnType<typeof incidentDetail>;
    readonly madeOf: ReadonlySet<StreamId>;
  } {
    const stream = incidentStream(id);
    const rows = incidentDetail(stream, this.#source());
    const [detail] = rows;
    const ids = [
      ...(detail?.contacts ?? []).map((it) => `contact/${it.id}`),
      ...(detail?.units ?? []).map((it) => `unit/${it.id}`),
    ] as StreamId[]; // made of the ids that the functions of ids.ts make them of
    return { rows, madeOf: new Set([stream, ...ids]) };
  }

  /** Incidents by reference, number or words of place and narrative; those of a found contact too. */
  find(text: string): readonly Found[] {
    const found = new Map<string, Found>();
    for (const { stream, why } of this.#picture.find(text)) {
      const { entity } = this.#entry(stream);
      // Found by what is sealed from this seat would tell what that says.
      if (this.#isSealed(stream) && why !== 'reference' && !saysSo(entity, text)) continue;
      const ids =
        entity.kind === 'incident'
          ? [entity.id]
          : entity.kind === 'contact'
            ? entity.incidentIds
            : [];
      for (const id of ids) {
        const { entity: incident } = this.#entry(incidentStream(id));
        if (incident.kind !== 'incident' || !incident.isRaised || found.has(id)) continue;
        const { openingCode, grade, place, raisedAt: at, closedAt } = incident;
        const title = `${openingCode} grade ${grade}`;
        const isOpen = closedAt === undefined;
        found.set(id, { kind: 'incident', id, title, place: place.text, at, isOpen, why });
      }
    }
    return [...found.values()].toSorted((a, b) => b.at - a.at).slice(0, FOUND_MAX);
  }

  #source(): ViewSource {
    return {
      room: this.#room,
      unrecorded: new Set(), // here everything is on record
      provisional: [],
      lines: (subject) => this.#journals.of(subject),
      names: this.#names,
    };
  }

  /** What holds in this force now: another object as soon as a list is another. */
  get reference(): ReferenceRow {
    return this.#reference;
  }

  #makeReference(): ReferenceRow {
    return { id: 'reference-data', data: referenceIn(this.#room, this.#shipped) };
  }

  #makeNames(): Names {
    const { rows } = this.#reference.data.unitStatuses;
    const statuses = new Map(rows.map(({ code, name }) => [code, name]));
    return {
      user: (id) => {
        const { entity } = this.#room.get(userStream(id as UserId)); // any text may be asked for
        return entity.kind === 'user' && entity.displayName !== '' ? entity.displayName : id;
      },
      status: (code) => statuses.get(code) ?? `status ${code}`,
    };
  }

  #entry(stream: StreamId): Entry {
    return this.#load(stream) ?? emptyEntry(stream);
  }

  /** A record as it is on record now, without what is sealed. */
  #load(stream: StreamId): Entry | undefined {
    // The read model holds what is sealed: such a record is folded from what may be shown of it.
    let entry = this.#isSealed(stream) ? undefined : this.#picture.get(stream);
    for (const event of soundEvents(this.#log.readStream(stream, entry?.version)))
      entry = advance(entry ?? emptyEntry(stream), shownOf(event));
    return entry;
  }

  #readJournal(subject: StreamId): readonly RecordedEvent[] {
    const upTo = this.#picture.cursor()?.seq ?? 0;
    // Its cursor first: what is folded in meanwhile comes with what has been recorded since.
    const seqs = this.#picture.journal(subject, LINES_MAX).filter((seq) => seq <= upTo);
    const folded = this.#log.readAt(seqs);
    const since = [...this.#since(upTo, this.#seq)].flat();
    return [...soundEvents(folded), ...since]
      .filter(({ header }) => header.seq <= this.#seq)
      .map(shownOf)
      .filter((event) => subjectsOf(event).includes(subject))
      .slice(-LINES_MAX);
  }

  *#since(seq: number, upTo: number): Generator<readonly StoredEvent[]> {
    for (let at = seq; at < upTo;) {
      const page = this.#recorder.readAfter(at, Math.min(PAGE, upTo - at));
      at = page.at(-1)?.header.seq ?? upTo;
      yield page;
    }
  }
}

/** The event as this seat may read it: as desks get it, its body only where it is meant for them. */
const shownOf = (event: StoredEvent): RecordedEvent =>
  recordedOf(isForDesks(event) ? event : { header: event.header, kept: undefined });

const plain = (text: string) => text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();
const wordsIn = (text: string) => plain(text).match(/[\p{L}\p{N}]+/gu) ?? [];
const digitsIn = (text: string) => text.replaceAll(/\D/g, '').slice(-9);

/** Whether what may be shown of a record has all the words, or the number, that it was found by. */
function saysSo(entity: Entity, text: string): boolean {
  const words = wordsOf(entity) ?? '';
  const caller = entity.kind === 'contact' ? entity.caller : undefined;
  const number = caller?.kind === 'number' ? caller.number : '';
  const digits = digitsIn(text);
  if (
    digits.length === 9 &&
    [words, number].some((it) => it.replaceAll(/\D/g, '').includes(digits))
  )
    return true;
  const said = wordsIn(`${words} ${number}`);
  return wordsIn(text).every((word) => said.some((it) => it.startsWith(word)));
}
