import { createHash } from 'node:crypto';
import type { Asked } from '#domain/commands.ts';
import type { CommandId, DeskId, EpochMs, IncidentId, UnitId, UserId } from '#domain/ids.ts';
import { random } from '#domain/lib/random.ts';
import { OpenRoom } from '#domain/room.ts';
import { parseAsked, type Command } from '#protocol/command.ts';
import type { DeskDown } from '#protocol/down.ts';
import type { WireEvent } from '#protocol/events.ts';
import type { DeskUp } from '#protocol/up.ts';
import { Desk, type Seat } from '#desk/desk.ts';
import { merge } from '#desk/merge.ts';
import { Outbox, outboxMigrations } from '#desk/outbox.ts';
import { Replica } from '#desk/replica.ts';
import { SyncSession } from '#desk/sync-session.ts';
import { OutboxOrder, type OutboxPlace } from '#server/gateway/outbox-order.ts';
import type { LogWriter } from '#server/log/log-writer.ts';
import { verifyChain } from '#store/chain.ts';
import { recordedOf, type StoredEvent } from '#store/event-log.ts';
import { replicaMigrations } from '#store/migrations.ts';
import { openStore, type Store } from '#store/open-store.ts';
import { Picture } from '#store/picture.ts';
import { SqliteEventLog } from '#store/sqlite-event-log.ts';
import { newFiles, newWriter, startedAt, targets, type WriterFiles } from '../support/room.ts';

/*
 * Desks and a server as they are in the product, in one process: the real state machines over real
 * SQLite, with a clock, a network and crashes that a seed decides. A crash drops everything a process
 * held in memory and keeps its files, as SIGKILL does.
 */

interface Timed {
  readonly at: number;
  readonly deliver: () => void;
}

interface SimDesk {
  readonly name: DeskId;
  readonly seat: Seat;
  readonly outboxFile: Store;
  readonly replicaFiles: Store[];
  desk: Desk;
  session: SyncSession | undefined;
  connection: number;
  connectAt: number;
}

const logId = 'force-a';
const DESKS = ['CH1', 'CH2', 'D1', 'SUP'] as const;
const MERGED_ANEW_EVERY = 7; // checked this often, or the check is all that the time goes into
const UNITS = ['HT21', 'HT22', 'HT23'] as UnitId[];

/** Which guard is switched off, to show that the checks would see it. */
export type Guard = 'idempotency' | 'order' | 'none';

/** `bad` loses, repeats and reorders frames inside a connection; `ordered` is late and is cut, no more. */
export type Network = 'bad' | 'ordered';

export class Simulation {
  readonly #random;
  readonly #seed: number;
  readonly #files: WriterFiles = newFiles();
  readonly #desks: SimDesk[];
  readonly #wire: Timed[] = [];
  readonly #guard: Guard;
  readonly #network: Network;
  /** Commands that were recorded before one that their desk had sent, or had to send, before them. */
  readonly #overtakers: CommandId[] = [];
  #linesEnded = 0;
  /** What an operator was told: stored here, by command. */
  readonly #told = new Map<CommandId, DeskId>();
  readonly #acknowledged = new Map<CommandId, string>();
  #writer: LogWriter | undefined;
  #live = new Map<string, { send: (frame: DeskDown) => void; sent: number }>();
  #now = startedAt as number;
  #ids = 0;
  #isCalm = false;

  constructor(seed: number, guard: Guard = 'none', network: Network = 'bad') {
    this.#network = network;
    this.#seed = seed;
    this.#guard = guard;
    this.#random = random(seed);
    this.#writer = this.#newWriter();
    this.#desks = DESKS.map((name) => this.#newDesk(name as DeskId));
  }

  /** Runs so many operator actions and faults, then calm until everything has drained, and checks. */
  run(operations: number): void {
    for (let n = 0; n < operations; n += 1) {
      this.#fault();
      this.#act();
      this.#advance(this.#random.below(400));
    }
    this.#isCalm = true;
    this.#writer ??= this.#newWriter();
    for (let n = 0; n < 400 && !this.#isQuiet(); n += 1) this.#advance(250);
    this.#check();
  }

  /** How many lines the server has ended because commands came out of order. */
  get linesEnded(): number {
    return this.#linesEnded;
  }

  #newWriter() {
    return newWriter(this.#files, {
      now: () => this.#now as EpochMs,
      salt: () => createHash('sha256').update(`${this.#now}.${this.#ids}`).digest().subarray(0, 16),
    });
  }

  #newDesk(name: DeskId): SimDesk {
    const outboxFile = openStore(':memory:', outboxMigrations);
    const replicaFiles = [openStore(':memory:', replicaMigrations)];
    const seat: Seat = {
      user: {
        id: `u-${name}` as UserId,
        name,
        displayName: name,
        role: name === 'SUP' ? 'supervisor' : name === 'D1' ? 'dispatcher' : 'call-handler',
      },
      grant: { id: 'g1', notAfter: Number.MAX_SAFE_INTEGER as EpochMs },
    };
    const it = { name, seat, outboxFile, replicaFiles, session: undefined };
    return { ...it, desk: this.#startDesk(it), connection: 0, connectAt: this.#now };
  }

  #startDesk({
    name,
    outboxFile,
    replicaFiles,
  }: Pick<SimDesk, 'name' | 'outboxFile' | 'replicaFiles'>) {
    const ports = {
      now: () => this.#now as EpochMs,
      uuid: () =>
        `8c8e5a40-2f5a-4a57-9d0c-${String(DESKS.indexOf(name as 'CH1')).padStart(12, '0')}`,
      soon: (work: () => void) => work(),
    };
    const file = replicaFiles.at(-1);
    if (!file) throw new Error('a desk has a replica');
    return new Desk({
      desk: name,
      force: 'HC',
      timeZone: 'Europe/London',
      targets,
      statusName: String,
      ports,
      outbox: new Outbox(outboxFile, ports),
      replica: new Replica(file),
      freshReplica: (why) => {
        throw new Error(`seed ${this.#seed}: a replica was called broken: ${why}`);
      },
    });
  }

  #newId(): CommandId {
    this.#ids += 1;
    return `019a0000-0000-7000-8000-${String(this.#ids).padStart(12, '0')}` as CommandId;
  }

  #isAnswered({ outboxId, deskSeq }: OutboxPlace): boolean {
    return (
      this.#files.log
        .prepare('SELECT 1 FROM answer WHERE outbox_id = ? AND desk_seq = ?')
        .get(outboxId, deskSeq) !== undefined
    );
  }

  /** Whether it is new, and one that its desk made before it, and had to send over this line, is not on record. */
  #hasOvertaken(frame: Extract<DeskUp, { frame: 'stamped-command' }>, first: number): boolean {
    if (this.#isAnswered(frame)) return false;
    const it = this.#desks.find(({ name }) => name === frame.desk);
    return (it?.desk.pending ?? []).some(
      (other) =>
        other.deskSeq >= first && other.deskSeq < frame.deskSeq && !this.#isAnswered(other),
    );
  }

  #fault(): void {
    const { chance, pick } = this.#random;
    if (chance(0.02)) {
      // SIGKILL of the server: all sockets go, all that was not committed goes.
      this.#writer = undefined;
      for (const it of this.#desks) this.#disconnect(it);
    } else if (!this.#writer && chance(0.2)) this.#writer = this.#newWriter();
    const it = pick(this.#desks);
    if (!it) return;
    if (chance(0.03)) {
      // SIGKILL of a desk: the process that comes after has only the files.
      this.#disconnect(it);
      it.desk = this.#startDesk(it);
    } else if (chance(0.04)) this.#disconnect(it);
  }

  #disconnect(it: SimDesk): void {
    it.connection += 1;
    it.session = undefined;
    it.connectAt = this.#now + this.#random.below(3_000);
    this.#live.delete(it.name);
  }

  #connect(it: SimDesk): void {
    if (!this.#writer) return;
    it.connection += 1;
    const { connection } = it;
    const isOpen = () => it.connection === connection;
    const order = new OutboxOrder((place) => this.#isAnswered(place));
    let first: number | undefined;
    const up = this.#line(isOpen, (frame: DeskUp) => {
      if (frame.frame === 'stamped-command' && this.#writer) {
        if (this.#guard !== 'order' && order.take(frame) === 'out-of-order') {
          this.#linesEnded += 1;
          return this.#disconnect(it);
        }
        // A connection begins with what comes first: nothing says what should have been before it.
        first ??= frame.deskSeq;
        if (this.#hasOvertaken(frame, first)) this.#overtakers.push(frame.command.id);
      }
      this.#serve(it, frame, down);
    });
    const session = new SyncSession(it.desk, {
      now: () => this.#now as EpochMs,
      sign: () => 'AAAA',
      commandId: () => this.#newId(),
      send: up,
      close: () => isOpen() && this.#disconnect(it),
    });
    const down = this.#line(isOpen, (frame: DeskDown) => {
      if (frame.frame === 'ack')
        this.#acknowledged.set(frame.commandId, JSON.stringify(frame.answer));
      session.hear(frame);
    });
    it.session = session;
    down({ frame: 'challenge', nonce: 'AAAA' });
  }

  /** An ordered line, as TCP is: frames wait, and the line may be cut in between. Resends repeat frames. */
  #line<Frame>(isOpen: () => boolean, deliver: (frame: Frame) => void): (frame: Frame) => void {
    let lastAt = 0;
    return (frame) => {
      const { chance, below } = this.#random;
      const delay = !this.#isCalm && chance(0.1) ? below(4_000) : below(30);
      // Mostly in order; now and then a frame overtakes another, or comes twice, as a proxy can do it.
      const isBad = !this.#isCalm && this.#network === 'bad';
      const isReordered = isBad && chance(0.02);
      const at = isReordered ? this.#now + delay : Math.max(lastAt, this.#now + delay);
      lastAt = Math.max(lastAt, at);
      if (isBad && chance(0.01)) return; // lost on the way
      const copies = isBad && chance(0.02) ? 2 : 1;
      for (let n = 0; n < copies; n += 1)
        this.#wire.push({ at, deliver: () => isOpen() && deliver(structuredClone(frame)) });
    };
  }

  #serve(it: SimDesk, frame: DeskUp, down: (frame: DeskDown) => void): void {
    const writer = this.#writer;
    if (!writer) return;
    switch (frame.frame) {
      case 'hello': {
        const log = new SqliteEventLog(this.#files.log);
        if (log.hashAt(frame.cursor) !== frame.chainHash)
          throw new Error(`seed ${this.#seed}: ${it.name} has another log`);
        down({
          frame: 'welcome',
          protocol: 1,
          logId,
          epoch: writer.epoch,
          head: writer.head.seq,
          mode: 'delta',
          limits: { windowMax: 64, frameMaxBytes: 65_536 },
          peers: [],
          serverNow: this.#now as EpochMs,
        });
        this.#live.set(it.name, { send: down, sent: frame.cursor });
        this.#fanOut();
        return;
      }
      case 'stamped-command': {
        const parsed = parseAsked(frame.command);
        if (parsed.outcome === 'malformed') throw new Error('a desk sends what it has parsed');
        if (this.#guard === 'idempotency')
          this.#files.log.prepare('DELETE FROM answer WHERE command_id = ?').run(frame.command.id);
        const { settled } = writer.recordGroup([
          {
            commandId: this.#guard === 'idempotency' ? this.#newId() : frame.command.id,
            asked: parsed.asked,
            expect: frame.command.expect,
            occurredAt: frame.occurredAt,
            actor: frame.actor,
            desk: frame.desk,
            reference: frame.reference,
            ...(this.#guard !== 'idempotency' && {
              outbox: { id: frame.outboxId, deskSeq: frame.deskSeq },
            }),
          },
        ]);
        const [result] = settled;
        this.#fanOut();
        if (result?.outcome === 'answered' && !this.#random.chance(0.02))
          down({ frame: 'ack', commandId: frame.command.id, answer: result.answer });
        return;
      }
      case 'reserve-references':
        writer.recordGroup([
          {
            commandId: frame.id as CommandId,
            asked: { type: 'reserve-references', body: { desk: it.name, count: frame.count } },
            occurredAt: this.#now as EpochMs,
            actor: 'system' as UserId,
            desk: 'server' as DeskId,
          },
        ]);
        return this.#fanOut();
      case 'ping':
        return down({
          frame: 'pong',
          t0: frame.t0,
          t1: this.#now,
          head: writer.head.seq,
        });
      default:
    }
  }

  #fanOut(): void {
    const log = new SqliteEventLog(this.#files.log);
    for (const seat of this.#live.values()) {
      const events = log.readAfter(seat.sent, 500);
      if (events.length === 0) continue;
      seat.sent = events.at(-1)?.header.seq ?? seat.sent;
      seat.send({ frame: 'events', events: events.map(wired) });
    }
  }

  #act(): void {
    const { pick, below } = this.#random;
    const it = pick(this.#desks);
    if (!it) return;
    const asked = this.#choose(it.desk, below(10));
    if (!asked) return;
    const command: Command = { frame: 'command', id: this.#newId(), ...asked };
    const ack = it.desk.ask(command, it.seat);
    if (ack.answer.state === 'stored-here') this.#told.set(command.id, it.name);
    it.session?.pump();
    if (this.#ids % MERGED_ANEW_EVERY === 0) this.#checkMerged(it);
  }

  /** What a desk shows, kept while the record moves on, is what deciding all of it anew gives. */
  #checkMerged({ name, desk }: SimDesk): void {
    const { room } = desk.source;
    const { picture } = desk.replica;
    const record = OpenRoom.of((stream) => picture.get(stream));
    for (const [stream, entry] of picture.all()) record.put(stream, entry);
    const anew = merge(record, desk.pending, targets).room;
    const streams = new Set([...room.entries(), ...anew.entries()].map(([stream]) => stream));
    for (const stream of streams) {
      const [shown, wanted] = [room, anew].map((it) => JSON.stringify(it.get(stream)));
      if (shown !== wanted)
        throw new Error(`seed ${this.#seed}: ${name} shows ${shown} and should show ${wanted}`);
    }
  }

  #choose(desk: Desk, kind: number): Asked | undefined {
    const { pick, chance } = this.#random;
    const { room } = desk.source;
    const incidents = [...room.entries()].flatMap(([, { entity }]) =>
      entity.kind === 'incident' && entity.isRaised ? [entity.id] : [],
    );
    const incidentId: IncidentId | undefined = pick(incidents);
    const unitId = pick(UNITS) ?? ('HT21' as UnitId);
    const handover = pick([...room.handovers()]);
    switch (kind) {
      case 0:
        return { type: 'book-on-unit', body: { unitId, officers: [], skills: [] } };
      case 1:
        return chance(0.3) ? { type: 'book-off-unit', body: { unitId } } : undefined;
      case 2:
      case 3:
        return {
          type: 'raise-incident',
          body: {
            place: { text: 'Pier 4', isVerified: false },
            openingCode: 'DOM',
            grade: 1,
            qualifiers: [],
            narrative: '',
          },
        };
      case 4:
        return handover && { type: 'accept-handover', body: { handoverId: handover.id } };
      case 5:
        return incidentId && { type: 'assign-unit', body: { incidentId, unitId } };
      case 6:
        return {
          type: 'set-unit-status',
          body: { unitId, statusCode: pick([0, 2, 5, 6, 13]) ?? 5 },
        };
      case 7:
        return incidentId && { type: 'close-incident', body: { incidentId, closingCode: 'CIV' } };
      default:
        return incidentId && { type: 'add-log-entry', body: { incidentId, text: 'said' } };
    }
  }

  #advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      this.#wire.sort((a, b) => a.at - b.at);
      const next = this.#wire[0];
      if (!next || next.at > until) break;
      this.#wire.shift();
      this.#now = Math.max(this.#now, next.at);
      next.deliver();
    }
    this.#now = until;
    for (const it of this.#desks) {
      if (it.session) it.session.tick();
      else if (this.#now >= it.connectAt) this.#connect(it);
    }
  }

  #isQuiet(): boolean {
    const head = this.#writer?.head.seq;
    return this.#desks.every(({ desk }) => desk.pending.length === 0 && desk.cursor.seq === head);
  }

  /** Every invariant at once; what is wrong is told with the seed that shows it. */
  #check(): void {
    const wrong: string[] = [];
    const log = new SqliteEventLog(this.#files.log);
    const events = log.readAfter(0, 1_000_000);
    const verdict = verifyChain(events);
    if (verdict.outcome !== 'intact') wrong.push(`the chain is broken at ${verdict.seq}`);

    const answers = this.#files.log
      .prepare<[], { id: CommandId; answer: string }>('SELECT command_id AS id, answer FROM answer')
      .all();
    const answered = new Map(answers.map(({ id, answer }) => [id, answer]));
    const recorded = new Set(events.map(({ header }) => header.commandId));
    for (const [id, desk] of this.#told) {
      const answer = answered.get(id);
      if (answer === undefined) wrong.push(`${id} of ${desk} was stored here and is lost`);
      else if (answer.includes('"recorded"') !== recorded.has(id))
        wrong.push(`${id} was answered ${answer} and the log says otherwise`);
    }
    for (const [id, answer] of this.#acknowledged)
      if (answered.get(id) !== answer) wrong.push(`${id} was acknowledged as ${answer}`);
    // A note has no state that would refuse a second one: only the idempotency row stands against it.
    const notes = events.filter(({ header }) => header.type === 'incident.entry-added').length;
    const notesTold = [...this.#told.keys()].filter((id) =>
      events.some(
        ({ header }) => header.commandId === id && header.type === 'incident.entry-added',
      ),
    ).length;
    if (notes !== notesTold) wrong.push(`${notes} entries recorded of ${notesTold} that were made`);

    for (const id of this.#overtakers) wrong.push(`${id} was recorded before one made before it`);

    const fold = new Picture(newFiles().picture);
    fold.apply(events.map(recordedOf));
    const truth = JSON.stringify([...fold.all()]);
    const active = new Map<string, string>();
    for (const [stream, { entity }] of fold.all())
      if (entity.kind === 'unit' && entity.incidentId) active.set(stream, entity.incidentId);
    for (const { name, desk } of this.#desks) {
      if (desk.pending.length > 0) wrong.push(`${name} has ${desk.pending.length} not answered`);
      if (desk.cursor.seq !== log.head.seq) wrong.push(`${name} stands at ${desk.cursor.seq}`);
      if (JSON.stringify([...desk.replica.picture.all()]) !== truth)
        wrong.push(`${name} shows something else than the log says`);
    }
    if (wrong.length > 0) throw new Error(`seed ${this.#seed}: ${wrong.slice(0, 5).join('; ')}`);
  }
}

const wired = ({ header, kept }: StoredEvent): WireEvent => ({
  header: { ...header, desk: header.desk as DeskId }, // every header's desk was parsed as one
  ...(kept && { kept: { salt: Buffer.from(kept.salt).toString('base64'), text: kept.text } }),
});
