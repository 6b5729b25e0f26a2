import process from 'node:process';
import { chromium, type Browser, type Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { findChromium } from '#chromium/start-shell.ts';
import { DemoRoom } from '../support/demo-room.ts';
import { WindowClient } from '../support/window-client.ts';

const BUSY_HOUR_MAX_MS = 300_000;
const EVENTS = 400; // of the made-up force: what a room of four desks sees in an hour of a bad night
const STEPS = 12; // below what fits in, and above the end
const SMALL = { width: 1900, height: 560 }; // so that lists are longer than their place

// In the page: at each frame, whether the focus, the caret or a selection is another one than before. A row that
// has gone is let go of.
const WATCH = `(() => {
  const moved = (window.moved = []);
  window.framesWatched = 0;
  const lists = () => [...document.querySelectorAll('[role="grid"]')];
  const name = (list) => list.dataset.field;
  const selectedIn = (list) => list.querySelector('[role="row"][aria-selected="true"]')?.id;
  const look = () => ({
    focus: document.activeElement?.dataset.field ?? document.activeElement?.tagName,
    caret: document.activeElement?.selectionStart,
    selected: Object.fromEntries(lists().map((list) => [name(list), selectedIn(list)])),
  });
  let before = look();
  const next = () => {
    const now = look();
    window.framesWatched += 1;
    if (now.focus !== before.focus) moved.push(['focus', before.focus, now.focus]);
    else if (now.caret !== before.caret) moved.push(['caret', before.caret, now.caret]);
    for (const list of lists()) {
      const field = name(list);
      const was = before.selected[field];
      if (was !== undefined && now.selected[field] !== was && document.getElementById(was))
        moved.push(['selection of ' + field, was, now.selected[field]]);
    }
    before = now;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})()`;

async function open(browser: Browser, address: string, name: string): Promise<Page> {
  const page = await browser.newPage({ viewport: SMALL });
  await page.goto(address);
  await page.locator('[data-testid="sign-in-name"]:focus').waitFor();
  await page.keyboard.type(name);
  await page.keyboard.press('Tab');
  await page.keyboard.type('made-up-password');
  await page.keyboard.press('Enter');
  await page.locator('[data-mode="online"]').waitFor();
  return page;
}

/** Goes into the middle of a list by its own keys, and leaves a row chosen there. */
async function standIn(page: Page, key: string, field: string) {
  await page.keyboard.press(key);
  await page.locator(`[data-field="${field}"]:focus`).waitFor();
  await page.keyboard.press('Home');
  for (let n = 0; n < STEPS; n += 1) await page.keyboard.press('ArrowDown');
  await page.locator(`[data-field="${field}"] [aria-selected="true"]`).waitFor();
}

test(
  'through a busy hour nothing that arrives moves the focus, the caret or a selection',
  { timeout: BUSY_HOUR_MAX_MS },
  async () => {
    const size = '--training --speed 60 --rate 3 --handlers 6 --dispatchers 2 --units 16';
    await using room = await DemoRoom.start(...size.split(' '));
    const executablePath = findChromium();
    await using browser = await chromium.launch({
      ...(executablePath !== undefined && { executablePath }),
      chromiumSandbox: process.getuid?.() !== 0,
    });
    const [ch1Address = '', ch2Address = '', d1Address = ''] = room.facts.desks;
    const supervisor = room.facts.windows.find(({ window }) => window === 'supervisor');
    const pages = {
      d1: await open(browser, d1Address, 'd1'),
      ch1: await open(browser, ch1Address, 'ch1'),
      sup: await open(browser, supervisor?.address ?? '', 'sup'),
    };
    const ch2 = new WindowClient(ch2Address);
    await ch2.join();
    await ch2.signIn('ch2', 'made-up-password');
    ch2.follow('seat');
    ch2.follow('incidents');
    await ch2.until('a board', () => ch2.rows('incidents').length > 15, BUSY_HOUR_MAX_MS);

    // A dispatcher in the middle of a line, a handler in the middle of a sentence, a supervisor in a list.
    const { d1, ch1, sup } = pages;
    await standIn(d1, 'Alt+3', 'units');
    await standIn(d1, 'Alt+1', 'incidents');
    await d1.keyboard.press('F10');
    await d1.locator('[data-field="command"]:focus').waitFor();
    await d1.keyboard.type('t . caller says');
    for (let n = 0; n < 4; n += 1) await d1.keyboard.press('ArrowLeft');
    await ch1.keyboard.press('Alt+n');
    await ch1.getByTestId('narrative').focus();
    await ch1.keyboard.type('Shouting, and then nothing for');
    await standIn(sup, 'Alt+7', 'levels');
    for (const page of Object.values(pages)) await page.evaluate(WATCH);

    const from = ch2.seat?.cursor ?? 0;
    await ch2.until(
      `${EVENTS} events`,
      () => (ch2.seat?.cursor ?? 0) > from + EVENTS,
      BUSY_HOUR_MAX_MS,
    );
    const moved: Record<string, unknown> = {};
    for (const [name, page] of Object.entries(pages)) {
      expect(await page.evaluate<number>('window.framesWatched')).toBeGreaterThan(50);
      moved[name] = await page.evaluate<unknown[]>('window.moved');
    }
    expect(moved).toEqual({ d1: [], ch1: [], sup: [] });
    ch2.close();
  },
);
