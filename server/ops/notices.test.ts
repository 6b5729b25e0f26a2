import { expect, test } from 'vitest';
import type { DeskId, EpochMs } from '#domain/ids.ts';
import { ClockWatch } from './clock-watch.ts';
import { diskLevel, diskRoom, sizeWords, type DiskRoom } from './disk-room.ts';
import { DiskWatch } from './disk-watch.ts';
import { Notices } from './notices.ts';

const HOUR_MS = 3_600_000;

function noticed() {
  let at = 100;
  const told: string[] = [];
  let changes = 0;
  const notices = new Notices({ now: () => at as EpochMs, told: (line) => void told.push(line) });
  notices.onChanged(() => (changes += 1));
  return { notices, told, pass: (ms: number) => (at += ms), changes: () => changes };
}

test('a notice keeps since when it is, is told once a level, and the urgent ones come first', () => {
  const { notices, told, pass, changes } = noticed();
  notices.set('clock', { level: 'warning', text: 'the clock' });
  notices.set('disk', { level: 'warning', text: '85 % full' });
  pass(10);
  notices.set('disk', { level: 'warning', text: '86 % full' });
  notices.set('disk', { level: 'warning', text: '86 % full' });
  expect(notices.all.map(({ text, since }) => [text, since])).toEqual([
    ['the clock', 100],
    ['86 % full', 100],
  ]);
  notices.set('disk', { level: 'urgent', text: '95 % full' });
  expect(notices.all[0]).toEqual({ about: 'disk', level: 'urgent', text: '95 % full', since: 110 });
  notices.set('disk', undefined);
  notices.set('disk', undefined);
  expect(notices.all.map(({ about }) => about)).toEqual(['clock']);
  expect(told).toEqual([
    'warning: the clock',
    'warning: 85 % full',
    'urgent: 95 % full',
    'over: 95 % full',
  ]);
  expect(changes()).toBe(5);
});

const limits = { warnPercent: 85, fullPercent: 95 };
const full = (usedPercent: number): DiskRoom => ({ usedPercent, freeBytes: 0 });

test('a disk is told of from its level on, and has to come down by a percent to be lower again', () => {
  expect([84, 85, 94, 95, 100].map((it) => diskLevel(full(it), limits))).toEqual([
    'fine',
    'warning',
    'warning',
    'urgent',
    'urgent',
  ]);
  expect([84, 83].map((it) => diskLevel(full(it), limits, 'warning'))).toEqual(['warning', 'fine']);
  expect([94, 93, 84].map((it) => diskLevel(full(it), limits, 'urgent'))).toEqual([
    'urgent',
    'warning',
    'warning',
  ]);
});

test('this disk is as full as it says, in words that can be read', async () => {
  const room = await diskRoom('.');
  expect(room.usedPercent).toBeGreaterThan(0);
  expect(room.usedPercent).toBeLessThanOrEqual(100);
  expect([0, 999, 1_234, 5_600_000_000, 2e15].map(sizeWords)).toEqual([
    '0 bytes',
    '999 bytes',
    '1.2 KB',
    '5.6 GB',
    '2000 TB',
  ]);
});

test('a disk that fills is told in words with how full it is, and each disk apart', async () => {
  const { notices, told } = noticed();
  const rooms = new Map([
    ['/data', 84],
    ['/backups', 96],
  ]);
  const watch = new DiskWatch({
    disks: [
      { about: 'disk', name: "The server's disk", folder: '/data' },
      { about: 'backup-disk', name: "The disk of the server's back-ups", folder: '/backups' },
    ],
    limits,
    notices,
    roomOf: async (folder) => {
      const percent = rooms.get(folder);
      if (percent === undefined) throw new Error('EIO');
      return full(percent);
    },
  });
  await watch.look();
  rooms.set('/data', 94);
  await watch.look();
  const texts = () => notices.all.map(({ level, text }) => `${level}: ${text}`);
  expect(texts()).toEqual([
    "urgent: The disk of the server's back-ups is 96 % full",
    "warning: The server's disk is 94 % full",
  ]);
  expect([...watch.rooms.keys()]).toEqual(['disk', 'backup-disk']);
  rooms.delete('/data');
  rooms.set('/backups', 10);
  await watch.look();
  expect(texts()).toEqual(["urgent: The server's disk cannot be looked at"]);
  expect(told).toHaveLength(4);
});

test('a disk that does not answer is asked once and holds up nothing', async () => {
  const { notices } = noticed();
  let asked = 0;
  const answer = Promise.withResolvers<DiskRoom>();
  const watch = new DiskWatch({
    disks: [{ about: 'disk', name: 'It', folder: '/' }],
    limits,
    notices,
    roomOf: () => {
      asked += 1;
      return answer.promise;
    },
  });
  const first = watch.look();
  await watch.look();
  expect(asked).toBe(1);
  answer.resolve(full(99));
  await first;
  expect(notices.all).toHaveLength(1);
});

function watchedClock(desks: ReadonlyMap<DeskId, number> = new Map()) {
  const { notices, told } = noticed();
  let [now, elapsedMs] = [1_000_000, 0];
  const watch = new ClockWatch({
    now: () => now,
    elapsedMs: () => elapsedMs,
    notices,
    told: (line) => void told.push(line),
    warnMs: 2_000,
    desks: () => desks,
  });
  return {
    notices,
    told,
    watch,
    pass: (ms: number, jumpMs = 0) => {
      elapsedMs += ms;
      now += ms + jumpMs;
      watch.look();
    },
  };
}

test('a clock that was set is told with by how much and which way, for an hour', () => {
  const { notices, watch, pass } = watchedClock();
  pass(5_000, 1_999);
  expect(notices.all).toEqual([]);
  pass(5_000, 3_600_000);
  expect(notices.all[0]?.text).toBe(
    "The server's clock is 3600.0 s ahead of its own earlier times",
  );
  pass(5_000, -4_500);
  expect(notices.all[0]?.text).toContain('is 4.5 s behind its own earlier times');
  expect(watch.jumpedMs).toBe(3_600_000 - 4_500);
  pass(HOUR_MS - 5_000);
  expect(notices.all).toHaveLength(1);
  pass(5_000);
  expect(notices.all).toEqual([]);
});

test('a clock that is drawn right slowly is no jump', () => {
  const { notices, pass } = watchedClock();
  for (let n = 0; n < 100; n += 1) pass(5_000, 50);
  expect(notices.all).toEqual([]);
});

test('a desk whose clock is off is told of once in the technical log, and when it is right again', () => {
  const desks = new Map([['CH1' as DeskId, 0]]);
  const { told, pass, notices } = watchedClock(desks);
  for (const offsetMs of [1_000, -2_500, -2_000, -1_400, 9_000]) {
    desks.set('CH1' as DeskId, offsetMs);
    pass(5_000);
  }
  desks.clear();
  pass(5_000);
  expect(told).toEqual([
    "warning: the clock of CH1 is 2.5 s behind the server's",
    'over: the clock of CH1 is right again',
    "warning: the clock of CH1 is 9.0 s ahead of the server's",
  ]);
  expect(notices.all).toEqual([]); // its own window tells the people who sit there
});
