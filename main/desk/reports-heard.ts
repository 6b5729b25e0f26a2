import type { DeskId, EpochMs } from '#domain/ids.ts';
import type { DeskReports, ReportOfDesk } from '#protocol/desk-report.ts';

const GONE_KEPT_MS = 12 * 3_600_000; // a shift, as the server keeps them
const DESKS_MAX = 1_000; // three times the largest force; the ones that went first are let go

/**
 * How the other desks are, as they last said. In memory only; it stays while the line is down, as everything
 * that is shown does, with its age on the panel.
 */
export class ReportsHeard {
  readonly #now: () => EpochMs;
  readonly #changed: () => void;
  #latest: ReadonlyMap<DeskId, ReportOfDesk> = new Map();

  constructor(now: () => EpochMs, changed: () => void) {
    this.#now = now;
    this.#changed = changed;
  }

  get latest(): ReadonlyMap<DeskId, ReportOfDesk> {
    return this.#latest;
  }

  /**
   * A server that begins the list anew may be one that was started again and knows less: a desk that it has not
   * heard is gone from now on, and what it said last is kept here.
   */
  heard({ isAll, latest }: Pick<DeskReports, 'isAll' | 'latest'>): void {
    const now = this.#now();
    const next = new Map<DeskId, ReportOfDesk>();
    for (const [desk, known] of this.#latest) {
      const goneSince = known.goneSince ?? (isAll ? now : undefined);
      if (goneSince !== undefined && now - goneSince > GONE_KEPT_MS) continue;
      next.set(desk, { ...known, ...(goneSince !== undefined && { goneSince }) });
    }
    for (const it of latest) next.set(it.desk, it);
    const goneFirst = [...next.values()].toSorted(
      (left, right) => (left.goneSince ?? Infinity) - (right.goneSince ?? Infinity),
    );
    for (const { desk } of goneFirst.slice(0, Math.max(0, next.size - DESKS_MAX)))
      next.delete(desk);
    this.#latest = next;
    this.#changed();
  }
}
