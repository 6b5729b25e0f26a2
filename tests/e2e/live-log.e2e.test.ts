import { join } from 'node:path';
import process from 'node:process';
import { chromium, type Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { findChromium } from '#chromium/start-shell.ts';
import { DemoRoom } from '../support/demo-room.ts';
import { pdfPages } from '../support/pdf-text.ts';
import { verifyServer } from '../support/verify-server.ts';
import { WindowClient } from '../support/window-client.ts';

const PASSWORD = 'made-up-password';
const SAYS_SO_WITHIN_MS = 10_000; // twice what a page needs where nothing else runs
const SOON = { timeout: 15_000 };
const WHY = 'assault at the house, operation Lantern';

const byId = (page: Page, id: string, more = '') => page.locator(`[data-testid="${id}"]${more}`);
const shows = (page: Page, selector: string, text: string | RegExp = '') =>
  page.locator(selector).filter({ hasText: text }).first().waitFor();

async function press(page: Page, ...keys: readonly string[]) {
  // oxlint-disable-next-line no-await-in-loop -- one finger after another
  for (const key of keys) await page.keyboard.press(key);
}

/** A desk's window without a screen, with somebody at it. */
async function sitAt(address: string | undefined, name: string): Promise<WindowClient> {
  const window = new WindowClient(address ?? '');
  await window.join();
  await window.signIn(name, PASSWORD);
  window.follow('seat');
  await window.until('numbers', () => (window.seat?.referencesLeft ?? 0) > 0);
  return window;
}

async function signIn(page: Page) {
  await page.locator('[data-field="name"]:focus').waitFor();
  await page.keyboard.type('inv');
  await press(page, 'Tab');
  await page.keyboard.type(PASSWORD);
  await press(page, 'Enter');
  await shows(page, '[data-link="live"]');
}

/** By keys alone: finds the incident, says why, and is shown its log. */
async function open(page: Page, reference: string) {
  await press(page, 'F7', 'Control+a');
  await page.keyboard.type(reference);
  await press(page, 'Enter');
  await shows(page, '[data-testid="found"][aria-selected="true"]', reference);
  await press(page, 'Enter');
  await page.locator('[data-field="reason"]:focus').waitFor();
  await press(page, '1', 'Tab');
  await page.keyboard.type(WHY);
  await press(page, 'Enter');
  await page.locator('[data-field="log"]:focus').waitFor();
  await byId(page, 'line').first().waitFor();
}

const linesOf = (page: Page) => byId(page, 'line').locator('.live-text').allTextContents();
const scrollOf = (page: Page) =>
  page.evaluate<{ readonly top: number; readonly focus: string }>(
    `({ top: document.querySelector('[data-field="log"]').scrollTop, focus: document.activeElement.dataset.field })`,
  );

test(
  'an investigator at home follows the first incident by keys alone, over a killed server, prints it, and is cut off when the session is taken back',
  { timeout: 240_000 },
  async () => {
    await using room = await DemoRoom.start();
    const { facts } = room;
    const ch1 = await sitAt(facts.desks[0], 'ch1');
    const d1 = await sitAt(facts.desks[2], 'd1');
    const raised = ch1.ask({
      type: 'raise-incident',
      body: {
        place: { text: '12 High Street', isVerified: false },
        openingCode: 'DOM',
        grade: 1,
        qualifiers: ['domestic-abuse'],
        narrative: 'Shouting, a child crying',
      },
    });
    const answer = await ch1.answerTo(raised);
    const reference = answer.state === 'stored-here' ? (answer.reference ?? '') : '';
    expect(reference).toMatch(/^HC-\d{8}-\d{4}$/);
    const incidentId = reference as never; // parsed by the desk's schema
    const say = (text: string) => ch1.ask({ type: 'add-log-entry', body: { incidentId, text } });
    const recorded = (id: string) =>
      ch1.until(`${id} is recorded`, () =>
        ch1.acks.get(id)?.find(({ state }) => state === 'recorded'),
      );
    await recorded(raised);

    const executablePath = findChromium();
    await using stack = new AsyncDisposableStack();
    const browser = stack.adopt(
      await chromium.launch({
        ...(executablePath !== undefined && { executablePath }),
        chromiumSandbox: process.getuid?.() !== 0,
      }),
      (it) => it.close(),
    );
    const page = await browser.newPage({ viewport: { width: 1366, height: 700 } });
    const violations: string[] = [];
    page.on('console', (it) => {
      if (/Content Security Policy|Trusted/.test(it.text())) violations.push(it.text());
    });
    page.on('pageerror', (error) => violations.push(error.message));
    // The browser's own dialog is not for a test; that it is asked for is counted.
    await page.addInitScript('window.print = () => { window.printed = (window.printed ?? 0) + 1 }');
    await page.goto(facts.liveLog ?? '');
    await shows(page, '[data-testid="read-only"]', 'nothing is stored on this computer');
    await signIn(page);
    await open(page, reference);
    expect(await byId(page, 'reference').textContent()).toBe(reference);
    await page.getByRole('img', { name: 'Grade 1, immediate' }).first().waitFor();
    await shows(page, '[data-testid="facts"]', 'Shouting, a child crying');
    await shows(page, '[data-testid="units"]', 'none on it now');

    // What finds and what is found stand side by side, whole, and the log has the most of the room.
    const box = async (selector: string) => page.locator(selector).boundingBox();
    const [find, log] = [await box('[data-field="find"]'), await box('[data-field="log"]')];
    expect(Math.min(find?.width ?? 0, (log?.width ?? 0) / 2)).toBeGreaterThan(200);
    expect((log?.y ?? 0) + (log?.height ?? 0)).toBeGreaterThan(600);

    // New lines appear as they are recorded; where the reader is at the end, the newest is in sight.
    await recorded(say('Caller is upstairs, door locked'));
    await shows(page, '[data-testid="line"]', 'Caller is upstairs, door locked');
    d1.ask({ type: 'assign-unit', body: { incidentId, unitId: 'HT21' as never } });
    await shows(page, '[data-testid="units"]', 'HT21');
    await shows(page, '[data-testid="line"]', 'HT21 assigned');

    // A reader who has gone up keeps place and focus, and is told how much has come.
    for (let n = 0; n < 40; n += 1) say(`line ${n}`);
    await shows(page, '[data-testid="line"]', 'line 39');
    await press(page, 'Home');
    await shows(page, '[data-testid="unread"]', 'Go to the end');
    const atTop = { top: 0, focus: 'log' };
    await expect.poll(() => scrollOf(page), SOON).toEqual(atTop); // the browser goes there step by step
    await recorded(say('said while nobody looks'));
    await byId(page, 'unread', '[data-count="1"]').waitFor();
    expect(await scrollOf(page)).toEqual(atTop);
    await press(page, 'e');
    await byId(page, 'unread', '[data-count="0"]').waitFor();
    const shown = await linesOf(page);
    expect(shown.at(-1)).toBe('said while nobody looks');

    // The paper: who, when, why, the head and every line, and the reference on each page.
    await press(page, 'p');
    await byId(page, 'paper').locator('table').waitFor({ state: 'attached' });
    await expect.poll(() => page.evaluate('window.printed'), SOON).toBe(1);
    const paper = pdfPages(await page.pdf({ preferCSSPageSize: true }));
    expect(paper.length).toBeGreaterThan(1);
    for (const [index, one] of paper.entries()) {
      const text = one.replaceAll(/\s+/g, ' ');
      expect(text).toContain(`Page ${index + 1} of ${paper.length}`);
      expect(text).toContain(reference);
      expect(text).toContain('by Ines Vale');
      expect(text).toContain('Printed copies are not live');
    }
    const whole = paper.join(' ').replaceAll(/\s+/g, ' ');
    for (const words of [WHY, '12 High Street', 'Shouting, a child crying', 'HT21', ...shown])
      expect(whole).toContain(words);
    // Made otherwise, a paper says that it is none.
    const none = pdfPages(await page.pdf({ preferCSSPageSize: true })).join(' ');
    expect([none.includes('Nothing is printed from here'), none.includes('Caller is')]).toEqual([
      true,
      false,
    ]);

    // The server dies: everything stays, with its age; it is back, and so is the log.
    room.killServer();
    await page
      .locator('[data-testid="link"]')
      .filter({ hasText: /^Line lost: showing what was known at \d\d:\d\d:\d\d, \d+ s ago/ })
      .waitFor({ timeout: SAYS_SO_WITHIN_MS });
    await shows(page, '[data-testid="panel-age"]', /^as at \d\d:\d\d:\d\d/);
    expect(await linesOf(page)).toEqual(shown);
    const away = say('said while the server was away');
    await room.startServer();
    await recorded(away);
    await shows(page, '[data-testid="line"]', 'said while the server was away');
    await shows(page, '[data-link="live"]');
    expect((await linesOf(page)).length).toBe(shown.length + 1);

    // A key of the page writes nothing, and nothing is kept by the browser.
    const kept = await page.evaluate(
      `[localStorage.length, sessionStorage.length, document.cookie, document.querySelectorAll('textarea').length]`,
    );
    expect(kept).toEqual([0, 0, '', 0]);

    // The session is taken back: nothing of it stays on the screen.
    const ask = (path: string, body: object, token?: string) =>
      fetch(`${facts.server}${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(body),
      });
    const session = await ask('/api/session', { name: 'adm', password: PASSWORD });
    const { token } = (await session.json()) as { token: string };
    await ask('/api/sessions/revoke', { name: 'inv' }, token);
    await shows(page, '[data-testid="sign-in-problem"]', 'this session was taken back');
    expect(await page.content()).not.toContain('High Street');

    // Whoever signs in again begins with nothing, and is asked why again; what they leave is on record.
    await signIn(page);
    await open(page, reference);
    await press(page, 'x');
    await page.locator('[data-field="find"]:focus').waitFor();
    await press(page, 'Alt+q');
    await shows(page, '[data-testid="sign-in-problem"]', 'Signed out.');
    expect(violations).toEqual([]);

    ch1.close();
    d1.close();
    await room.stop();
    const { faults, audit } = verifyServer(join(room.dataDir, 'server'));
    expect(faults).toEqual([]);
    const looks = audit
      .filter(({ desk, what }) => desk === 'browser' && /incident/.test(what))
      .map(({ operation, subject, outcome }) => [
        operation,
        subject === reference,
        /view \w+ (begins|ended: [a-z ]+)|print/.exec(outcome)?.[1] ?? 'print',
      ]);
    expect(looks).toEqual([
      ['consultation', true, 'begins'],
      ['disclosure', true, 'print'],
      // Killed, the server wrote no end: the next beginning of the same person is it.
      ['consultation', true, 'begins'],
      ['consultation', true, 'ended: revoked'],
      ['consultation', true, 'begins'],
      ['consultation', true, 'ended: left'],
    ]);
    const begins = audit.filter(({ outcome }) => / begins, from 127\.0\.0\.1/.test(outcome));
    expect(begins.map(({ outcome }) => outcome.split(', reason ')[1])).toEqual([
      `investigation: ${WHY}`,
      `investigation: ${WHY}`,
      `investigation: ${WHY}`,
    ]);
  },
);
