import process from 'node:process';
import { chromium, type Browser, type Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { findChromium } from '#chromium/start-shell.ts';
import { DemoRoom } from '../support/demo-room.ts';

const PASSWORD = 'made-up-password';

const shows = (page: Page, selector: string, text: string | RegExp = '') =>
  page.locator(selector).filter({ hasText: text }).first().waitFor();
const isGone = (page: Page, selector: string) =>
  page.locator(selector).first().waitFor({ state: 'detached' });
const isAt = (page: Page, field: string) => page.locator(`[data-field="${field}"]:focus`).waitFor();
const caretOf = (page: Page) =>
  page.evaluate<{ readonly field: string; readonly value: string; readonly at: number }>(
    `({ field: document.activeElement.dataset.field, value: document.activeElement.value, at: document.activeElement.selectionStart })`,
  );

async function press(page: Page, ...keys: readonly string[]) {
  // oxlint-disable-next-line no-await-in-loop -- one finger after another
  for (const key of keys) await page.keyboard.press(key);
}

async function signIn(page: Page, name: string) {
  await page.locator('[data-testid="sign-in-name"]:focus').waitFor();
  await page.keyboard.type(name);
  await press(page, 'Tab');
  await page.keyboard.type(PASSWORD);
  await press(page, 'Enter');
  await isGone(page, '[data-testid="sign-in-name"]');
}

async function seat(browser: Browser, address: string, name: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
  await page.goto(address);
  await signIn(page, name);
  await shows(page, '[data-mode="online"]');
  await shows(page, '.fact', /^numbers [1-9]/);
  return page;
}

async function command(page: Page, text: string) {
  await press(page, 'F10');
  await isAt(page, 'command');
  await page.keyboard.type(text);
  await page.locator('[data-testid="command-meaning"][data-state="ready"]').waitFor();
  await press(page, 'Enter');
  await shows(page, '.meaning-confirm', 'Enter again does it');
  await press(page, 'Enter');
  await shows(page, '.command:not(.is-open)');
}

const launch = () => {
  const executablePath = findChromium();
  return chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    chromiumSandbox: process.getuid?.() !== 0,
  });
};

test('a change of shift by keyboard: a list is offered, one of it is closed, the rest passes though the server is down', async () => {
  await using room = await DemoRoom.start();
  const browser = await launch();
  try {
    const [, , d1Address = '', supAddress = ''] = room.facts.desks;
    const d1 = await seat(browser, d1Address, 'd1');
    const sup = await seat(browser, supAddress, 'sup');
    await fetch(`${room.facts.server}/api/units/HT21/status`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${room.facts.apiKey}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ statusCode: 0 }),
    });
    await shows(d1, '[data-testid="emergency"]', 'HT21');
    await press(d1, 'F12');
    await shows(d1, '[data-testid="emergency-owner"]', 'D1');

    // Signing out asks what becomes of it, in place; the same strip leads to the list.
    await press(d1, 'Alt+q');
    // The made-up shift has given D1 incidents of its own.
    await shows(d1, '[data-testid="sign-out-ask"]', /You own 1 emergency, \d+ incidents/);
    await press(d1, 'Alt+g');
    await isAt(d1, 'shift-to');
    await shows(d1, '.rows-shift-to .row[aria-selected="true"]', 'supervisor at SUP');
    const listed = await d1.locator('.rows-shift-items .mono').allTextContents();
    const references = listed.filter((text) => text.startsWith('HC-'));
    expect(references.length).toBeGreaterThan(2);
    const counted = (incidents: number) => new RegExp(`1 emergency, ${incidents} incidents?`);
    await press(d1, 'Enter');
    await shows(d1, '[data-testid="shift-own"]', counted(references.length));
    await shows(d1, '[data-testid="shift-own"] [data-mark="recorded"]');
    await shows(sup, '[data-testid="shift-incoming"]', counted(references.length));
    const closed = references[1] ?? '';
    await command(d1, `x ${closed.slice(-4)} CIV`);
    await shows(sup, '[data-testid="shift-incoming"]', counted(references.length - 1));

    // Nobody is stopped: it is accepted with nobody to ask, and recorded once there is.
    room.killServer();
    await shows(sup, '[data-mode="alone"]');
    await press(sup, 'Alt+y');
    await shows(sup, '[data-testid="shift-ended"] [data-mark="stored-here"]');
    await shows(sup, '[data-testid="emergency-owner"]', 'SUP');
    await shows(d1, '[data-testid="emergency-owner"]', 'D1');
    await room.startServer();
    for (const page of [d1, sup]) {
      // oxlint-disable-next-line no-await-in-loop
      await shows(page, '[data-testid="shift-ended"] [data-mark="recorded"]');
      // oxlint-disable-next-line no-await-in-loop
      await shows(page, '[data-testid="shift-ended"]', 'accepted at');
      // oxlint-disable-next-line no-await-in-loop
      await shows(page, '[data-testid="shift-ended"]', `${closed} (left out: closed)`);
      // oxlint-disable-next-line no-await-in-loop
      await shows(page, '[data-testid="emergency-owner"]', 'SUP');
    }
    // Nothing is D1's any more: the same key signs out at once.
    await press(d1, 'Alt+q');
    await d1.locator('[data-testid="sign-in-name"]:focus').waitFor();
    expect(await d1.locator('[data-testid="sign-out-ask"]').count()).toBe(0);
  } finally {
    await browser.close();
  }
});

test('half a sentence outlives a lock and a change over, with the caret where it was', async () => {
  await using room = await DemoRoom.start();
  const browser = await launch();
  try {
    const [address = ''] = room.facts.desks;
    const page = await seat(browser, address, 'ch1');
    await isAt(page, 'narrative');
    await page.keyboard.type('she says the door is lo');
    await press(page, 'ArrowLeft', 'ArrowLeft', 'ArrowLeft');
    const before = await caretOf(page);
    expect(before).toMatchObject({ field: 'narrative', at: 20 });
    await press(page, 'Alt+l');
    await page.locator('[data-testid="unlock-password"]:focus').waitFor();
    expect(await page.locator('[data-field="narrative"]').isVisible()).toBe(false);
    await page.keyboard.type('not the password');
    await press(page, 'Enter');
    await shows(page, '[data-testid="unlock-problem"]', /\w/);
    await press(page, 'Control+a');
    await page.keyboard.type(PASSWORD);
    await press(page, 'Enter');
    await isGone(page, '[data-testid="lock-cover"]');
    expect(await caretOf(page)).toEqual(before);

    // Another person at the locked desk begins empty.
    await press(page, 'Alt+l');
    await page.locator('[data-testid="unlock-password"]:focus').waitFor();
    await press(page, 'Shift+Tab', 'Control+a');
    await page.keyboard.type('ch2');
    await press(page, 'Tab');
    await page.keyboard.type(PASSWORD);
    await press(page, 'Enter');
    await isGone(page, '[data-testid="lock-cover"]');
    const narrative = page.locator('[data-field="narrative"]');
    await narrative.waitFor();
    expect(await narrative.inputValue()).toBe('');
    await press(page, 'Alt+q');
    await signIn(page, 'ch1');
    await narrative.waitFor();
    await page.waitForFunction(
      `document.querySelector('[data-field="narrative"]')?.value === 'she says the door is lo'`,
    );
  } finally {
    await browser.close();
  }
});
