import process from 'node:process';
import { chromium, type Browser, type Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { findChromium } from '#chromium/start-shell.ts';
import { seriousFindings } from '../support/axe.ts';
import { DemoRoom } from '../support/demo-room.ts';

const ALL_STATES_MAX_MS = 300_000; // two dozen screens looked at by axe, on two busy cores
const POLL_MS = 50; // between two looks at a page that has nothing to be awaited
const FHD = { width: 1920, height: 1080 };

const byId = (page: Page, id: string, more = '') => page.locator(`[data-testid="${id}"]${more}`);
const isAt = (page: Page, field: string) => page.locator(`[data-field="${field}"]:focus`).waitFor();

async function press(page: Page, ...keys: readonly string[]) {
  // oxlint-disable-next-line no-await-in-loop -- one finger after another
  for (const key of keys) await page.keyboard.press(key);
}

const launch = () => {
  const executablePath = findChromium();
  return chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    chromiumSandbox: process.getuid?.() !== 0,
  });
};

/** A window where nobody has signed in yet. The system is a bright one, so that each press shows. */
async function open(browser: Browser, address: string | undefined): Promise<Page> {
  const page = await browser.newPage({ viewport: FHD, colorScheme: 'light' });
  await page.goto(address ?? '');
  await page.locator('[data-testid="sign-in-name"]:focus').waitFor();
  return page;
}

async function signIn(page: Page, name: string) {
  await byId(page, 'sign-in-name').focus();
  await page.keyboard.type(name);
  await press(page, 'Tab');
  await page.keyboard.type('made-up-password');
  await press(page, 'Enter');
  // On a machine that is busy beyond measure the server answers too late, and the window says so: asked again.
  const isIn = () =>
    byId(page, 'sign-in-name')
      .count()
      .then((count) => count === 0);
  const isRefused = byId(page, 'sign-in-problem').filter({ hasText: /\w/ });
  while (!(await isIn())) {
    if ((await isRefused.count()) > 0) await press(page, 'Enter');
    await page.waitForTimeout(POLL_MS);
  }
  await page.locator('[data-mode="online"]').waitFor();
  await page
    .locator('.fact')
    .filter({ hasText: /^numbers [1-9]/ })
    .waitFor();
}

async function command(page: Page, text: string, isConfirmed = false) {
  await press(page, 'F10');
  await isAt(page, 'command');
  await page.keyboard.type(text);
  await byId(page, 'command-meaning', '[data-state="ready"]').waitFor();
  await press(page, 'Enter');
  if (isConfirmed) {
    await page.locator('.meaning-confirm').waitFor();
    await press(page, 'Enter');
  }
  await page.locator('.command:not(.is-open)').waitFor();
}

const offer = async ({ facts }: DemoRoom, externalId: string, number: string) => {
  await fetch(`${facts.server}/api/contacts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${facts.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ externalId, channel: '999', number }),
  });
};

const themes = ['dark', 'light', 'dim'] as const;
const isShown = (page: Page, theme: string) =>
  page.locator(`html[data-theme="${theme}"]`).waitFor();

/** Goes round the themes with the key, which begin at dark: what is done in each of them, by its name. */
async function inEachTheme(page: Page, work: (theme: string) => Promise<void>) {
  for (const theme of themes) {
    await isShown(page, theme);
    await work(theme);
    await press(page, 'Alt+t');
  }
  // As the system, which is bright here; and round to the first.
  await isShown(page, 'light');
  await press(page, 'Alt+t');
  await isShown(page, 'dark');
}

/** Looks at what is on screen in every theme, and writes down what was found and where. */
class Looks {
  readonly seen: string[] = [];
  readonly faults: Record<string, readonly string[]> = {};

  async at(page: Page, state: string) {
    await inEachTheme(page, async (theme) => {
      const name = `${state}, ${theme}`;
      this.seen.push(name);
      const faults = await seriousFindings(page);
      if (faults.length > 0) this.faults[name] = faults;
    });
  }
}

test(
  'axe finds nothing serious in the call handler’s window, in any state and theme',
  { timeout: ALL_STATES_MAX_MS },
  async () => {
    await using room = await DemoRoom.start();
    await using browser = await launch();
    const looks = new Looks();
    const page = await open(browser, room.facts.desks[0]);
    await looks.at(page, 'sign-in');
    await page.keyboard.type('nobody');
    await press(page, 'Tab');
    await page.keyboard.type('a wrong password');
    await press(page, 'Enter');
    await byId(page, 'sign-in-problem').filter({ hasText: /\w/ }).waitFor();
    await looks.at(page, 'sign-in refused');
    for (const id of ['sign-in-name', 'sign-in-password']) await byId(page, id).fill('');
    await signIn(page, 'ch1');
    await looks.at(page, 'empty form');

    await offer(room, 'one', '07700 900142');
    await offer(room, 'two', 'withheld');
    await page.locator('.next.is-waiting').waitFor();
    await press(page, 'F1');
    await page.locator('[data-testid^="contact-"][data-state="answered"]').waitFor();
    await isAt(page, 'narrative');
    await page.keyboard.type('Shouting and breaking things downstairs');
    await press(page, 'F8');
    await page.locator('[aria-invalid="true"]').first().waitFor();
    await looks.at(page, 'form with what it lacks');
    await byId(page, 'place').focus();
    await page.keyboard.type('12 hi str');
    await page.locator('[role="option"]').first().waitFor();
    await looks.at(page, 'form with places to pick');
    await press(page, 'ArrowDown', 'Enter');
    await byId(page, 'place-state', '[data-state="picked"]').waitFor();
    await byId(page, 'opening-code').focus();
    await page.keyboard.type('DOM');
    await byId(page, 'grade').focus();
    await press(page, '1', 'F8');
    await byId(page, 'reference').waitFor();
    await page.locator('[data-testid="crimes"] [role="row"]').nth(1).waitFor();
    await press(page, 'Alt+v');
    await byId(page, 'look').waitFor();
    await looks.at(page, 'busy');
    await press(page, 'Alt+v', 'F7');
    await isAt(page, 'find');
    await page.keyboard.type('07700 900142');
    await press(page, 'Enter');
    await page.locator('.rows-found .row').first().waitFor();
    await looks.at(page, 'found');
    await press(page, 'Escape', 'F2');
    await page.locator('.call-held').waitFor();
    room.killServer();
    await byId(page, 'mode', '[data-mode="alone"]').waitFor();
    await looks.at(page, 'on hold and alone');
    expect(looks.seen).toHaveLength(8 * themes.length);
    expect(looks.faults).toEqual({});
  },
);

test(
  'axe finds nothing serious in the dispatcher’s window, in any state and theme',
  { timeout: ALL_STATES_MAX_MS },
  async () => {
    await using room = await DemoRoom.start();
    await using browser = await launch();
    const looks = new Looks();
    const page = await open(browser, room.facts.desks[2]);
    const other = await open(browser, room.facts.desks[3]); // an address is good for half a minute
    await looks.at(page, 'sign-in');
    await signIn(page, 'd1');
    await signIn(other, 'sup');
    await looks.at(page, 'nothing chosen');
    await press(page, 'Alt+1', 'Home');
    await byId(page, 'line').first().waitFor();
    await command(page, 'd . HT21');
    await looks.at(page, 'busy');
    await press(page, 'F10');
    await isAt(page, 'command');
    await page.keyboard.type('c ');
    await page.locator('.command-option').first().waitFor();
    await looks.at(page, 'command line open');
    await press(page, 'Escape');
    await command(page, 's HT23 0', true);
    await byId(page, 'emergency', '[data-owned="false"]').waitFor();
    await looks.at(page, 'emergency');
    await press(page, 'F12');
    await byId(page, 'emergency', '[data-owned="true"]').waitFor();
    await looks.at(page, 'emergency owned');

    // While both desks are alone, the other one takes the unit off duty that this one sends.
    room.killServer();
    for (const it of [page, other]) await byId(it, 'mode', '[data-mode="alone"]').waitFor();
    await looks.at(page, 'alone');
    await command(other, 'off HT22');
    await byId(other, 'unit-HT22').waitFor({ state: 'detached' });
    await command(page, 'd . HT22');
    const [, , pid = 0] = room.facts.pids.desks;
    process.kill(pid, 'SIGSTOP'); // so that the other one's word comes first
    await room.startServer();
    await other.locator('[data-mode="online"]').waitFor();
    await other
      .locator('.fact')
      .filter({ hasText: /^unsent 0$/ })
      .waitFor();
    process.kill(pid, 'SIGCONT');
    await page.locator('.tray.has-items .tray-reason').first().waitFor();
    await looks.at(page, 'tray');
    expect(looks.seen).toHaveLength(8 * themes.length);
    expect(looks.faults).toEqual({});
  },
);

test(
  'axe finds nothing serious in the administrators’ window and in the live log, in any theme',
  { timeout: ALL_STATES_MAX_MS },
  async () => {
    await using room = await DemoRoom.start();
    await using browser = await launch();
    const looks = new Looks();
    const { windows, liveLog = '' } = room.facts;
    const address = windows.find(({ window }) => window === 'administration')?.address;
    const page = await open(browser, address);
    await signIn(page, 'adm');
    for (const [key, list] of [
      ['Alt+1', 'people'],
      ['Alt+2', 'sessions'],
      ['Alt+3', 'desks'],
    ] as const) {
      await press(page, key);
      await isAt(page, list);
      await looks.at(page, `administration, ${list}`);
    }
    const inv = await browser.newPage({ viewport: FHD, colorScheme: 'light' });
    await inv.goto(liveLog);
    await isAt(inv, 'name');
    await looks.at(inv, 'live log, sign-in');
    await inv.keyboard.type('inv');
    await press(inv, 'Tab');
    await inv.keyboard.type('made-up-password');
    await press(inv, 'Enter');
    await inv.locator('[data-link="live"]').waitFor();
    await press(inv, 'F7');
    await inv.keyboard.type('Guildhall Walk');
    await press(inv, 'Enter');
    await inv.locator('[data-testid="found"][aria-selected="true"]').waitFor();
    await press(inv, 'Enter');
    await isAt(inv, 'reason');
    await looks.at(inv, 'live log, reason');
    await press(inv, '1', 'Tab');
    await inv.keyboard.type('a made-up enquiry');
    await press(inv, 'Enter');
    await byId(inv, 'line').first().waitFor();
    await looks.at(inv, 'live log, followed');
    expect(looks.seen).toHaveLength(6 * themes.length);
    expect(looks.faults).toEqual({});
  },
);

test('two windows of one desk change their theme together, and axe finds nothing serious in the supervisor’s', async () => {
  await using room = await DemoRoom.start();
  await using browser = await launch();
  const addressOf = (window: string) =>
    room.facts.windows.find((it) => it.desk === 'SUP' && it.window === window)?.address;
  const page = await open(browser, addressOf('supervisor'));
  const other = await open(browser, addressOf('dispatch'));
  const looks = new Looks();
  await looks.at(page, 'sign-in');
  await signIn(page, 'sup');
  await looks.at(page, 'supervisor');
  expect(looks.seen).toHaveLength(2 * themes.length);
  expect(looks.faults).toEqual({});
  await inEachTheme(page, (theme) => isShown(other, theme));
  // A size is of one window only.
  await press(page, 'Alt+=');
  await isSized(page, '1.1');
  await isSized(other, '1');
});

interface Box {
  readonly what: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Every field and action that cannot be brought into sight whole, and every text that is cut off beside them. */
const outOfReach = (page: Page) =>
  page.evaluate<readonly Box[]>(`(() => {
    const all = [...document.querySelectorAll('button, input, textarea, [role=grid], [role=radiogroup], [role=radio], h1, h2, .mode, .fact, .clock, .emergency-word, .emergency-unit, .emergency-since')];
    // Down is where the rest is; sideways nobody looks.
    const lost = [...document.querySelectorAll('.frame, .work')]
      .filter((it) => it.scrollWidth > it.clientWidth + 1)
      .map((it) => ({ what: 'scrolls sideways: ' + it.className, left: 0, right: it.scrollWidth, top: 0, bottom: 0 }));
    for (const it of all) {
      if (it.closest('.for-listeners')) continue;
      it.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      let { left, right, top, bottom } = it.getBoundingClientRect();
      const isList = it.matches('[role=grid]');
      // What each box around it lets through.
      let [sl, sr, st, sb] = [0, innerWidth, 0, innerHeight];
      for (let up = it.parentElement; up; up = up.parentElement) {
        if (getComputedStyle(up).overflow === 'visible') continue;
        const box = up.getBoundingClientRect();
        [sl, sr, st, sb] = [Math.max(sl, box.left), Math.min(sr, box.right), Math.max(st, box.top), Math.min(sb, box.bottom)];
      }
      const isWide = left < sl - 1 || right > sr + 1;
      const isTall = !isList && (top < st - 1 || bottom > sb + 1);
      const isNothing = right - left < 1 || bottom - top < 1;
      const isCut = it.matches('button, h1, h2, .mode') && it.scrollWidth > it.clientWidth + 1;
      if (isWide || isTall || isNothing || isCut)
        lost.push({ what: it.outerHTML.slice(0, 120), left, right, top, bottom });
    }
    return lost;
  })()`);

const isSized = (page: Page, zoom: string) =>
  page.locator(`html[style*="--zoom: ${zoom};"]`).waitFor();
const rootPx = (page: Page) =>
  page.evaluate<number>(`parseFloat(getComputedStyle(document.documentElement).fontSize)`);
const rowPx = (page: Page) =>
  page.evaluate<number>(
    `document.querySelector('.rows-incidents .row:not(.row-head)').getBoundingClientRect().height`,
  );

test(
  'a window from 90 to 200 % loses nothing: every field and action can be brought into sight whole',
  { timeout: ALL_STATES_MAX_MS },
  async () => {
    await using room = await DemoRoom.start();
    await using browser = await launch();
    const ch1 = await open(browser, room.facts.desks[0]);
    const d1 = await open(browser, room.facts.desks[2]);
    await signIn(ch1, 'ch1');
    await signIn(d1, 'd1');
    await offer(room, 'one', '07700 900142');
    await ch1.locator('.next.is-waiting').waitFor();
    await press(ch1, 'F1');
    await ch1.locator('[data-testid^="contact-"][data-state="answered"]').waitFor();
    await press(d1, 'Alt+1', 'Home');
    await byId(d1, 'line').first().waitFor();
    await command(d1, 's HT23 0', true);
    await byId(d1, 'emergency').waitFor();
    for (const page of [ch1, d1]) await press(page, 'Alt+v');

    const lost: Record<string, readonly Box[]> = {};
    const sizes = ['0.9', '1', '1.1', '1.25', '1.5', '1.75', '2'];
    const grown: number[] = [];
    for (const page of [ch1, d1]) {
      await press(page, 'Alt+-');
      for (const [index, size] of sizes.entries()) {
        if (index > 0) await press(page, index % 2 === 0 ? 'Alt+=' : 'Control+=');
        await isSized(page, size);
        grown.push(await rootPx(page));
        const boxes = await outOfReach(page);
        if (boxes.length > 0)
          lost[`${page === ch1 ? 'call handling' : 'dispatch'} ${size}`] = boxes;
      }
      await press(page, 'Alt+='); // there is no step beyond
    }
    const pixels = sizes.map((size) => Number(size) * 18);
    expect(grown.map((it) => it.toFixed(1))).toEqual(
      [...pixels, ...pixels].map((it) => it.toFixed(1)),
    );
    expect(lost).toEqual({});
    // The size is one window's own, and neither window has changed the other's.
    await press(ch1, 'Control+0');
    await isSized(ch1, '1');
    await isSized(d1, '2');
  },
);

test('the first size is the display’s, rows are 28, 34 or 42 pixels high at it, and a theme moves nothing', async () => {
  await using room = await DemoRoom.start();
  await using browser = await launch();
  const page = await open(browser, room.facts.desks[2]);
  await signIn(page, 'd1');
  await page.locator('.rows-incidents .row').nth(1).waitFor();
  const display = await page.context().newCDPSession(page);
  const firstOn = async (screen: number, width: number) => {
    const size = { width, height: 1080, screenWidth: screen, screenHeight: 1080 };
    const override = { ...size, deviceScaleFactor: 1, mobile: false };
    await display.send('Emulation.setDeviceMetricsOverride', override);
    return rootPx(page);
  };
  // A laptop, half of an FHD screen, a whole one, and half of a QHD screen, on which all is smaller.
  expect([
    await firstOn(1366, 1366),
    await firstOn(1920, 960),
    await firstOn(1920, 1920),
    await firstOn(2560, 1280),
  ]).toEqual([16, 16, 18, 20]);
  await firstOn(1920, 1920);
  const heights: number[] = [];
  for (const rows of ['compact', 'normal', 'roomy']) {
    await page.locator(`html[data-rows="${rows}"]`).waitFor();
    heights.push(Math.round(await rowPx(page)));
    await press(page, 'Alt+h');
  }
  expect(heights).toEqual([28, 34, 42]);
  await page.locator('html[data-rows="compact"]').waitFor();

  const places = () =>
    page.evaluate<string>(
      `JSON.stringify([...document.querySelectorAll('.panel, .row, button, h1, h2, input')].map((it) => { const { x, y, width, height } = it.getBoundingClientRect(); return [x, y, width, height]; }))`,
    );
  const seen = new Set<string>();
  await byId(page, 'said').waitFor({ state: 'attached' });
  await inEachTheme(page, async () => void seen.add(await places()));
  expect(seen.size).toBe(1);
});

test('as the system is followed where that was chosen; forced colours keep what a block means, and nothing moves where motion is unwanted', async () => {
  await using room = await DemoRoom.start();
  await using browser = await launch();
  const page = await open(browser, room.facts.desks[2]);
  await signIn(page, 'd1');
  // Dark was chosen, whatever the system says.
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await page.getAttribute('html', 'data-theme')).toBe('dark');
  }
  await press(page, 'Alt+t');
  await isShown(page, 'light');
  await press(page, 'Alt+t');
  await isShown(page, 'dim');
  await press(page, 'Alt+t');
  await isShown(page, 'light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await isShown(page, 'dark');

  await command(page, 's HT23 0', true);
  await byId(page, 'emergency').waitFor();
  const moves = () =>
    page.evaluate<string>(`getComputedStyle(document.querySelector('.emergency')).animationName`);
  expect(await moves()).toBe('hazard');
  await page.emulateMedia({ reducedMotion: 'reduce' });
  expect(await moves()).toBe('none');
  expect(
    await page.evaluate<readonly string[]>(
      `document.getAnimations().map((it) => it.animationName ?? it.constructor.name)`,
    ),
  ).toEqual([]);

  await page.emulateMedia({ forcedColors: 'active' });
  const [block, ground] = await page.evaluate<readonly string[]>(
    `['.emergency', 'body'].map((it) => getComputedStyle(document.querySelector(it)).backgroundColor)`,
  );
  expect(block).not.toBe(ground);
  expect(await seriousFindings(page)).toEqual([]);
  // It is said at once, and not every second with its clock.
  expect(await byId(page, 'said-at-once').textContent()).toContain('Emergency HT23');
  const live = await page
    .locator('[aria-live]:not([aria-live="off"]), [role=alert], [role=status]')
    .evaluateAll((all) => all.map((it) => it.getAttribute('data-testid')));
  expect(live).toEqual(['said-at-once', 'said']);
  const grades = page.locator('.rows-incidents .grade');
  expect(await grades.first().getAttribute('aria-label')).toMatch(/^Grade 1, immediate$/);
});
