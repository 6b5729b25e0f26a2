import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium, type Page } from 'playwright-core';
import { findChromium } from '#chromium/start-shell.ts';
import type { Asked } from '#domain/commands.ts';
import type { Grade } from '#domain/facts.ts';
import type { EpochMs, IncidentId, UnitId } from '#domain/ids.ts';
import { assert } from '#domain/lib/assert.ts';
import { openWriter } from '#server/log/open-writer.ts';
import { holdFolder } from '#store/hold-folder.ts';
import { DemoRoom } from '../support/demo-room.ts';
import { raise, request } from '../support/room.ts';
import { atMost, quantile, result, rounded, say, type Result } from './measure.ts';
import { demoSeat, signInPage, until, WATCH_KEYS } from './pages.ts';
import { ProcessUse } from './load/process-use.ts';
import { sizes } from './sizes.ts';

const UPDATES_A_SECOND = 50;
const KEY_P95_MAX_MS = 50;
const FRAME_MAX_MS = 100;
const KEY_EVERY_MS = 90; // a person who types fast, without a pause
const GROUP = 200;
const SETTLE_MS = 2_000; // what the first paint of two thousand rows leaves to do
const FIRST_NUMBER = 50_000; // far from the blocks of the demo's desks

const callSign = (n: number) => `BX${String(n).padStart(4, '0')}` as UnitId;
const referenceOf = (n: number) => `HC-20261123-${FIRST_NUMBER + n}` as IncidentId;
const gradeOf = (n: number) => ((n % 4) + 1) as Grade;

/** Puts a board of that size into a demo's log, as its server would have recorded it. */
function fill(dataDir: string, { incidents, units }: { incidents: number; units: number }): void {
  using _ = holdFolder(dataDir);
  using opened = openWriter(dataDir, 'force-HC');
  const { writer } = opened;
  const asked: (readonly [Asked, { readonly reference?: IncidentId }])[] = [
    ...Array.from({ length: units }, (_unit, n) => {
      const body = { unitId: callSign(n), officers: [`PC ${n} Made-up`], skills: [] };
      return [{ type: 'book-on-unit', body } as const, {}] as const;
    }),
    ...Array.from({ length: incidents }, (_incident, n) => {
      const place = { text: `${n} High Street, Southsea`, isVerified: false };
      const narrative = `made-up caller ${n} reports shouting and breaking glass in the flat above`;
      const reference = referenceOf(n);
      return [raise({ grade: gradeOf(n), place, narrative }), { reference }] as const;
    }),
  ];
  const now = Date.now();
  for (let from = 0; from < asked.length; from += GROUP) {
    const group = asked.slice(from, from + GROUP).map(([what, more], at) => {
      const occurredAt = (now - (asked.length - from - at) * 1_000) as EpochMs;
      return request(900_000 + from + at, what, { occurredAt, ...more });
    });
    const { settled } = writer.recordGroup(group);
    assert(
      settled.every((it) => it.outcome === 'answered' && it.answer.state === 'recorded'),
      'the board is recorded',
    );
  }
  writer.foldPicture();
}

// In the page: the longest time from one frame to the next, and each that was long.
const WATCH_FRAMES = `(() => {
  const seen = (window.frames_ = { count: 0, longest: 0, long: [] });
  let before = performance.now();
  const next = () => {
    const at = performance.now();
    const took = at - before;
    before = at;
    seen.count += 1;
    seen.longest = Math.max(seen.longest, took);
    if (took > 50) seen.long.push(Math.round(took));
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})()`;

/** Types into the command line at a person's pace until `ms` have passed, and clears it now and then. */
async function type(page: Page, ms: number): Promise<void> {
  const text = 'caller upstairs, door locked ';
  const start = performance.now();
  for (let n = 0; performance.now() - start < ms; n += 1) {
    if (n % 60 === 59) await page.keyboard.press('Control+a');
    await page.keyboard.press(text[n % text.length] ?? ' ');
    await until(start + (n + 1) * KEY_EVERY_MS);
  }
}

/** A dispatcher's board of a whole county on its worst day, while fifty things a second change on it. */
export async function board(): Promise<Result> {
  const { incidents, units, seconds } = sizes().board;
  await using room = await DemoRoom.start();
  await room.stop();
  say(`  building ${incidents} incidents and ${units} units`);
  fill(join(room.dataDir, 'server'), { incidents, units });
  await room.startAgain();
  const executablePath = findChromium();
  await using browser = await chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    chromiumSandbox: process.getuid?.() !== 0,
  });
  const page = await browser.newPage({ viewport: { width: 2560, height: 1440 } });
  const ch1 = await demoSeat(room.facts.desks[0], 'ch1');
  await signInPage(page, room.facts.desks[2] ?? '', 'd1');
  const count = (kind: string) => page.locator(`[data-testid^="${kind}-"][role="row"]`).count();
  while ((await count('incident')) < incidents || (await count('unit')) < units) await sleep(100);
  // The desks that do not take part have computers of their own, outside of this one.
  const [, ch2, d1, sup] = room.facts.pids.desks;
  const others = [ch2, sup].filter((pid) => pid !== undefined);
  for (const pid of others) process.kill(pid, 'SIGSTOP');
  await page.keyboard.press('F10');
  await page.locator('[data-field="command"]:focus').waitFor();
  await sleep(SETTLE_MS);
  await page.evaluate(WATCH_KEYS);
  await page.evaluate(WATCH_FRAMES);
  const desk = d1 === undefined ? undefined : new ProcessUse(d1);

  let asked = 0;
  const statuses = [1, 2, 3, 4, 8]; // what a unit may be without an incident
  /** Three of five are statuses off the air, the others a line in a log or another grade. */
  const update = async (n: number) => {
    asked += 1;
    const incidentId = referenceOf((n * 37) % incidents);
    if (n % 5 === 0) {
      const body = { incidentId, grade: gradeOf(n % 3), reason: `heard again (${n})` };
      ch1.ask({ type: 'regrade-incident', body });
    } else if (n % 5 === 1) {
      ch1.ask({ type: 'add-log-entry', body: { incidentId, text: `said on the way (${n})` } });
    } else {
      const address = `/api/units/${callSign((n * 61) % units)}/status`;
      const response = await fetch(`${room.facts.server}${address}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${room.facts.apiKey}`,
        },
        body: JSON.stringify({ statusCode: statuses[n % statuses.length] }),
      });
      assert(response.ok, `a status was taken (${response.status})`);
    }
  };
  const ms = seconds * 1_000;
  const updates = (async () => {
    const start = performance.now();
    const on: Promise<void>[] = [];
    for (let n = 0; n < seconds * UPDATES_A_SECOND; n += 1) {
      await until(start + (n * 1_000) / UPDATES_A_SECOND);
      on.push(update(n));
    }
    await Promise.all(on);
  })();
  await Promise.all([updates, type(page, ms)]);
  const deskCores = desk?.cores().all ?? Number.NaN;
  const took = await page.evaluate<number[]>('window.keysTook');
  const frames = await page.evaluate<{ count: number; longest: number; long: number[] }>(
    'window.frames_',
  );
  for (const pid of others) process.kill(pid, 'SIGCONT');
  ch1.close();
  const p95 = rounded(quantile(took, 0.95));
  const longest = rounded(frames.longest);
  return result({
    name: 'board',
    values: {
      keyP50: rounded(quantile(took, 0.5)),
      keyP95: p95,
      keyMax: rounded(Math.max(...took)),
      keys: took.length,
      frameMax: longest,
      framesOver50: frames.long.length,
      framesASecond: rounded(frames.count / seconds),
      updates: asked,
      incidents,
      units,
      deskCores,
    },
    unit: 'ms',
    budget: [atMost('keyP95', p95, KEY_P95_MAX_MS), atMost('frameMax', longest, FRAME_MAX_MS)],
    beside: { frameMs: rounded(1_000 / 60) },
    ratio: { keyP95InFrames: rounded((p95 * 60) / 1_000) },
    note:
      `${incidents} open incidents and ${units} units in D1's dispatch window (Chromium, no GPU, 2560x1440), ` +
      `${UPDATES_A_SECOND} changes a second for ${seconds} s (statuses over HTTP, regradings and log lines from CH1), ` +
      "while somebody types: from a key's time stamp to the frame that paints it, and the longest time between two " +
      "frames. The server, CH1's and D1's desks, the page and what makes the changes share this machine; the two " +
      'other desks are stopped meanwhile',
  });
}
