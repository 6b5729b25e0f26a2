import type { Role } from '#domain/facts.ts';
import type { CommandId, EpochMs, UserId } from '#domain/ids.ts';
import { RollingTimes, type Spread } from '#domain/lib/rolling-times.ts';
import type { DeskReport, ReportFrame } from '#protocol/desk-report.ts';
import type { SeatRow } from '#protocol/view.ts';
import type { Desk } from './desk.ts';

const LATELY_MS = 15 * 60_000; // what it is like now, and not this morning
const MEASURED_MAX = 500; // keys or commands of that quarter of an hour that are looked at
const UNDER_WAY_MAX = 10_000; // as many as an outbox holds
const REPORT_EVERY_MS = 5_000;
const OFFSET_STEP_MS = 500; // a clock that wavers by less is no news

/** What the seat says of the link, and who sits there. */
export type Standing = Pick<SeatRow, 'mode' | 'offsetMs' | 'version'> & {
  readonly user: UserId | undefined;
  /** Another role of the same person may see more, or less. */
  readonly role: Role | undefined;
};

/** How this desk is: what it tells the supervisor, and when it is time to tell it again. */
export class OwnReport {
  readonly #desk: Desk;
  readonly #now: () => EpochMs;
  readonly #elapsedMs: () => number;
  readonly #keys = new RollingTimes({ max: MEASURED_MAX, ageMs: LATELY_MS });
  readonly #saves = new RollingTimes({ max: MEASURED_MAX, ageMs: LATELY_MS });
  /** When each command was stored that the server has not answered. Those of an earlier process are not timed. */
  readonly #storedMs = new Map<CommandId, number>();
  #told:
    | { readonly text: string; readonly user: UserId | undefined; readonly atMs: number }
    | undefined;

  /** `elapsedMs` counts from some moment and cannot be set: all that is measured is measured by it. */
  constructor(desk: Desk, { now, elapsedMs }: { now: () => EpochMs; elapsedMs: () => number }) {
    this.#desk = desk;
    this.#now = now;
    this.#elapsedMs = elapsedMs;
  }

  /** A command is durably here. */
  stored(id: CommandId): void {
    if (this.#storedMs.size < UNDER_WAY_MAX) this.#storedMs.set(id, this.#elapsedMs());
  }

  /** The server's last word on it has come. */
  settled(id: CommandId): void {
    const since = this.#storedMs.get(id);
    if (since === undefined) return;
    this.#storedMs.delete(id);
    this.#saves.add(this.#elapsedMs() - since, this.#elapsedMs());
  }

  /** How long keys took to be seen, as a window has measured it. */
  painted(ms: readonly number[]): void {
    for (const it of ms) this.#keys.add(it, this.#elapsedMs());
  }

  /** How it is now, with the moments that the ages count from. */
  look({ mode, offsetMs, version }: Omit<Standing, 'user' | 'role'>) {
    const desk = this.#desk;
    const { count, oldestAt } = desk.outbox.openDrafts();
    const [oldest] = desk.pending;
    const [keyToPaint, saveToRecord] = [this.#keys, this.#saves].map((it) =>
      rounded(it.spread(this.#elapsedMs())),
    );
    return {
      mode,
      waiting: desk.pending.length,
      oldestWaitingAt: oldest?.occurredAt,
      tray: desk.tray().length,
      drafts: count,
      oldestDraftAt: oldestAt,
      version,
      offsetMs,
      keyToPaint,
      saveToRecord,
    };
  }

  /** The report, where it is time for one; `told` once it went. */
  due(standing: Standing): { readonly frame: ReportFrame; readonly told: () => void } | undefined {
    const { user, role } = standing;
    const seen = this.look(standing);
    const text = JSON.stringify({
      ...seen,
      role,
      offsetMs: Math.round(seen.offsetMs / OFFSET_STEP_MS),
    });
    const before = this.#told;
    const atMs = this.#elapsedMs();
    const isOfAnother = before !== undefined && before.user !== user;
    if (before && !isOfAnother && (before.text === text || atMs - before.atMs < REPORT_EVERY_MS))
      return undefined;
    const report = reportOf(seen, this.#now());
    const frame: ReportFrame = {
      frame: 'desk-report',
      ...(user !== undefined && { user }),
      report,
    };
    return { frame, told: () => (this.#told = { text, user, atMs }) };
  }

  /** A new line: whoever is at its other end knows nothing of this desk. */
  again(): void {
    this.#told = undefined;
  }
}

function reportOf(seen: ReturnType<OwnReport['look']>, now: number): DeskReport {
  const { oldestWaitingAt, oldestDraftAt, keyToPaint, saveToRecord, ...report } = seen;
  const ageOf = (at: number) => Math.max(0, now - at);
  return {
    ...report,
    ...(oldestWaitingAt !== undefined && { oldestWaitingMs: ageOf(oldestWaitingAt) }),
    ...(oldestDraftAt !== undefined && { oldestDraftMs: ageOf(oldestDraftAt) }),
    ...(keyToPaint && { keyToPaint }),
    ...(saveToRecord && { saveToRecord }),
  };
}

const rounded = (spread: Spread | undefined): Spread | undefined =>
  spread && { ...spread, p50Ms: tenth(spread.p50Ms), p95Ms: tenth(spread.p95Ms) };
const tenth = (ms: number) => Math.round(ms * 10) / 10;
