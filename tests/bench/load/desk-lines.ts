import type { Asked } from '#domain/commands.ts';
import type { ContactId } from '#domain/ids.ts';
import { limits } from '#protocol/limits.ts';
import { freshCommandId, wallClock } from '../../support/fresh.ts';
import { Frames, LoadLine, type Cursor, type Known } from './load-line.ts';
import { lifeOf } from './life.ts';
import type { JoinDesks, Lives, Lost, Paced, Saturated } from './orders.ts';
import { atPace, Traffic, type TrafficReport } from './traffic.ts';

const AT_ONCE = 15; // of one address only twenty may be at the door
const TICKS = 20; // the lines report one after the other, as desks that started one after the other
const PROBE = 100;

/** The desks of a load process, and what is written by those of them where somebody sits. */
export class DeskLines {
  readonly #lines = new Map<string, LoadLine>();
  readonly #paused = new Set<LoadLine>();
  readonly #lost: Lost[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #numbersOf = new WeakMap<Known, readonly number[]>();
  readonly #frames = new Frames();
  readonly #contacts = new Map<LoadLine, ContactId>();
  readonly #ticker: NodeJS.Timeout;
  #traffic: Traffic | undefined;
  #moved: (() => void) | undefined;
  #frameBytes = 0;
  #ticks = 0;

  constructor() {
    this.#ticker = setInterval(() => {
      this.#ticks += 1;
      const now = wallClock();
      let at = 0;
      for (const line of this.#lines.values()) {
        at += 1;
        if (at % TICKS === this.#ticks % TICKS) line.tick(now);
      }
    }, limits.pingEveryMs / TICKS);
    this.#ticker.unref();
  }

  async join({ url, desks, from, isParsing = false }: JoinDesks): Promise<{ ms: number }> {
    const start = performance.now();
    for (let at = 0; at < desks.length; at += AT_ONCE)
      await Promise.all(
        desks.slice(at, at + AT_ONCE).map(async (desk) => {
          const line = new LoadLine(url, desk, {
            frames: isParsing ? new Frames() : this.#frames,
            events: {
              seen: (frame) => this.#seen(frame, line),
              answered: (command, state) => {
                if (state !== 'recorded') throw new Error(`${command} was ${state}`);
              },
              lost: (why) => {
                this.#lines.delete(desk.desk);
                this.#lost.push({ desk: desk.desk, why, at: line.cursor });
                this.#moved?.();
              },
            },
            ...(from && { from }),
          });
          this.#lines.set(desk.desk, line);
          const head = await line.joined;
          await this.#until(() => line.cursor.seq >= head);
        }),
      );
    return { ms: performance.now() - start };
  }

  async paced({ rate, seconds, bytes, warmUpSeconds }: Paced): Promise<TrafficReport> {
    return (await this.#writing(bytes)).paced(rate, seconds, warmUpSeconds);
  }

  async saturated({ inFlight, seconds, bytes }: Saturated): Promise<TrafficReport> {
    return (await this.#writing(bytes)).saturated(inFlight, seconds);
  }

  /** Contacts that come and go at that pace, each whole at one of the desks where somebody sits. */
  async lives({ rate, seconds }: Lives): Promise<{ contacts: number }> {
    const writers = this.#readers().filter(({ desk }) => desk.writer !== undefined);
    const contacts = Math.round(rate * seconds);
    await atPace(rate, contacts, (n) => {
      const line = writers[n % writers.length];
      for (const { asked, id } of lifeOf(n)) line?.ask(asked, id);
    });
    await this.#until(() => writers.every(({ waiting }) => waiting === 0));
    return { contacts };
  }

  async pause({ desk, isPaused }: { desk: string; isPaused: boolean }): Promise<void> {
    const line = this.#lines.get(desk);
    if (!line) throw new Error(`${desk} has no line`);
    if (isPaused) {
      this.#paused.add(line);
      line.pause();
    } else line.resume(); // it is no reader until its traffic is over: what it missed was not late for it
  }

  /** Resolves once the line of a desk is lost. */
  async lost(desk: string): Promise<Lost> {
    const find = () => this.#lost.find((it) => it.desk === desk);
    await this.#until(() => find() !== undefined);
    const lost = find();
    if (!lost) throw new Error(`${desk} was lost and is not`);
    return lost;
  }

  async now(): Promise<{ least: Cursor; lost: readonly Lost[] }> {
    const [least] = this.#readers()
      .map(({ cursor }) => cursor)
      .toSorted((a, b) => a.seq - b.seq);
    if (!least) throw new Error('no line is left');
    return { least, lost: [...this.#lost] };
  }

  async leave(): Promise<void> {
    for (const line of this.#lines.values()) line.end();
    this.#lines.clear();
    this.#paused.clear();
    this.#contacts.clear();
  }

  /** Traffic of log entries that weigh so much on the wire, each writer in a contact of its own. */
  async #writing(bytes: number): Promise<Traffic> {
    const readers = this.#readers();
    const writers = readers.filter(({ desk }) => desk.writer !== undefined);
    for (const line of writers)
      if (!this.#contacts.has(line)) {
        const id: string = line.ask({ type: 'open-contact', body: { channel: 'counter' } });
        this.#contacts.set(line, id as ContactId); // a contact is named by the command that opens it
      }
    const entry = (line: LoadLine, text: string): Asked => ({
      type: 'add-contact-entry',
      body: { contactId: this.#contacts.get(line) ?? ('' as ContactId), text }, // each has one, above
    });
    const [first] = writers;
    if (!first) throw new Error('nobody writes');
    await this.#until(() => writers.every(({ waiting }) => waiting === 0));
    // One entry alone in its frame says what stands around its text.
    first.ask(entry(first, 'x'.repeat(PROBE)));
    await this.#until(() => first.waiting === 0);
    const around = this.#frameBytes - PROBE;
    const text = 'x'.repeat(Math.max(1, bytes - around));
    this.#numbers.clear();
    const traffic = new Traffic({
      readers: readers.length,
      write: (n) => {
        const line = writers[n % writers.length] ?? first;
        const id = freshCommandId();
        this.#numbers.set(id, n);
        line.ask(entry(line, text), id);
      },
    });
    this.#traffic = traffic;
    return traffic;
  }

  #readers(): readonly LoadLine[] {
    return [...this.#lines.values()].filter((line) => !this.#paused.has(line));
  }

  #seen(frame: Known, line: LoadLine): void {
    this.#moved?.();
    this.#frameBytes = frame.bytes.length;
    if (!this.#traffic || this.#paused.has(line)) return;
    const at = performance.now();
    let numbers = this.#numbersOf.get(frame);
    if (!numbers) {
      numbers = frame.commands.flatMap((id) => this.#numbers.get(id) ?? []);
      this.#numbersOf.set(frame, numbers);
    }
    for (const n of numbers) this.#traffic.seen(n, at);
  }

  /** Looked at again whenever events have come, and a few times a second. */
  async #until(isSo: () => boolean): Promise<void> {
    if (isSo()) return;
    await new Promise<void>((resolve) => {
      const before = this.#moved;
      const look = () => {
        if (!isSo()) return;
        clearInterval(timer);
        this.#moved = before;
        resolve();
      };
      const timer = setInterval(look, 50);
      this.#moved = () => {
        before?.();
        look();
      };
    });
  }
}
