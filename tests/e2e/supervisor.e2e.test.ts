import { readFileSync } from 'node:fs';
import process from 'node:process';
import { parse } from 'csv-parse/sync';
import { chromium, type Browser, type Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { findChromium } from '#chromium/start-shell.ts';
import type { EpochMs } from '#domain/ids.ts';
import { localDayOf } from '#domain/service-levels.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { DemoRoom } from '../support/demo-room.ts';

// What a machine that is busy with something else may take; nothing is judged by it.
const WITHIN_MS = 60_000;

const launch = () => {
  const executablePath = findChromium();
  return chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    chromiumSandbox: process.getuid?.() !== 0,
  });
};

/** Waits until there is such an element on screen that says `text`. */
const shows = (page: Page, selector: string, text: string | RegExp = '') =>
  page.locator(selector).filter({ hasText: text }).first().waitFor({ timeout: WITHIN_MS });
const isAt = (page: Page, field: string) => page.locator(`[data-field="${field}"]:focus`).waitFor();

async function press(page: Page, ...keys: readonly string[]) {
  // oxlint-disable-next-line no-await-in-loop -- one finger after another
  for (const key of keys) await page.keyboard.press(key);
}

async function seat(browser: Browser, room: DemoRoom, desk: string, window: string, name: string) {
  const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
  const faults: string[] = [];
  page.on('pageerror', ({ message }) => faults.push(message));
  // What the content security policy forbids is told here, and nowhere else.
  page.on('console', (told) => told.type() === 'error' && faults.push(told.text()));
  const { address = '' } =
    room.facts.windows.find((it) => it.desk === desk && it.window === window) ?? {};
  await page.goto(address);
  await shows(page, '[data-testid="mode"]', /Online|Alone/);
  if ((await page.locator('[data-testid="sign-in-name"]').count()) > 0) {
    await page.locator('[data-testid="sign-in-name"]:focus').waitFor();
    await page.keyboard.type(name);
    await press(page, 'Tab');
    await page.keyboard.type('made-up-password');
    // A server that is too busy to answer in time is asked again, as a person would.
    while ((await page.locator('[data-testid="sign-in-name"]').count()) > 0) {
      await press(page, 'Enter');
      const answered = '.panel, [data-testid="not-an-overseer"], [data-testid="sign-in-problem"]';
      await page
        .locator(answered)
        .filter({ hasText: /\w/ })
        .first()
        .waitFor({ timeout: WITHIN_MS });
    }
  }
  await shows(page, '[data-mode="online"]');
  await shows(page, '.fact', /^numbers [1-9]/);
  return { page, faults };
}

/** A whole line in the dispatcher's command line, sent once it says that it is ready. */
async function command(page: Page, text: string) {
  await press(page, 'F10');
  await isAt(page, 'command');
  await page.keyboard.type(text);
  await page.locator('[data-testid="command-meaning"][data-state="ready"]').waitFor();
  await press(page, 'Enter');
  await shows(page, '.command:not(.is-open)');
}

const outside = async ({ facts }: DemoRoom, path: string, body: object) => {
  const answer = await fetch(`${facts.server}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${facts.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as { readonly contactId: string };
};

/** Every cell of a list as it is on screen now, row by row. */
const cells = (page: Page, list: string) =>
  page
    .locator(`.rows-${list} > .row:not(.row-head)`)
    .evaluateAll((rows) => rows.map((row) => [...row.children].map((it) => it.textContent)));

interface Call {
  readonly channel: string;
  readonly offeredAt: number;
  readonly command: string;
  readonly next:
    | { readonly type: string; readonly at: number; readonly command: string }
    | undefined;
}

/** The calls of a stretch of time, out of the server's own events and with nothing of what counts them. */
function callsIn(room: DemoRoom, from: number): readonly Call[] {
  const db = openStore(`${room.dataDir}/server/log.db`, logMigrations);
  const events = db
    .prepare<[], { stream: string; type: string; at: number; command: string; text: string }>(
      `SELECT stream, type, occurred_at AS at, command_id AS command, text
       FROM event JOIN body USING (seq) WHERE stream LIKE 'contact/%' ORDER BY seq`,
    )
    .all();
  db.close();
  return [...Map.groupBy(events, ({ stream }) => stream).values()].flatMap(([offered, ...rest]) => {
    const { channel } = JSON.parse(offered?.text ?? '{}') as { readonly channel: string };
    if (!offered || !['999', '101'].includes(channel) || offered.at < from) return [];
    const next = rest.find(({ type }) => /^contact\.(answered|abandoned)$/.test(type));
    return [{ channel, offeredAt: offered.at, command: offered.command, next }];
  });
}

/** One row of the table, counted again: offered, in time, in per cent, abandoned, ringing, by hand. */
function recount(calls: readonly Call[]) {
  const isByHand = ({ next, command: id }: Call) => next?.command === id;
  const rung = calls.filter((call) => !isByHand(call));
  const limit = ({ channel }: Call) => (channel === '999' ? 10_000 : 60_000);
  const ringing = rung.filter(({ next }) => !next);
  const within = rung.filter(
    (call) =>
      call.next?.type === 'contact.answered' && call.next.at - call.offeredAt <= limit(call),
  );
  // Those that ring here have rung for long: they count.
  const percent = rung.length === 0 ? '' : ((100 * within.length) / rung.length).toFixed(1);
  const abandoned = rung.filter(({ next }) => next?.type === 'contact.abandoned').length;
  return [
    rung.length,
    within.length,
    percent,
    abandoned,
    ringing.length,
    calls.length - rung.length,
  ].map(String);
}

test('a supervisor sees by keyboard what is wrong in the room, and what a desk said last that froze', async () => {
  await using room = await DemoRoom.start();
  await using browser = await launch();
  // An address is good for half a minute: the windows of one seat are opened first.
  const { page: sup, faults } = await seat(browser, room, 'SUP', 'supervisor', 'sup');
  const { page: supToo } = await seat(browser, room, 'SUP', 'dispatch', 'sup');
  const { page: d1 } = await seat(browser, room, 'D1', 'dispatch', 'd1');
  const { page: ch1 } = await seat(browser, room, 'CH1', 'call-handling', 'ch1');

  // Every desk has its row, with what was measured there; the one that nobody sits at has none or nobody.
  for (const desk of ['CH1', 'D1'])
    await shows(sup, `[data-testid="desk-${desk}"][data-line="joined"]`, 'Online');
  await shows(sup, '[data-testid="desk-SUP"][data-line="here"]', /\d+ \/ \d+/);
  await press(d1, 'F10', 'Escape');
  await shows(sup, '[data-testid="desk-D1"]', /\d+ \/ \d+.*0\.1\.0/);

  // An incident of the made-up shift is past its target, and no unit is there: worst first.
  await shows(sup, '[data-testid="past-target"] .row', /past.*Fawcett Road/);
  await press(sup, 'Alt+3');
  await isAt(sup, 'past-target');
  await press(sup, 'ArrowDown', 'Enter');
  await shows(sup, '[data-testid="reference"]', /^HC-\d{8}-\d{4}$/);
  await shows(sup, '.detail .facts', 'Fawcett Road');
  // A unit goes there: it is not past its target any more.
  await command(sup, 'd . HT21');
  await command(sup, 'a HT21');
  await shows(sup, '[data-testid="past-target"]', 'Every target is kept');
  await press(sup, 'Escape');
  await isAt(sup, 'desks');

  // Half a sentence is left open, by number and age and without a word of it.
  await ch1.keyboard.type('half a sentence about a van');
  await shows(sup, '[data-testid="desk-CH1"] > span:nth-child(7)', '1');
  expect(await sup.locator('body').innerText()).not.toContain('about a van');

  // A hand-over that nobody accepts stands there with its clock; it has come while the focus is elsewhere.
  await press(ch1, 'F6');
  await shows(ch1, '[data-testid="choose-channel"]');
  await press(ch1, '1');
  await isAt(ch1, 'narrative');
  await ch1.keyboard.type('screaming next door');
  await press(ch1, 'Tab');
  await ch1.keyboard.type('Elm Grove');
  await press(ch1, 'Tab', 'Tab', 'Tab');
  await ch1.keyboard.type('VIO');
  await press(ch1, 'Tab', '1', 'F8');
  await shows(sup, '[data-testid^="handover-"] .countdown', /\d:\d\d/);
  await isAt(sup, 'desks');

  // D1's machine freezes: it goes up to the top as gone, with what it said last, and the focus stays.
  const [, , d1Pid = 0] = room.facts.pids.desks;
  process.kill(d1Pid, 'SIGSTOP');
  await shows(sup, '[data-testid="desk-D1"][data-line="gone"]', /✕ Gone \d\d:\d\d:\d\d/);
  await shows(
    sup,
    '.rows-desks > .row:not(.row-head):first-of-type, .rows-desks > .row-head + .row',
    'D1',
  );
  await shows(sup, '[data-testid="desks-troubled"]', /△ \d+ to look at/);
  await isAt(sup, 'desks');
  process.kill(d1Pid, 'SIGCONT');
  await shows(sup, '[data-testid="desk-D1"][data-line="joined"]', 'Online');

  // The server dies: SUP's own desk is alone, with what waits at it; of the others it says that they were online.
  room.killServer();
  await shows(sup, '[data-testid="desk-SUP"]', 'Alone');
  await command(supToo, 'off HT22');
  await shows(sup, '[data-testid="desk-SUP"] > span:nth-child(4)', '1');
  await shows(sup, '[data-testid="desk-D1"]', 'Was online');
  for (const panel of ['desks', 'past-target', 'duty', 'levels', 'tray'])
    await shows(sup, `[data-testid="${panel}"] [data-testid="panel-age"]`, 'as at');
  expect(faults.filter((text) => !/ERR_CONNECTION|WebSocket/.test(text))).toEqual([]);
});

test('how the calls of a day were answered is what the log says, on the chart, in the table and in the file', async () => {
  await using room = await DemoRoom.start();
  await using browser = await launch();
  const { page: sup, faults } = await seat(browser, room, 'SUP', 'supervisor', 'sup');
  const { page: ch1 } = await seat(browser, room, 'CH1', 'call-handling', 'ch1');

  // Calls: some answered, some given up, some that ring still; the table is what the log says.
  const now = Date.now();
  const offers = [
    ['a', '999', 600_000, 4_000],
    ['b', '999', 500_000, 15_000],
    ['c', '101', 400_000, 61_000],
    ['d', '101', 300_000, undefined],
    ['e', '999', 200_000, undefined],
  ] as const;
  for (const [externalId, channel, agoMs, abandonedAfterMs] of offers) {
    const occurredAt = now - agoMs;
    const body = { externalId, channel, number: '07700 900142', occurredAt };
    const { contactId } = await outside(room, '/api/contacts', body);
    if (abandonedAfterMs !== undefined) {
      const left = { occurredAt: occurredAt + abandonedAfterMs };
      await outside(room, `/api/contacts/${contactId}/abandoned`, left);
    }
  }
  await outside(room, '/api/contacts', { externalId: 'f', channel: '999', number: 'withheld' });
  await press(ch1, 'F1'); // takes the 999 that has waited longest
  await press(sup, 'Alt+7');
  await isAt(sup, 'levels');
  const { from } = localDayOf(now as EpochMs, 'Europe/London'); // a moment
  await expect
    .poll(
      async () => {
        const rows = await cells(sup, 'levels');
        const calls = callsIn(room, from);
        return ['999', '101'].map((channel) => {
          const shown = rows.find(([of, when]) => of === channel && when === 'all day') ?? [];
          const picked = [2, 3, 4, 5, 8, 9].map((at) => shown[at]);
          const counted = recount(calls.filter((call) => call.channel === channel));
          return [channel, picked.join(' ') === counted.join(' '), counted.length];
        });
      },
      { timeout: WITHIN_MS },
    )
    .toEqual([
      ['999', true, 6],
      ['101', true, 6],
    ]);
  const title = (await sup.locator('[data-testid="levels"] h2').textContent()) ?? '';
  const today = title.slice(-'2026-11-25'.length);
  // The chart is drawn, and says the whole to who cannot see it.
  await sup.locator('.levels-plot canvas').waitFor();
  expect(await sup.locator('.levels-plot').getAttribute('aria-label')).toMatch(
    /999: [\d.]+ % of \d+ in time, \d+ abandoned\. 101: /,
  );

  // The file is the table, cell by cell.
  const coming = sup.waitForEvent('download');
  await press(sup, 'Alt+c');
  const saved = await coming;
  expect(saved.suggestedFilename()).toBe(`service-levels-${today}.csv`);
  const [header = [], ...lines] = parse(readFileSync((await saved.path()) ?? '', 'utf8'));
  await isAt(sup, 'levels');
  const headings = await sup.locator('.rows-levels > .row-head > span').allTextContents();
  expect(header).toEqual(['Day', ...headings]);
  const steady = (rows: readonly (readonly (string | null)[])[]) =>
    // What rings goes on waiting between the two looks.
    rows.map((row) => row.filter((_cell, at) => at !== 7).join('|'));
  expect(steady(lines.map(([, ...row]) => row))).toEqual(steady(await cells(sup, 'levels')));
  // The day before has its own figures, and the way back leads to today.
  await press(sup, 'ArrowLeft');
  await sup.locator('[data-testid="levels"] h2').filter({ hasNotText: today }).waitFor();
  await shows(sup, '.rows-levels .row', 'all day');
  await press(sup, 'ArrowRight');
  await shows(sup, '[data-testid="levels"] h2', today);
  expect(faults).toEqual([]);
});

test('whoever is no supervisor is told in words that this window is not theirs, and sees no desk in it', async () => {
  await using room = await DemoRoom.start();
  await using browser = await launch();
  const { page: sup } = await seat(browser, room, 'SUP', 'supervisor', 'd1');
  await shows(sup, '[data-testid="not-an-overseer"]', 'This window is for supervisors');
  expect(await sup.locator('[data-testid="desks"]').count()).toBe(0);
  // An administrator sees how the desks are, and nothing of what the room does.
  await press(sup, 'Alt+q');
  // They own incidents of the made-up shift: it is asked for once more, and said what becomes of these.
  await shows(sup, '[data-testid="sign-out-ask"]', 'You own');
  await press(sup, 'Alt+q');
  await sup.locator('[data-testid="sign-in-name"]:focus').waitFor();
  await sup.keyboard.type('adm');
  await press(sup, 'Tab');
  await sup.keyboard.type('made-up-password');
  await press(sup, 'Enter');
  await shows(sup, '[data-testid="desk-SUP"]', 'Femi Stone');
  await shows(sup, '[data-testid="levels"] .row', 'all day');
  expect(await sup.locator('[data-testid="past-target"], .handovers, .incidents').count()).toBe(0);
});
