import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { chromium, type Browser, type Page } from 'playwright-core';
import { DemoRoom } from '../support/demo-room.ts';

/** The README's pictures: both windows of a made-up room, worked by keyboard, in two sizes. */
const OUT = join(import.meta.dirname, '../../docs/pictures');
const sizes = [
  { width: 1920, height: 1080 },
  { width: 2560, height: 1440 },
];

async function open(browser: Browser, address: string, name: string): Promise<Page> {
  const page = await browser.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') process.stderr.write(`${name}: ${message.text()}\n`);
  });
  page.on('pageerror', (error) => process.stderr.write(`${name}: ${error.message}\n`));
  await page.goto(address);
  await signIn(page, name);
  return page;
}

async function signIn(page: Page, name: string): Promise<void> {
  await page.getByTestId('sign-in-name').waitFor();
  await page.getByTestId('sign-in-name').focus();
  await page.keyboard.type(name);
  await page.keyboard.press('Tab');
  await page.keyboard.type('made-up-password');
  await page.keyboard.press('Enter');
  await page.getByTestId('sign-in-name').waitFor({ state: 'detached' });
}

async function picture(page: Page, name: string) {
  for (const size of sizes) {
    await page.setViewportSize(size);
    await page.screenshot({ path: join(OUT, `${name}-${size.width}.png`) });
  }
  await page.setViewportSize(sizes[0] ?? { width: 1920, height: 1080 });
}

mkdirSync(OUT, { recursive: true });
await using room = await DemoRoom.start();
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const [ch1Address = '', ch2Address = '', d1Address = ''] = room.facts.desks;
const addressOf = (desk: string, window: string) =>
  room.facts.windows.find((it) => it.desk === desk && it.window === window)?.address ?? '';
const ch1 = await open(browser, ch1Address, 'ch1');
const d1 = await open(browser, d1Address, 'd1');
await open(browser, ch2Address, 'ch2');
const sup = await open(browser, addressOf('SUP', 'supervisor'), 'sup');
// Each address is good for 30 s: the administrator's page is there from the start, and waits.
const adm = await browser.newPage();
await adm.goto(addressOf('SUP', 'administration'));
for (const [externalId, number] of [
  ['picture-1', '07700 900142'],
  ['picture-2', 'withheld'],
])
  await fetch(`${room.facts.server}/api/contacts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${room.facts.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ externalId, channel: '999', number }),
  });
await ch1.locator('[data-testid^="contact-"][data-state="offered"]').first().waitFor();
await ch1.keyboard.press('F1');
await ch1.locator('[data-testid^="contact-"][data-state="answered"]').first().waitFor();
await ch1.getByTestId('narrative').focus();
await ch1.keyboard.type('Partner shouting and breaking things downstairs, child upstairs with her');
await ch1.getByTestId('place').focus();
await ch1.keyboard.type('12 hi str');
await ch1.locator('[role="option"]').first().waitFor();
await ch1.keyboard.press('ArrowDown');
await ch1.keyboard.press('Enter');
await ch1.locator('[data-testid="place-state"][data-state="picked"]').waitFor();
await ch1.getByTestId('opening-code').focus();
await ch1.keyboard.type('DOM');
await ch1.getByTestId('grade').focus();
await ch1.keyboard.press('1');
await ch1.keyboard.press('F8');
await ch1.getByTestId('reference').waitFor();
await picture(ch1, 'call-handling');

/** A whole line in the dispatcher's command line; a second Enter where the line asks for one. */
async function say(text: string, { isConfirmed = false } = {}) {
  await d1.keyboard.press('F10');
  await d1.locator('[data-field="command"]:focus').waitFor();
  await d1.keyboard.type(text);
  await d1.locator('[data-testid="command-meaning"][data-state="ready"]').waitFor();
  await d1.keyboard.press('Enter');
  if (isConfirmed) await d1.keyboard.press('Enter');
  await d1.locator('.command:not(.is-open)').waitFor();
}
await d1.locator('[data-testid^="handover-"]').first().waitFor();
await picture(d1, 'dispatch');
await d1.keyboard.press('F1');
await d1.getByTestId('reference').waitFor();
await say('d . HT21 HT22');
await say('e HT21');
await say('t . Dog in the house, caller has locked herself in upstairs');
await say('e HT22');
await d1.locator('[data-testid="unit-HT22"][data-status="5"]').waitFor();
await picture(d1, 'dispatch-work');
await d1.keyboard.press('F10');
await d1.keyboard.type('c ');
await picture(d1, 'dispatch-line');
await d1.keyboard.press('Escape');
await say('s HT23 0', { isConfirmed: true });
await d1.getByTestId('emergency').waitFor();
await picture(d1, 'dispatch-emergency');
await picture(sup, 'supervisor');

// An investigator at home, in a browser of their own: they say why they look before they see anything.
const inv = await browser.newPage();
await inv.goto(room.facts.liveLog ?? '');
await inv.locator('[data-field="name"]:focus').waitFor();
await inv.keyboard.type('inv');
await inv.keyboard.press('Tab');
await inv.keyboard.type('made-up-password');
await inv.keyboard.press('Enter');
await inv.locator('[data-link="live"]').waitFor();
const reference = (await d1.getByTestId('reference').textContent()) ?? '';
await inv.keyboard.press('F7');
await inv.keyboard.type(reference);
await inv.keyboard.press('Enter');
await inv.locator('[data-testid="found"][aria-selected="true"]').waitFor();
await inv.keyboard.press('Enter');
await inv.locator('[data-field="reason"]:focus').waitFor();
await inv.keyboard.press('1');
await inv.keyboard.press('Tab');
await inv.keyboard.type('assault at the house, operation Lantern');
await inv.keyboard.press('Enter');
await inv.getByTestId('line').first().waitFor();
await picture(inv, 'live-log');

// The administrator signs in at the supervisor's desk.
await sup.bringToFront();
await sup.keyboard.press('Alt+q');
await adm.bringToFront();
await signIn(adm, 'adm');
await adm.locator('[role="row"]').nth(3).waitFor();
await picture(adm, 'administration');

room.killServer();
await ch1.locator('[data-testid="mode"][data-mode="alone"]').waitFor();
await picture(ch1, 'call-handling-alone');
await browser.close();
