import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { DeskRow } from '#protocol/view.ts';
import { BadLine } from '../support/bad-line.ts';
import { RealRoom } from '../support/real-room.ts';
import { toldBy } from '../support/window-client.ts';

const REPORTED_WITHIN_MS = 60_000; // five seconds at most, on a machine that may be busy with something else
const QUIET_MS = 5_500; // a desk that has said nothing for so long reports at once

test('a supervisor sees how another desk is, and what it said last once it froze or its line went dead', async () => {
  await using room = await RealRoom.start();
  await using line = await BadLine.to(room.force.url);
  const sup = await room.startDesk('SUP');
  const d1 = await room.startDesk('D1', { server: line.url });
  sup.window.follow('desks');
  const row = (desk: string) => sup.window.rows<DeskRow>('desks').find(({ id }) => id === desk);
  const until = (what: string, holds: (it: DeskRow) => unknown, desk = 'D1') =>
    sup.window.until(
      what,
      () => {
        const found = row(desk);
        return found && Boolean(holds(found)) && found;
      },
      REPORTED_WITHIN_MS,
    );

  await until('D1 reports', ({ report }) => report);
  expect(row('D1')).toMatchObject({
    line: 'joined',
    person: 'It is d1',
    role: 'supervisor',
    report: { mode: 'online', waiting: 0, tray: 0, drafts: 0 },
  });
  d1.window.paint([12, 14, 90]);
  await d1.window.keepDraft('form/new', 'half a sentence');
  const id = d1.window.ask({ type: 'open-contact', body: { channel: 'counter' } });
  await d1.window.until('recorded', () =>
    d1.window.acks.get(id)?.some(({ state }) => state === 'recorded'),
  );
  const told = await until(
    'D1 tells of keys, a draft and a save',
    ({ report }) => report?.keyToPaint && report.drafts === 1 && report.saveToRecord,
  );
  expect(told.report).toMatchObject({ keyToPaint: { p50Ms: 14, p95Ms: 90, count: 3 } });
  expect(told.report?.saveToRecord?.count).toBeGreaterThan(0);
  expect(JSON.stringify(sup.window.rows('desks'))).not.toContain('half a sentence');

  // It freezes: the server hangs up, and what it said last stays.
  process.kill(d1.pid, 'SIGSTOP');
  const frozen = await until('D1 is gone', (it) => it.line === 'gone');
  expect(frozen.report).toMatchObject({ drafts: 1 });
  expect(frozen.goneSince).toBeGreaterThan(frozen.at ?? Infinity);
  process.kill(d1.pid, 'SIGCONT');
  await until('D1 is back', (it) => it.line === 'joined');

  // Its line takes what it says and brings no answer: it tells of what waits, and is gone with it.
  await d1.window.until('online', () => d1.window.seat?.mode === 'online', REPORTED_WITHIN_MS);
  for (;;) {
    const { at = 0 } = row('D1') ?? {};
    const quietMs = Date.now() - at;
    if (quietMs > QUIET_MS) break;
    await setTimeout(QUIET_MS - quietMs);
  }
  line.break('down-lost');
  await line.bitten;
  d1.window.ask({ type: 'open-contact', body: { channel: 'counter' } });
  const dead = await until('D1 is gone again', (it) => it.line === 'gone');
  expect(dead.report?.waiting).toBe(1);
  expect(dead.report?.oldestWaitingAt).toBeGreaterThan(frozen.at ?? Infinity);
  line.heal();
  await until(
    'D1 has handed in what waited',
    (it) => it.line === 'joined' && it.report?.waiting === 0,
  );

  // SUP's own desk dies; the one that takes its place is told how the others are, as the first was.
  await sup.kill();
  await sup.window.until('the line is gone', () => !sup.window.isOpen);
  await d1.window.keepDraft('form/other', 'another half');
  while (!sup.window.isOpen) await sup.window.join().catch(() => new Promise(setImmediate));
  await until('D1 is told of', (it) => it.report?.drafts === 2);
  const { broken } = await room.compare(toldBy([sup.window, d1.window]));
  expect(broken).toEqual([]);
});
