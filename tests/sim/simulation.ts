import {
  batchStream,
  type CommandId,
  type DeskId,
  type EpochMs,
  type UserId,
} from '#domain/ids.ts';
import { random } from '#domain/lib/random.ts';
import type { RecordedCrime } from '#domain/recorded-crime.ts';
import { OpenRoom } from '#domain/room.ts';
import type { Ack } from '#protocol/ack.ts';
import type { Command } from '#protocol/command.ts';
import { deskDown, type DeskDown } from '#protocol/down.ts';
import type { StampedCommand } from '#protocol/stamped-command.ts';
import { deskUp, type DeskUp } from '#protocol/up.ts';
import { Desk, isDiskError, type DeskOptions, type Seat } from '#desk/desk.ts';
import { merge } from '#desk/merge.ts';
import { Outbox, outboxMigrations } from '#desk/outbox.ts';
import { Replica } from '#desk/replica.ts';
import { SyncSession } from '#desk/sync-session.ts';
import { replicaMigrations } from '#store/migrations.ts';
import type { Store } from '#store/open-store.ts';
import { isBatchHere } from '#store/recorded-crimes.ts';
import { SqliteEventLog } from '#store/sqlite-event-log.ts';
import { Picture } from '#store/picture.ts';
import { answersIn, deskAtEnd } from '../support/desk-files.ts';
import { brokenPromises, firstDifference, foldOf, textOf } from '../support/invariants.ts';
import { referenceData, startedAt, targets } from '../support/room.ts';
import { choose, crimesOf, fromOutside, people, seatOf } from './actions.ts';
import { closeDisks, Crash, Disk, type DiskFault } from '../support/disk.ts';
import { forgetRefusals, LooseReplica, SetDesk, type Guard } from './guards.ts';
import { Network, Schedule, type Manner } from './network.ts';
import { SimServer, type ServerLine } from './sim-server.ts';

/*
 * Desks and a server as they are in the product, in one process: the real state machines over real
 * SQLite, with clocks, a network, disks and crashes that a seed decides. A crash drops everything a
 * process held in memory and keeps its files, as SIGKILL does.
 */

interface SimDesk {
  readonly name: DeskId;
  readonly disk: Disk;
  readonly outboxFile: Store;
  readonly replicaFiles: Store[];
  /** The one that is opened: the last that was ever whole. */
  whole: Store;
  /** How far its clock is off. */
  clockOffsetMs: number;
  seat: Seat;
  desk: Desk;
  session: SyncSession | undefined;
  /** Its end of the connection, and how it hangs up. */
  hangUp: (() => void) | undefined;
  connectAt: number;
  /** The highest epoch that a server has welcomed it with. */
  welcomedBy: number;
  /** Its disk has failed: it may call its replica broken. */
  mayRebuild: boolean;
  readonly tries: Map<CommandId, number>;
}

const NAMES = ['D1', 'CH1', 'SUP', 'CH2'] as DeskId[];
const HOUR = 3_600_000;
const MERGED_ANEW_EVERY = 40; // checked this often, or the check is all that the time goes into
const PARSED_EVERY = 30; // frames that go through their schemas on the way, as on a real line
const CALM_STEPS_MAX = 600;
const STEP_MS = 250;

/** What a seed leads to. */
export interface Outcome {
  readonly seed: number;
  /** Broken promises in words; none where all are kept. */
  readonly broken: readonly string[];
  /** Lines that the server has ended because commands came out of order. */
  readonly linesEnded: number;
}

export interface Choice {
  readonly operations: number;
  readonly guard?: Guard;
  readonly manner?: Manner;
}

/** Runs one seed: so many operator actions and faults, then calm until everything has drained. */
export function simulate(seed: number, choice: Choice): Outcome {
  try {
    return new Simulation(seed, choice).run();
  } finally {
    closeDisks();
  }
}

class Simulation {
  readonly #random;
  readonly #seed: number;
  readonly #operations: number;
  readonly #guard: Guard;
  readonly #isRestorable: boolean;
  readonly #schedule = new Schedule(startedAt);
  readonly #network: Network;
  #server: SimServer;
  readonly #desks: SimDesk[];
  /** A server of an earlier epoch that does not know it. */
  #ghost: SimServer | undefined;
  #ghostOf: SimServer['files'] | undefined;
  /** The last back-up of the server. */
  #backup: SimServer['files'] | undefined;
  /** Of what came after a back-up the audit of looks may be gone. */
  #isRestored = false;
  /** What a server answered whose disk is gone, and of which nothing is left: a desk may say it ever after. */
  readonly #lostWords = new Map<string, string>();
  readonly #imports = new Map<string, readonly RecordedCrime[]>();
  readonly #broken: string[] = [];
  readonly #told = new Map<CommandId, Ack['answer'][]>();
  /** What was looked at, by actor and subject, and how often. */
  readonly #looks = new Map<string, { readonly sure: number; readonly most: number }>();
  /** What each command was decided as, where that is kept. */
  readonly #decided: ConstructorParameters<typeof SetDesk>[1] = new Map();
  /** Commands that have come to be recorded. */
  readonly #arrived = new Set<CommandId>();
  readonly #revoked = new Set<UserId>();
  readonly #asked: { readonly name: DeskId; readonly command: Command }[] = [];
  #batches = 0;
  #ids = 0;
  #frames = 0;
  #isCalm = false;
  /** Desks that have begun, and the names that their outboxes began with. */
  readonly #named = new Set<DeskId>();
  readonly #firstNames = new Set<string>();

  constructor(seed: number, { operations, guard = 'none', manner = 'bad' }: Choice) {
    this.#seed = seed;
    this.#operations = operations;
    this.#guard = guard;
    // A restored server does not know the places of what other desks gave back: see STATUS, known faults.
    this.#isRestorable = manner !== 'ordered';
    this.#random = random(seed);
    this.#network = new Network(this.#schedule, this.#random, manner);
    this.#server = this.#newServer();
    if (guard === 'refusals') forgetRefusals(this.#server.files.log);
    // The log knows everybody, as it does in a force: who may take what from whom depends on it.
    for (const { id: userId, name, displayName, role } of people)
      this.#server.ask(
        this.#server.own({ type: 'add-user', body: { userId, name, displayName, role } }),
      );
    const count = 2 + this.#random.below(3);
    this.#desks = NAMES.slice(0, count).map((name, at) => this.#newDesk(name, at));
  }

  run(): Outcome {
    const { below } = this.#random;
    for (let n = 0; n < this.#operations && this.#broken.length === 0; n += 1) {
      this.#fault();
      this.#act();
      this.#advance(below(10) === 0 ? below(2_500) : below(300));
    }
    if (this.#broken.length === 0) this.#calmDown();
    if (this.#broken.length === 0) this.#check();
    for (const { outboxFile, replicaFiles } of this.#desks) {
      outboxFile.close();
      for (const file of replicaFiles) file.close();
    }
    const { linesEnded } = this.#server;
    return { seed: this.#seed, broken: this.#broken, linesEnded };
  }

  #newServer(from?: SimServer['files'], before?: (server: SimServer) => void): SimServer {
    return new SimServer(
      {
        schedule: this.#schedule,
        guard: this.#guard,
        below: (limit) => (this.#isCalm ? limit - 1 : this.#random.below(limit)),
        newId: () => this.#newId(),
        desks: () => this.#desks.length,
        isForbidden: (user) => this.#revoked.has(user),
        isFirstName: (outboxId) => this.#firstNames.has(outboxId),
        recording: (stamped, line) => this.#checkOrder(stamped, line),
      },
      from,
      before,
    );
  }

  #newDesk(name: DeskId, at: number): SimDesk {
    const disk = new Disk();
    const whole = disk.open(replicaMigrations);
    const files = {
      name,
      disk,
      outboxFile: disk.open(outboxMigrations),
      replicaFiles: [whole],
      whole,
      clockOffsetMs: 0,
    };
    const first = people[[2, 0, 4, 1][at] ?? 0] ?? people[0];
    if (!first) throw new Error('somebody sits at each desk');
    const it: SimDesk = {
      ...files,
      seat: seatOf(first),
      // Set in the next line: a desk asks its clock from its start on.
      desk: undefined as unknown as Desk,
      session: undefined,
      hangUp: undefined,
      connectAt: this.#schedule.now,
      welcomedBy: 0,
      mayRebuild: false,
      tries: new Map(),
    };
    it.desk = this.#startDesk(it);
    return it;
  }

  #startDesk(it: SimDesk): Desk {
    const { name, outboxFile, replicaFiles, disk } = it;
    disk.revive();
    it.tries.clear();
    const ports = {
      now: () => this.#timeAt(it),
      uuid: () => {
        this.#ids += 1;
        return `8c8e5a40-2f5a-4a57-9d0c-${String(this.#ids).padStart(12, '0')}`;
      },
      soon: (work: () => void) => work(),
    };
    const replicaOf = (file: Store) =>
      this.#guard === 'cursor' ? new LooseReplica(file) : new Replica(file);
    const make = (options: DeskOptions) =>
      this.#guard === 're-decide' ? new SetDesk(options, this.#decided) : new Desk(options);
    const outbox = new Outbox(outboxFile, ports);
    if (!this.#named.has(name)) this.#firstNames.add(outbox.outboxId);
    this.#named.add(name);
    return make({
      desk: name,
      force: 'HC',
      timeZone: 'Europe/London',
      referenceData,
      ports,
      outbox,
      replica: replicaOf(it.whole),
      freshReplica: (why) => {
        if (!it.mayRebuild && this.#guard !== 'epoch')
          this.#broken.push(`${name} calls its replica broken: ${why}`);
        replicaFiles.push(disk.open(replicaMigrations));
        return replicaOf(replicaFiles.at(-1) ?? it.whole);
      },
      finished: () => {
        it.whole = replicaFiles.at(-1) ?? it.whole;
      },
      settled: (ack) => this.#tell(ack),
    });
  }

  #timeAt = (it: SimDesk) => (this.#schedule.now + it.clockOffsetMs) as EpochMs;

  #tell({ commandId, answer }: Ack): void {
    if (this.#isLost(commandId, answer)) return;
    const before = this.#told.get(commandId);
    if (before) before.push(answer);
    else this.#told.set(commandId, [answer]);
  }

  #newId(): CommandId {
    this.#ids += 1;
    return `019a0000-0000-7000-8000-${String(this.#ids).padStart(12, '0')}` as CommandId;
  }

  /** Whether a command comes to be recorded before one that its desk made before it and had to send first. */
  #checkOrder(stamped: StampedCommand, { first = 0 }: ServerLine): void {
    if (this.#server.isAnswered(stamped)) return;
    const it = this.#desks.find(({ name }) => name === stamped.desk);
    const isBefore = (other: StampedCommand) =>
      other.deskSeq >= first && other.deskSeq < stamped.deskSeq;
    for (const other of it?.desk.pending ?? []) {
      if (!isBefore(other)) continue;
      if (!this.#arrived.has(other.command.id) && !this.#server.isAnswered(other))
        this.#broken.push(`${stamped.command.id} comes before ${other.command.id}, made before it`);
    }
    this.#arrived.add(stamped.command.id);
  }

  #fault(): void {
    const { chance, pick, below } = this.#random;
    const server = this.#server;
    if (!server.isUp) {
      if (chance(0.2)) this.#startServer();
    } else if (chance(0.01) && !server.awaitsTails) this.#backUp();
    else if (chance(0.01)) server.kill();
    else if (chance(0.012)) server.disk.crashAfter(below(60));
    else if (chance(0.008)) server.disk.failAfter(below(60), this.#diskFault(), 1 + below(4));
    if (chance(0.006)) server.clockOffsetMs = this.#jump(server.clockOffsetMs);
    const it = pick(this.#desks);
    if (!it) return;
    if (chance(0.012)) this.#restart(it);
    else if (chance(0.02)) it.disk.crashAfter(below(40));
    else if (chance(0.015)) {
      const fault = this.#diskFault();
      it.mayRebuild ||= fault === 'SQLITE_IOERR_WRITE';
      it.disk.failAfter(below(40), fault, 1 + below(4));
    } else if (chance(0.03)) this.#hangUp(it);
    else if (chance(0.01)) it.clockOffsetMs = this.#jump(it.clockOffsetMs);
    if (chance(0.012)) {
      // One desk, some desks or all of them; both ways or only one.
      const until = this.#schedule.now + below(15_000);
      const both = ['up', 'down'] as const;
      const ways = chance(0.5) ? both : [chance(0.5) ? both[0] : both[1]];
      const cut = chance(0.5) ? [it] : this.#desks.filter(() => chance(0.6));
      for (const { name } of cut)
        for (const way of ways) this.#network.cut(`${name} ${way}`, until);
    }
    if (this.#ghostOf && !this.#ghost) {
      // Back, as it was before the other was promoted, once every desk has heard of that.
      const { epoch, isUp } = server;
      if (isUp && this.#desks.every(({ welcomedBy }) => welcomedBy === epoch)) {
        this.#ghost = this.#newServer(this.#ghostOf);
        this.#ghostOf = undefined;
      }
    } else if (this.#ghost && chance(0.05)) this.#endGhost();
  }

  #diskFault = (): DiskFault => (this.#random.chance(0.5) ? 'SQLITE_FULL' : 'SQLITE_IOERR_WRITE');

  /** An hour forward or back, or back by a moment, as when a clock is set. */
  #jump(offsetMs: number): number {
    const { pick, below } = this.#random;
    return offsetMs + (pick([HOUR, -HOUR, -below(60_000)]) ?? 0);
  }

  #backUp(): void {
    const to = new Disk();
    const { log, picture } = this.#server.files;
    this.#backup = { log: to.copy(log), picture: to.copy(picture) };
  }

  /**
   * The server's disk is gone, and it goes on from the last back-up. What no desk had heard of yet is
   * lost with the disk, answered or not; who asked from a desk asks again.
   */
  #restore(backup: SimServer['files']): void {
    const before = this.#server;
    const epoch = 1 + epochOf(before.files.log);
    this.#server = this.#newServer(backup, (server) => server.restoredAs(epoch));
    this.#server.linesEnded = before.linesEnded;
    this.#isRestored = true;
    const known = answersIn(this.#server.files.log);
    const heard = Math.max(...this.#desks.map(({ desk }) => desk.shownCursor));
    for (const [id, answer] of answersIn(before.files.log)) {
      // That it was refused is known to the desk that was told, and to no server any more.
      const isLost = answer.state === 'recorded' ? answer.lastSeq > heard : !known.has(id);
      if (!isLost) continue;
      this.#lostWords.set(id, JSON.stringify(answer));
      const words =
        this.#told.get(id as CommandId)?.filter((word) => !this.#isLost(id, word)) ?? [];
      if (words.length === 0) this.#told.delete(id as CommandId);
      else this.#told.set(id as CommandId, words);
    }
  }

  #isLost = (id: string, answer: Ack['answer']) =>
    this.#lostWords.get(id) === JSON.stringify(answer);

  #startServer(): void {
    const server = this.#server;
    if (
      this.#isRestorable &&
      this.#backup &&
      !this.#ghost &&
      !this.#ghostOf &&
      this.#random.chance(0.15)
    ) {
      this.#restore(this.#backup);
      return;
    }
    if (this.#random.chance(0.1) && !this.#ghost) {
      const copy = new Disk();
      const { log, picture } = server.files;
      this.#ghostOf = { log: copy.copy(log), picture: copy.copy(picture) };
      server.raiseEpoch();
    }
    server.start();
  }

  #endGhost(): void {
    this.#ghost?.kill();
    this.#ghost = undefined;
  }

  /** SIGKILL of a desk: the process that comes after has only the files. */
  #restart(it: SimDesk): void {
    this.#hangUp(it);
    it.desk = this.#startDesk(it);
    this.#checkMerged(it);
  }

  #hangUp(it: SimDesk): void {
    it.session = undefined;
    it.connectAt = this.#schedule.now + this.#random.below(3_000);
    const { hangUp } = it;
    it.hangUp = undefined;
    hangUp?.();
  }

  /** Work of a desk's process. Its end is a restart; what it does not catch is the end of it too. */
  #alive(it: SimDesk, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof Crash) && !it.disk.isDead) {
        if (!(error instanceof Error)) throw error;
        this.#broken.push(`${it.name} dies: ${error.message} ${error.stack ?? ''}`);
      }
    }
    if (it.disk.isDead) this.#restart(it);
  }

  #connect(it: SimDesk): void {
    const server = this.#ghost?.isUp && this.#random.chance(0.5) ? this.#ghost : this.#server;
    if (!server.isUp) return;
    let isOpen = true;
    const up = this.#network.way<DeskUp>(
      `${it.name} up`,
      (frame) => server.hear(line, this.#parsed(frame, deskUp)),
      () => line.end(),
    );
    const down = this.#network.way<DeskDown>(
      `${it.name} down`,
      (frame) => {
        if (isOpen) this.#alive(it, () => this.#hear(it, session, this.#parsed(frame, deskDown)));
      },
      () => isOpen && this.#hangUp(it),
    );
    it.hangUp = () => {
      isOpen = false;
      up.end();
    };
    const session = new SyncSession(
      it.desk,
      {
        now: () => this.#timeAt(it),
        elapsedMs: () => this.#schedule.now,
        sign: () => 'AAAA',
        commandId: () => this.#newId(),
        send: (frame) => isOpen && up.send(frame),
        close: () => isOpen && this.#hangUp(it),
      },
      it.tries,
    );
    it.session = session;
    const line = server.connect(down.send, down.end);
  }

  #hear(it: SimDesk, session: SyncSession, frame: DeskDown): void {
    if (frame.frame !== 'welcome') return session.hear(frame);
    const { epoch } = frame;
    const isBelieved = this.#guard === 'epoch';
    session.hear(isBelieved ? { ...frame, epoch: Math.max(epoch, it.welcomedBy) } : frame);
    if (epoch < it.welcomedBy && session.link.state === 'live')
      this.#broken.push(`${it.name} knows epoch ${it.welcomedBy} and joins a server of ${epoch}`);
    if (session.link.state === 'live') it.welcomedBy = Math.max(it.welcomedBy, epoch);
  }

  /** Now and then a frame goes through its schema, so that what is sent is what may be sent. */
  #parsed<Frame>(frame: Frame, schema: { parse: (value: unknown) => Frame }): Frame {
    this.#frames += 1;
    if (this.#frames % PARSED_EVERY > 0) return frame;
    return schema.parse(JSON.parse(JSON.stringify(frame)));
  }

  #act(): void {
    const { chance, pick, below } = this.#random;
    const server = this.#server;
    const it = pick(this.#desks);
    if (!it) return;
    const kind = below(100);
    if (kind < 8) {
      const asked = server.isUp ? fromOutside(it.desk.source.room, this.#random) : undefined;
      if (!asked) return;
      const request = server.own(asked, 'k-phone' as UserId, 'outside' as DeskId);
      const answer = server.ask(request);
      if (answer) this.#tell({ frame: 'ack', commandId: request.commandId, answer });
      return;
    }
    if (kind < 11) return server.escalate();
    if (kind < 13) return this.#server.foldPicture();
    if (kind === 13) {
      this.#batches += 1;
      const batch = `batch-${this.#batches}`;
      const rows = crimesOf(this.#batches, this.#random);
      this.#imports.set(batch, rows);
      if (this.#isRestored) this.#importAgain(); // first what is owed
      return server.importCrimes(batch, rows);
    }
    if (kind < 20) return this.#look(it);
    if (kind < 24) {
      const next = pick(people);
      if (next) this.#sit(it, seatOf(next));
      return;
    }
    if (kind === 24 && chance(0.2)) {
      this.#revoked.add(it.seat.user.id);
      return;
    }
    if (kind < 27) {
      const item = pick(it.desk.outbox.tray());
      return this.#alive(it, () => {
        if (item) this.#unlessDiskFails(() => it.desk.outbox.settleTray(item.root));
      });
    }
    if (kind < 31) {
      // The window asks again what it has asked before: it may not have heard the answer.
      const before = pick(this.#asked.slice(-20));
      const at = before && this.#desks.find(({ name }) => name === before.name);
      if (before && at) this.#ask(at, before.command);
      return;
    }
    const wanted = choose(it.desk.source.room, this.#random, it.seat.user.id);
    if (!wanted) return;
    const { asked, expect } = wanted;
    this.#ask(it, { frame: 'command', id: this.#newId(), ...asked, ...(expect && { expect }) });
    if (this.#ids % MERGED_ANEW_EVERY === 0) this.#checkMerged(it);
  }

  #ask(it: SimDesk, command: Command): void {
    this.#asked.push({ name: it.name, command });
    this.#alive(it, () => {
      const ack = it.desk.ask(command, it.seat);
      if (!it.disk.isDead) this.#tell(ack);
      it.session?.pump();
    });
  }

  /** A disk that fails is told to who asked: nothing was stored, and they ask again. */
  #unlessDiskFails(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!isDiskError(error)) throw error;
    }
  }

  #sit(it: SimDesk, next: Seat): void {
    const onDuty = (type: 'start-duty' | 'end-duty') =>
      this.#ask(it, { frame: 'command', id: this.#newId(), type, body: {} });
    if (next.user.id !== it.seat.user.id) onDuty('end-duty');
    it.seat = next;
    onDuty('start-duty');
  }

  #look(it: SimDesk): void {
    const { pick, below } = this.#random;
    const actor = it.seat.user.id;
    const what = pick(['find', 'incident']) ?? 'find';
    const subject = `subject ${below(3)}`;
    const key = JSON.stringify([it.name, actor, what, subject]);
    const { sure, most } = this.#looks.get(key) ?? { sure: 0, most: 0 };
    // One that was being kept when the process ended may be there or not.
    this.#looks.set(key, { sure, most: most + 1 });
    this.#alive(it, () => {
      try {
        it.desk.outbox.consult({ actor, what, subject, shown: 1 });
        this.#looks.set(key, { sure: sure + 1, most: most + 1 });
      } catch (error) {
        if (!isDiskError(error)) throw error;
        this.#looks.set(key, { sure, most });
      }
    });
  }

  #advance(ms: number): void {
    this.#schedule.runUntil(this.#schedule.now + ms);
    if (this.#server.isUp) this.#server.tick();
    this.#ghost?.tick();
    for (const it of this.#desks) {
      if (it.session) this.#alive(it, () => it.session?.tick());
      else if (this.#schedule.now >= it.connectAt) this.#connect(it);
    }
  }

  /** No more faults, until nothing waits any more or it is clear that it never will. */
  #calmDown(): void {
    this.#isCalm = true;
    this.#endGhost();
    this.#network.heal();
    // The last fault: what waits then must not wait for a clock.
    for (const it of this.#desks)
      if (this.#random.chance(0.3)) it.clockOffsetMs = this.#jump(it.clockOffsetMs);
    for (const { disk } of this.#desks) disk.revive();
    this.#server.disk.revive();
    if (!this.#server.isUp) this.#server.start();
    for (let n = 0; n < CALM_STEPS_MAX && !this.#isQuiet(); n += 1) {
      this.#advance(STEP_MS);
      if (this.#isRestored) this.#importAgain();
    }
    this.#server.foldPicture();
  }

  /** A restored log tells of imports whose rows it does not have: the files are imported again. */
  #importAgain(): void {
    const server = this.#server;
    const { log } = server.files;
    const events = new SqliteEventLog(log);
    for (const [batch, rows] of this.#imports)
      if (events.readStream(batchStream(batch)).length > 0 && !isBatchHere(log, batch))
        server.importCrimes(batch, rows);
  }

  #isQuiet(): boolean {
    const { head, awaitsTails } = this.#server;
    if (awaitsTails) return false;
    return this.#desks.every(
      ({ desk }) =>
        desk.pending.length === 0 &&
        desk.shownCursor === head &&
        !desk.isRebuilding &&
        desk.outbox.unanswered().length === 0 &&
        desk.outbox.consultations(1).length === 0 &&
        desk.crimesWanted() === undefined,
    );
  }

  /** What a desk shows, kept while the record moves on, is what deciding all of it anew gives. */
  #checkMerged({ name, desk }: SimDesk): void {
    if (desk.isRebuilding) return; // what is shown is the picture from before
    const { room } = desk.source;
    const { picture } = desk.replica;
    const record = OpenRoom.of((stream) => picture.get(stream));
    for (const [stream, entry] of picture.all()) record.put(stream, entry);
    const anew = merge(record, desk.pending, targets).room;
    const streams = new Set([...room.entries(), ...anew.entries()].map(([stream]) => stream));
    for (const stream of streams) {
      const [shown, wanted] = [room, anew].map((it) => JSON.stringify(it.get(stream)));
      if (shown === wanted) continue;
      this.#broken.push(`${name} shows ${shown} and should show ${wanted}`);
      return;
    }
  }

  #check(): void {
    const { log, picture } = this.#server.files;
    const events = new SqliteEventLog(log).readAfter(0, 1_000_000);
    for (const it of this.#desks) this.#checkMerged(it);
    this.#broken.push(
      ...brokenPromises({
        events,
        answers: answersIn(log),
        told: this.#told,
        desks: this.#desks.map(({ name, desk, outboxFile }) =>
          deskAtEnd(name, desk.replica, outboxFile),
        ),
      }),
    );
    const whole = new Map(
      [...new Picture(picture).all()].map(([stream, entry]) => [stream, textOf(stream, entry)]),
    );
    const difference = firstDifference(
      foldOf(events, () => true),
      whole,
    );
    if (difference) this.#broken.push(`the server shows ${JSON.stringify(difference)}`);
    this.#checkLooks();
    this.#checkCrimes();
  }

  /** Who looked at what is in the audit, every look, once. */
  #checkLooks(): void {
    const rows = this.#server.files.log
      .prepare<[], { desk: string; actor: string; what: string; subject: string; outcome: string }>(
        `SELECT desk, actor, what, subject, outcome FROM audit WHERE operation = 'consultation'`,
      )
      .all();
    const audited = new Map<string, number>();
    for (const { desk, actor, what, subject, outcome } of rows) {
      const key = JSON.stringify([desk, actor, what, subject]);
      audited.set(key, (audited.get(key) ?? 0) + Number(outcome));
    }
    for (const key of new Set([...this.#looks.keys(), ...audited.keys()])) {
      const { sure, most } = this.#looks.get(key) ?? { sure: 0, most: 0 };
      const kept = audited.get(key) ?? 0;
      if ((kept < sure && !this.#isRestored) || kept > most)
        this.#broken.push(`${key} looked ${sure} to ${most} times, audited ${kept}`);
    }
  }

  /** Every row of every import is at every desk. */
  #checkCrimes(): void {
    const rowsIn = (db: Store) =>
      JSON.stringify(
        db
          .prepare<[]>(
            'SELECT identity, batch_id, crime_id, location FROM recorded_crime ORDER BY identity',
          )
          .all(),
      );
    const held = rowsIn(this.#server.files.log);
    for (const { name, desk } of this.#desks)
      if (rowsIn(desk.replica.db) !== held)
        this.#broken.push(`${name} does not hold the recorded crimes that the server holds`);
  }
}

const epochOf = (log: Store) =>
  log.prepare<[], number>('SELECT epoch FROM log_meta').pluck().get() ?? 0;
