import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { chromium, type Browser, type Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { findChromium } from '#chromium/start-shell.ts';
import { seriousFindings } from '../support/axe.ts';
import { DemoRoom } from '../support/demo-room.ts';
import { Holdfast } from '../support/holdfast.ts';

const launch = () => {
  const executablePath = findChromium();
  return chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    chromiumSandbox: process.getuid?.() !== 0,
  });
};

// Two windows, and six looks of axe, on a machine that does much else.
const LONG_MS = 240_000;

const byId = (page: Page, id: string, more = '') => page.locator(`[data-testid="${id}"]${more}`);
/** The administrators' window, as the demo prints it. */
const administrationOf = ({ facts }: DemoRoom): string =>
  facts.windows.find(({ window }) => window === 'administration')?.address ?? '';

const isAt = (page: Page, field: string) => page.locator(`[data-field="${field}"]:focus`).waitFor();

async function press(page: Page, ...keys: readonly string[]) {
  for (const key of keys) await page.keyboard.press(key);
}

async function open(browser: Browser, address: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
  await page.goto(address);
  await byId(page, 'sign-in-name').waitFor();
  return page;
}

/** Signs in by keyboard, and chooses a password of one's own where it is a first one. */
async function signIn(page: Page, name: string, password: string, own?: string) {
  await page.locator('[data-testid="sign-in-name"]:focus').waitFor();
  await page.keyboard.type(name);
  await press(page, 'Tab');
  await page.keyboard.type(password);
  await press(page, 'Enter');
  if (own !== undefined) {
    await page.locator('[data-testid="sign-in-new-password"]:focus').waitFor();
    await page.keyboard.type(own);
    await press(page, 'Enter');
  }
  await byId(page, 'sign-in-name').waitFor({ state: 'detached' });
}

/** Goes to a list by its key. */
async function goTo(page: Page, key: string, list: string) {
  await press(page, key);
  await isAt(page, list);
}

/** Chooses the row that the filter leaves, with the list under the keys. */
async function choose(page: Page, list: string, words: string, row: string) {
  await press(page, '/');
  await isAt(page, 'filter');
  await press(page, 'Control+a');
  await page.keyboard.type(words);
  await byId(page, row).first().waitFor();
  await press(page, 'Enter');
  await isAt(page, list);
  await byId(page, row, '[aria-selected="true"]').waitFor();
}

/** A key and the same key again, which the row has asked for in between. */
async function twice(page: Page, key: string, asks: string) {
  await press(page, key);
  await byId(page, 'confirm').filter({ hasText: asks }).waitFor();
  await press(page, key);
  await byId(page, 'confirm').waitFor({ state: 'detached' });
}

const said = (page: Page, words: string | RegExp) =>
  byId(page, 'said').filter({ hasText: words }).waitFor();

const secretOn = async (page: Page) => (await byId(page, 'secret-text').textContent()) ?? '';

const usable = async (page: Page, state: string) =>
  expect([state, await seriousFindings(page)]).toEqual([state, []]);

test(
  'an administrator adds somebody, resets their password and closes their account by keyboard, and they are out at once',
  { timeout: LONG_MS },
  async () => {
    await using room = await DemoRoom.start();
    const browser = await launch();
    try {
      const { server, desks } = room.facts;
      // An address opens within 30 s.
      const adm = await open(browser, administrationOf(room));
      const ch2 = await open(browser, desks[1] ?? '');
      await usable(adm, 'signing in');
      await signIn(adm, 'adm', 'made-up-password');
      await isAt(adm, 'people');
      await byId(adm, 'person-ch1').waitFor();
      await usable(adm, 'people');

      // Somebody is added; what is wrong is said at its field, and what was typed stays.
      await press(adm, 'n');
      await isAt(adm, 'name');
      await adm.keyboard.type('a b');
      await press(adm, 'Enter');
      await byId(adm, 'rule-name', '.problem').waitFor();
      await usable(adm, 'a form with a problem');
      await press(adm, 'Control+a');
      await adm.keyboard.type('ash');
      await press(adm, 'Tab');
      await adm.keyboard.type('Asha Lane');
      await press(adm, 'Tab', '1', 'Enter');
      await byId(adm, 'secret').filter({ hasText: 'First password of ash' }).waitFor();
      await byId(adm, 'person-ash', '[data-state="password-change-needed"]').waitFor();
      await usable(adm, 'told once');
      const first = await secretOn(adm);

      // They sign in at another desk.
      await signIn(ch2, 'ash', first, 'one of her own');
      await byId(adm, 'person-ash', '[data-state="active"]').waitFor();

      // Reset: signed out there, in again with the one-time password.
      await choose(adm, 'people', 'ash', 'person-ash');
      await press(adm, 'p');
      await byId(adm, 'confirm').filter({ hasText: 'Press P again' }).waitFor();
      await usable(adm, 'a second press is asked for');
      await press(adm, 'Escape');
      await byId(adm, 'confirm').waitFor({ state: 'detached' });
      await twice(adm, 'p', 'Press P again');
      await byId(ch2, 'sign-in-name').waitFor();
      await byId(adm, 'secret').filter({ hasText: 'One-time password of ash' }).waitFor();
      const oneTime = await secretOn(adm);
      expect(oneTime).not.toBe(first);
      await signIn(ch2, 'ash', oneTime, 'another of her own');

      // A list that changes by itself moves neither what is chosen nor the caret.
      await press(adm, '/', 'End');
      const { token } = (await (
        await fetch(`${server}/api/session`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ name: 'adm', password: 'made-up-password' }),
        })
      ).json()) as { token: string };
      await fetch(`${server}/api/users`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ name: 'ash-2', displayName: 'Ash Two', role: 'auditor' }),
      });
      await byId(adm, 'person-ash-2').waitFor();
      await byId(adm, 'person-ash', '[aria-selected="true"]').waitFor();
      await isAt(adm, 'filter');

      // Another role, at once where they sit; then the account is closed, and they are out.
      await press(adm, 'Enter', 'r');
      await byId(adm, 'choose-role').waitFor();
      await usable(adm, 'choosing a role');
      await press(adm, '2');
      await said(adm, 'ash is Dispatcher from now on');
      await ch2.locator('.person').filter({ hasText: 'Dispatcher' }).waitFor();
      await twice(adm, 'x', 'Press X again');
      await byId(adm, 'person-ash', '[data-state="closed"]').waitFor();
      await byId(ch2, 'sign-in-name').waitFor();

      // Nobody closes their own account.
      await press(adm, 'Escape', 'Escape');
      await choose(adm, 'people', 'femi', 'person-adm');
      await twice(adm, 'x', 'Press X again');
      await said(adm, 'Nobody does this to their own account');

      // What was told once is nowhere once its list is left.
      await goTo(adm, 'Alt+2', 'sessions');
      await goTo(adm, 'Alt+1', 'people');
      for (const secret of [first, oneTime]) expect(await adm.content()).not.toContain(secret);
    } finally {
      await browser.close();
    }
  },
);

test(
  'an administrator takes back a session, a desk and a key by keyboard, and without a server is told that nothing was done',
  { timeout: LONG_MS },
  async () => {
    await using room = await DemoRoom.start();
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-enrolled-'));
    const browser = await launch();
    try {
      const { server, desks } = room.facts;
      const adm = await open(browser, administrationOf(room));
      const d1 = await open(browser, desks[2] ?? '');
      await signIn(adm, 'adm', 'made-up-password');
      await isAt(adm, 'people');

      // What is typed stays over the death of the desk, and the caret with it.
      await press(adm, 'n');
      await isAt(adm, 'name');
      await adm.keyboard.type('cal');
      await room.killDesk(desks.length - 1);
      await adm.locator('[data-mode="restarting"]').waitFor();
      await adm.keyboard.type('.reed');
      await adm.locator('[data-mode="online"]').waitFor();
      await isAt(adm, 'name');
      expect(await byId(adm, 'field-name').inputValue()).toBe('cal.reed');
      await press(adm, 'Escape');
      await isAt(adm, 'people');

      // A session is taken back.
      await signIn(d1, 'd1', 'made-up-password');
      await goTo(adm, 'Alt+2', 'sessions');
      await choose(adm, 'sessions', 'd1', 'session-d1-D1-online');
      await usable(adm, 'sessions');
      await twice(adm, 'x', 'Press X again');
      await byId(d1, 'sign-in-name').waitFor();
      await said(adm, 'with the password they can sign in again');
      await byId(adm, 'session-d1-D1-online').waitFor({ state: 'detached' });

      // A desk is enrolled with a code of the window, and its key taken back.
      await goTo(adm, 'Alt+3', 'desks');
      await press(adm, 'n');
      await isAt(adm, 'desk');
      await press(adm, 'Enter');
      await byId(adm, 'secret-life').filter({ hasText: 'Runs out in 1' }).waitFor();
      await usable(adm, 'a code with its life');
      const code = await secretOn(adm);
      const args = `desk --json --headless --server ${server} --name X9 --data ${folder} --enrol ${code}`;
      await using desk = await Holdfast.start(args.split(' '));
      await byId(adm, 'desk-X9', '[data-state="joined"]').waitFor();
      const x9 = await open(browser, (JSON.parse(desk.line) as { desk: string }).desk);
      await x9.locator('[data-mode="online"]').waitFor();
      await choose(adm, 'desks', 'x9', 'desk-X9');
      await twice(adm, 'x', 'Press X again');
      await byId(adm, 'desk-X9', '[data-state="revoked"]').waitFor();
      await x9.locator('[data-mode="alone"]').waitFor();
      await x9.close();

      // A key for a system: it works until it is taken back, and is told once.
      await goTo(adm, 'Alt+4', 'api-keys');
      await press(adm, 'n');
      await isAt(adm, 'name');
      await adm.keyboard.type('radio bridge');
      await press(adm, 'Enter');
      await byId(adm, 'secret').filter({ hasText: 'API key of radio bridge' }).waitFor();
      const key = await secretOn(adm);
      const handIn = async (externalId: string) =>
        (
          await fetch(`${server}/api/contacts`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
            body: JSON.stringify({ externalId, channel: '999' }),
          })
        ).status;
      expect(await handIn('x-1')).toBe(201);
      await choose(adm, 'api-keys', 'radio', 'api-key-radio bridge');
      await usable(adm, 'API keys');
      await twice(adm, 'x', 'Press X again');
      await byId(adm, 'api-key-radio bridge', '[data-state="revoked"]').waitFor();
      expect(await handIn('x-2')).toBe(401);
      await goTo(adm, 'Alt+1', 'people');
      for (const secret of [code, key]) expect(await adm.content()).not.toContain(secret);

      // Without a server nothing is done, and that is said; what was read stays and says how old it is.
      room.killServer();
      await adm.locator('[data-mode="alone"]').waitFor();
      await choose(adm, 'people', 'carys', 'person-d1');
      await twice(adm, 'x', 'Press X again');
      await said(adm, 'Administration needs the server; nothing was done.');
      await byId(adm, 'list-problem').filter({ hasText: 'the server does not answer' }).waitFor();
      await usable(adm, 'alone');
    } finally {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test('whoever is no administrator sees that the window is not theirs, and nothing in it', async () => {
  await using room = await DemoRoom.start();
  const browser = await launch();
  try {
    const page = await open(browser, administrationOf(room));
    await signIn(page, 'sup', 'made-up-password');
    await byId(page, 'not-an-administrator').waitFor();
    await usable(page, 'not an administrator');
    expect(await page.locator('[role="grid"]').count()).toBe(0);
  } finally {
    await browser.close();
  }
});
