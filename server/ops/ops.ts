import { Gauge, type Registry } from 'prom-client';
import type { DeskId, EpochMs } from '#domain/ids.ts';
import type { Notice } from '#protocol/server-notices.ts';
import type { Timers } from '../gateway/timers.ts';
import { ClockWatch } from './clock-watch.ts';
import type { DiskLimits } from './disk-room.ts';
import { DiskWatch } from './disk-watch.ts';
import { Notices } from './notices.ts';

const DISKS_EVERY_MS = 30_000; // a disk that takes 100 MB a second has lost 3 GB between two looks
const CLOCK_EVERY_MS = 5_000; // a jump is told before a second one can hide it

export interface OpsOptions {
  readonly dataDir: string;
  readonly backups: string | undefined;
  /** Without them nobody looks at the disks. */
  readonly diskLimits: DiskLimits | undefined;
  readonly clockWarnMs: number;
  readonly now: () => EpochMs;
  readonly elapsedMs: () => number;
  readonly timers: Timers;
  readonly told: (line: string) => void;
  readonly desks: () => ReadonlyMap<DeskId, number>;
}

/** What looks after the server's own machine: its disks and its clock. */
export class Ops {
  readonly notices: Notices;
  readonly #disks: DiskWatch | undefined;
  readonly #clock: ClockWatch;
  readonly #desks: OpsOptions['desks'];
  readonly #stops: readonly (() => void)[];

  constructor(options: OpsOptions) {
    const { dataDir, backups, diskLimits, now, elapsedMs, timers, told, desks } = options;
    this.notices = new Notices({ now, told });
    this.#desks = desks;
    const { notices } = this;
    this.#disks =
      diskLimits &&
      new DiskWatch({
        disks: [
          { about: 'disk', name: "The server's disk", folder: dataDir },
          ...(backups === undefined
            ? []
            : [
                {
                  about: 'backup-disk',
                  name: "The disk of the server's back-ups",
                  folder: backups,
                },
              ]),
        ],
        limits: diskLimits,
        notices,
      });
    const warnMs = options.clockWarnMs;
    this.#clock = new ClockWatch({ now, elapsedMs, notices, told, warnMs, desks });
    const lookAtDisks = () => void this.#disks?.look(); // it tells of a disk that fails, and never throws
    lookAtDisks();
    this.#stops = [
      timers.every(DISKS_EVERY_MS, lookAtDisks),
      timers.every(CLOCK_EVERY_MS, () => this.#clock.look()),
    ];
  }

  get all(): readonly Notice[] {
    return this.notices.all;
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  /** The same as figures, for whoever watches many servers. */
  addMetrics(registry: Registry): void {
    const registers = [registry];
    const rooms = () => this.#disks?.rooms ?? new Map<string, never>();
    const disk = (name: string, help: string, read: (room: Room) => number) =>
      new Gauge({
        name,
        help,
        labelNames: ['disk'],
        registers,
        collect() {
          this.reset();
          for (const [about, room] of rooms()) this.labels(about).set(read(room));
        },
      });
    disk('holdfast_disk_free_bytes', 'Free bytes on a disk', (room) => room.freeBytes);
    disk('holdfast_disk_used_ratio', 'How full a disk is', (room) => room.usedPercent / 100);
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    gauge(
      'holdfast_clock_jumped_seconds',
      'By how much the clock was set since the start',
      () => this.#clock.jumpedMs / 1_000,
    );
    gauge('holdfast_desk_clock_offset_seconds', 'The desk clock that is furthest off', () =>
      Math.max(0, ...[...this.#desks().values()].map((ms) => Math.abs(ms) / 1_000)),
    );
    const { notices } = this;
    const byLevel = new Gauge({
      name: 'holdfast_notices',
      help: 'What people at the desks are told of the server',
      labelNames: ['level'],
      registers: [],
      collect() {
        for (const level of ['warning', 'urgent'])
          this.labels(level).set(notices.all.filter((it) => it.level === level).length);
      },
    });
    registry.registerMetric(byLevel);
  }
}

type Room = { readonly usedPercent: number; readonly freeBytes: number };
