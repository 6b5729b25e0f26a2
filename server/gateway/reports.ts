import type { DeskId, EpochMs, UserId } from '#domain/ids.ts';
import type { DeskReports, ReportFrame, ReportOfDesk } from '#protocol/desk-report.ts';
import type { Timers } from './timers.ts';

const DESKS_AT_ONCE = 500; // what one frame may hold
const TELL_EVERY_MS = 1_000; // of 300 desks at most 60 report in a second: one frame of some 20 KB
const GONE_KEPT_MS = 12 * 3_600_000; // a shift: who left with something in the tray is still to be found
const GONE_MAX = 500; // desks that were taken away for good are not kept beyond this; the oldest go first

/**
 * How each desk is, as it last said: the latest value wins, it is told only to the desks where somebody sits who
 * may see it, and none of it is ever stored. What a desk said last outlives its line, since one that died with a
 * full tray matters most.
 */
export class Reports {
  readonly #latest = new Map<DeskId, ReportOfDesk>();
  readonly #listeners = new Set<DeskId>();
  readonly #changed = new Set<DeskId>();
  readonly #timers: Timers;
  readonly #now: () => EpochMs;
  readonly #maySee: (user: UserId) => boolean;
  readonly #tell: (desk: DeskId, reports: DeskReports) => void;
  #stop: (() => void) | undefined;

  constructor(ports: {
    readonly timers: Timers;
    readonly now: () => EpochMs;
    /** Whether a person's role is one that all reports are shown to. */
    readonly maySee: (user: UserId) => boolean;
    readonly tell: (desk: DeskId, reports: DeskReports) => void;
  }) {
    this.#timers = ports.timers;
    this.#now = ports.now;
    this.#maySee = ports.maySee;
    this.#tell = ports.tell;
  }

  heard(desk: DeskId, { user, report }: Pick<ReportFrame, 'user' | 'report'>): void {
    const at = this.#now();
    this.#latest.set(desk, { desk, ...(user !== undefined && { user }), at, report });
    this.#soon(desk);
    if (user === undefined || !this.#maySee(user)) return void this.#listeners.delete(desk);
    if (this.#listeners.has(desk)) return;
    this.#listeners.add(desk);
    this.#letGo();
    for (const frame of inFrames([...this.#latest.values()], true)) this.#tell(desk, frame);
  }

  /** A new line of a desk: whoever is at its other end knows nothing of the others. */
  joined(desk: DeskId): void {
    this.#listeners.delete(desk);
  }

  /** The line of a desk has ended: what it said last stays, with the moment. */
  gone(desk: DeskId): void {
    this.#listeners.delete(desk);
    const last = this.#latest.get(desk);
    if (!last) return;
    this.#latest.set(desk, { ...last, goneSince: this.#now() });
    this.#soon(desk);
  }

  close(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Nobody listens most of the time: then nothing is made up either. */
  #soon(desk: DeskId): void {
    this.#changed.add(desk);
    this.#stop ??= this.#timers.after(TELL_EVERY_MS, () => {
      this.#stop = undefined;
      this.#letGo();
      const latest = [...this.#changed].flatMap((it) => this.#latest.get(it) ?? []);
      this.#changed.clear();
      if (latest.length === 0 || this.#listeners.size === 0) return;
      for (const frame of inFrames(latest, false))
        for (const listener of this.#listeners) this.#tell(listener, frame);
    });
  }

  #letGo(): void {
    const gone = [...this.#latest.values()]
      .filter((it) => it.goneSince !== undefined)
      .toSorted((left, right) => (right.goneSince ?? 0) - (left.goneSince ?? 0));
    const oldest = this.#now() - GONE_KEPT_MS;
    for (const [index, { desk, goneSince = 0 }] of gone.entries())
      if (index >= GONE_MAX || goneSince < oldest) this.#latest.delete(desk);
  }
}

/** In as many frames as they need; the first of all that there is begins the list anew. */
function inFrames(reports: readonly ReportOfDesk[], isAll: boolean): readonly DeskReports[] {
  const frames: DeskReports[] = [];
  for (let at = 0; at < reports.length; at += DESKS_AT_ONCE) {
    const latest = reports.slice(at, at + DESKS_AT_ONCE);
    frames.push({ frame: 'desk-reports', isAll: isAll && at === 0, latest });
  }
  return frames;
}
