import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import process from 'node:process';
import { chromium, type Browser, type Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { findChromium } from '#chromium/start-shell.ts';
import { DemoRoom } from '../support/demo-room.ts';
import { ToldPages } from '../support/told-pages.ts';

const SAYS_SO_WITHIN_MS = 5_000;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // listening on TCP
  server.close();
  await once(server, 'close');
  return port;
}

const byId = (page: Page, id: string, more = '') => page.locator(`[data-testid="${id}"]${more}`);

/** Waits until there is such an element on screen that says `text`. */
const shows = (page: Page, selector: string, text: string | RegExp = '') =>
  page.locator(selector).filter({ hasText: text }).first().waitFor();
const isGone = (page: Page, selector: string) =>
  page.locator(selector).first().waitFor({ state: 'detached' });

/** Where the keys go: the field and the caret in it. */
const caretOf = (page: Page) =>
  page.evaluate<{ readonly field: string; readonly value: string; readonly at: number }>(
    `({ field: document.activeElement.dataset.field, value: document.activeElement.value, at: document.activeElement.selectionStart })`,
  );
const isAt = (page: Page, field: string) => page.locator(`[data-field="${field}"]:focus`).waitFor();

const launch = (...args: readonly string[]) => {
  const executablePath = findChromium();
  return chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    chromiumSandbox: process.getuid?.() !== 0,
    args: [...args],
  });
};

/** Lists without a name and buttons without their key, as the page has them now. */
const unnamed = (page: Page) =>
  page.evaluate<readonly string[]>(`[
    ...document.querySelectorAll('[role=grid], [role=listbox], [role=log], [role=toolbar], [role=radiogroup], section'),
  ].filter((it) => !it.getAttribute('aria-label') && !document.getElementById(it.getAttribute('aria-labelledby')))
    .concat([...document.querySelectorAll('button')].filter((it) => !it.querySelector('kbd')))
    .map((it) => it.outerHTML.slice(0, 120))`);

async function press(page: Page, ...keys: readonly string[]) {
  // oxlint-disable-next-line no-await-in-loop -- one finger after another
  for (const key of keys) await page.keyboard.press(key);
}

/** A whole line in the dispatcher's command line, sent once it says that it is ready. */
async function command(page: Page, text: string, { isConfirmed = false } = {}) {
  await press(page, 'F10');
  await isAt(page, 'command');
  await page.keyboard.type(text);
  await byId(page, 'command-meaning', '[data-state="ready"]').waitFor();
  await press(page, 'Enter');
  if (isConfirmed) {
    await shows(page, '.meaning-confirm', 'Enter again does it');
    await press(page, 'Enter');
  }
  await shows(page, '.command:not(.is-open)');
}

/** Goes to a row of the list under Alt+1 with the arrow keys. */
async function choose(page: Page, list: string, row: string) {
  await press(page, 'Alt+1');
  await isAt(page, list);
  const rows = page.locator(`.rows-${list} > .row:not(.row-head)`);
  await page.locator(row).first().waitFor();
  const ids = await rows.evaluateAll((all) => all.map(({ id }) => id));
  const id = (await page.locator(row).first().getAttribute('id')) ?? '';
  const steps = Array.from({ length: ids.indexOf(id) }, () => 'ArrowDown');
  await press(page, 'Home', ...steps);
  await shows(page, `${row}[aria-selected="true"]`);
}

async function seat(
  browser: Browser,
  address: string,
  name: string,
  prepare?: (page: Page) => Promise<void>,
): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
  await prepare?.(page);
  await page.goto(address);
  await page.locator('[data-testid="sign-in-name"]:focus').waitFor();
  await page.keyboard.type(name);
  await press(page, 'Tab');
  await page.keyboard.type('made-up-password');
  await press(page, 'Enter');
  await isGone(page, '[data-testid="sign-in-name"]');
  await shows(page, '[data-mode="online"]');
  await shows(page, '.fact', /^numbers [1-9]/);
  return page;
}

/** A 999 call that the telephony announces; the answer names the contact that it became. */
async function offer({ facts }: DemoRoom, externalId: string, number: string): Promise<string> {
  const offered = await fetch(`${facts.server}/api/contacts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${facts.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ externalId, channel: '999', number }),
  });
  return ((await offered.json()) as { contactId: string }).contactId;
}

/** What is said, where, as what, how urgent: one tab after another. The caret is in the narrative. */
async function fillIn(page: Page, said: string, place: string, code: string, grade: string) {
  await isAt(page, 'narrative');
  await page.keyboard.type(said);
  await press(page, 'Tab');
  if (place !== '') await page.keyboard.type(place);
  await press(page, 'Tab', 'Tab', 'Tab');
  await page.keyboard.type(code);
  await press(page, 'Tab', grade);
  await byId(page, 'grade', `[data-value="${grade}"]`).waitFor();
}

/** The street by the beginnings of its words, the first that is offered taken with Enter. */
async function pickPlace(page: Page, words: string, found: string) {
  await isAt(page, 'place');
  await page.keyboard.type(words);
  await page.locator('[role="option"]').filter({ hasText: found }).first().waitFor();
  await press(page, 'ArrowDown', 'Enter');
  await byId(page, 'place-state', '[data-state="picked"]').waitFor();
  expect((await caretOf(page)).value).toBe(found);
}

const referenceOn = async (page: Page) => {
  await shows(page, '[data-testid="reference"]', /^HC-\d{8}-\d{4}$/);
  return (await byId(page, 'reference').textContent()) ?? '';
};

const marked = (page: Page, mark: string) =>
  shows(page, `.reference-box [data-testid="mark"][data-mark="${mark}"]`);

const drained = async (page: Page) => {
  await shows(page, '[data-mode="online"]');
  await shows(page, '.fact', /^unsent 0$/);
};

/** Kills the renderer of a window, as a crash would, and gives the same window once it is loaded again. */
async function crashed(page: Page, port: number): Promise<{ again: Page; other: Browser }> {
  const line = await page.context().newCDPSession(page);
  const crash = page.waitForEvent('crash');
  line.send('Page.crash').catch(() => {}); // never answered: the page is gone
  await crash;
  // Playwright gives a crashed page up for good; the browser does not.
  const url = page.url();
  await line.send('Page.reload');
  const other = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
  const again = other
    .contexts()
    .flatMap((context) => context.pages())
    .find((it) => it.url() === url);
  if (!again) throw new Error('the window did not come back');
  return { again, other };
}

// The Call steps of the scenario in four windows, by keyboard only. `tests/fault/call.test.ts` is the
// same without a screen.
test('a night shift by keyboard, through the death of the server and of a window', async () => {
  await using room = await DemoRoom.start();
  const port = await freePort();
  const browser = await launch(`--remote-debugging-port=${port}`);
  const browsers = [browser];
  const heard = new ToldPages();
  const listen = (page: Page) => heard.listen(page);
  try {
    const [ch1Address = '', ch2Address = '', d1Address = '', supAddress = ''] = room.facts.desks;
    let ch1 = await seat(browser, ch1Address, 'ch1', listen);
    const ch2 = await seat(browser, ch2Address, 'ch2', listen);
    const d1 = await seat(browser, d1Address, 'd1', listen);
    const sup = await seat(browser, supAddress, 'sup', listen);

    // 1: a 999 call is offered; CH1 takes it with one key; CH2 is told who has it, its caret unmoved.
    const contactId = await offer(room, 'call-1', '07700 900142');
    const call = `[data-testid="contact-${contactId}"]`;
    for (const page of [ch1, ch2]) await shows(page, `${call}[data-state="offered"]`);
    await isAt(ch2, 'narrative');
    await press(ch1, 'F1');
    await shows(ch1, `${call}[data-state="answered"]`);
    await shows(ch2, `${call}[data-state="answered"]`, 'CH1');
    await press(ch2, 'F1');
    await shows(ch2, '[data-testid="notices"]', 'CH1 has it');
    expect(await caretOf(ch2)).toMatchObject({ field: 'narrative' });
    await shows(ch1, '.call-who', 'live');

    // 3: what is said, the place, the code, the grade; raised from the middle of a sentence.
    await press(ch1, 'Tab');
    await pickPlace(ch1, '12 hi str', '12 High Street');
    await press(ch1, 'Shift+Tab');
    await fillIn(ch1, 'partner shouting, child upstairs', '', 'DOM', '1');
    await shows(ch1, '[data-testid="crimes"] .row', /\d+ m/);
    await press(ch1, ...Array.from({ length: 5 }, () => 'Shift+Tab'), 'End', 'ArrowLeft');
    const before = await caretOf(ch1);
    expect(before).toMatchObject({ field: 'narrative', at: 31 });
    await press(ch1, 'F8');
    const reference = await referenceOn(ch1);
    await marked(ch1, 'recorded');
    expect(await caretOf(ch1)).toEqual(before);

    // 4: handed over with a clock on both screens, accepted, assigned, en route; CH1 sees it.
    await shows(d1, '[data-testid^="handover-"]', 'CH1');
    await shows(ch1, '[data-testid="handover-state"]', 'Waits for dispatch');
    await press(d1, 'F1');
    expect(await referenceOn(d1)).toBe(reference);
    await shows(ch1, '[data-testid="handover-state"]', 'Accepted by Carys Holt D1');
    await command(d1, 'd . HT21');
    await command(d1, 'e HT21');
    await shows(d1, '[data-testid="unit-HT21"][data-status="5"]');
    await shows(ch1, '.record .incident-facts', /En route.*HT21/);
    // A slip of the finger is taken back by one key, and both are on record.
    await command(d1, 's HT21 6');
    await shows(d1, '[data-testid="unit-HT21"][data-status="6"]');
    await shows(d1, '[data-testid="undo"]', 'Undo: HT21 to status 5 again');
    await press(d1, 'Control+z');
    await shows(d1, '[data-testid="unit-HT21"][data-status="5"]');
    expect(await caretOf(ch1)).toEqual(before);

    // 6: the server is killed; every window says so.
    room.killServer();
    await Promise.all(
      [ch1, ch2, d1, sup].map((page) =>
        byId(page, 'mode', '[data-mode="alone"]')
          .filter({ hasText: /showing what was known at \d\d:\d\d:\d\d/ })
          .waitFor({ timeout: SAYS_SO_WITHIN_MS }),
      ),
    );

    // 7: nobody is stopped.
    const said = 'caller upstairs, door locked';
    const storedHere = '[data-testid="line"]:has([data-mark="stored-here"])';
    await press(ch1, 'F9');
    await isAt(ch1, 'entry');
    await ch1.keyboard.type(said);
    await press(ch1, 'Enter');
    await shows(ch1, storedHere, said);
    await command(d1, 'a HT21');
    await shows(d1, '[data-testid="unit-HT21"][data-status="6"]');
    await press(ch2, 'F6');
    await byId(ch2, 'choose-channel').waitFor();
    await press(ch2, '2');
    await shows(ch2, '.call-who', '101');
    await fillIn(ch2, 'two lads by the vans', 'not known', 'SUS', '2');
    await press(ch2, 'F8');
    const aloneReference = await referenceOn(ch2);
    expect(aloneReference).not.toBe(reference);
    await marked(ch2, 'stored-here');
    // SUP stands a unit down; D1, who cannot know, sends it.
    await command(sup, 'off HT22');
    await isGone(sup, '[data-testid="unit-HT22"]');
    await command(d1, 'u HT21');
    await command(d1, 'd . HT22');
    await command(d1, 'e HT22');
    await shows(d1, '[data-testid="unit-HT22"][data-status="5"]');

    // CH1's window dies over half a sentence, with the caret inside it.
    await ch1.keyboard.type('he has knife and');
    await press(ch1, ...Array.from({ length: 'knife and'.length }, () => 'ArrowLeft'));
    await ch1.keyboard.type('a ');
    await shows(ch1, '.entry', 'kept here');
    const half = { field: 'entry', value: 'he has a knife and', at: 'he has a '.length };
    expect(await caretOf(ch1)).toEqual(half);
    const { again, other } = await crashed(ch1, port);
    browsers.push(other);
    ch1 = again;
    await isAt(ch1, 'entry');
    expect(await caretOf(ch1)).toEqual(half);
    expect(await referenceOn(ch1)).toBe(reference);
    await shows(ch1, storedHere, said);
    await press(ch1, 'End');
    await ch1.keyboard.type(' is drunk');
    await press(ch1, 'Enter');
    await shows(ch1, storedHere, 'he has a knife and is drunk');

    // 8: the server is back; D1's desk drains last, so that SUP's word is first.
    const [, , d1Pid = 0] = room.facts.pids.desks;
    process.kill(d1Pid, 'SIGSTOP');
    await room.startServer();
    await drained(sup);
    process.kill(d1Pid, 'SIGCONT');
    for (const page of [d1, ch1, ch2, sup]) await drained(page);
    await marked(ch2, 'recorded');
    await isGone(ch1, '[data-testid="lines"] [data-mark="stored-here"]');
    for (const text of [said, 'he has a knife and is drunk'])
      expect(await byId(ch1, 'line').filter({ hasText: text }).count()).toBe(1);
    await shows(d1, '[data-testid="tray"]', `Assign HT22 to ${reference}`);
    await shows(d1, '[data-testid="tray"] .tray-reason', 'off duty');
    await shows(d1, '[data-testid="tray"] .tray-dependents', 'HT22');
    expect(await d1.locator('.rows-tray > .row:not(.row-head)').count()).toBe(1);
    await isGone(d1, '[data-testid="unit-HT22"]');

    // 9: an officer in danger, on both screens until SUP owns it by name.
    await command(d1, 's HT23 0', { isConfirmed: true });
    for (const page of [d1, sup])
      await shows(page, '[data-testid="emergency"][data-unit="HT23"][data-owned="false"]', 'since');
    for (const page of [ch1, d1]) expect(await unnamed(page)).toEqual([]);
    await press(sup, 'F12');
    for (const page of [d1, sup])
      await shows(page, '[data-testid="emergency-owner"]', 'Owned by Dev Marsh SUP');

    // 12: nothing is left without an owner; cleared with a result, closed under another code.
    await press(d1, 'Alt+4', 'Delete');
    await shows(d1, '[data-testid="tray"]', 'Nothing was refused');
    await command(d1, 'd . HT21');
    await command(d1, 'c HT21 advice-given');
    await command(d1, 'x . CIV', { isConfirmed: true });
    await shows(d1, '.detail .incident-facts', /DOM.*closed as CIV/);
    await shows(ch1, '.record .incident-facts', 'Closed');
    for (const page of [d1, sup]) await isGone(page, `[data-testid="incident-${reference}"]`);
    await press(ch1, 'F4');
    await byId(ch1, 'choose-outcome').waitFor();
    await press(ch1, 'i');
    await shows(ch1, `${call}[data-state="finished"]`);
    await press(d1, 'F1');
    expect(await referenceOn(d1)).toBe(aloneReference);
    await shows(ch2, '[data-testid="handover-state"]', 'Accepted by Carys Holt D1');
    await isGone(sup, '[data-testid^="handover-"]');

    // A hand-over that nobody accepts goes loud at 30 s, and to SUP.
    await press(ch2, 'F6');
    await byId(ch2, 'choose-channel').waitFor();
    await press(ch2, '1');
    await fillIn(ch2, 'screaming from the flat above', 'Elm Grove', 'VIO', '1');
    await press(ch2, 'F8');
    const unheard = await referenceOn(ch2);
    await shows(d1, '[data-testid^="handover-"][data-late="false"]', 'VIO');
    const goesLoud = { timeout: 45_000 }; // thirty seconds are what is waited for
    for (const page of [d1, sup])
      await page
        .locator('.handovers.is-loud [data-testid^="handover-"][data-late="true"]')
        .filter({ hasText: 'supervisor' })
        .waitFor(goesLoud);
    await shows(ch2, '[data-testid="handover-state"]', 'Not accepted');
    await press(sup, 'F1');
    expect(await referenceOn(sup)).toBe(unheard);
    await shows(ch2, '[data-testid="handover-state"]', 'Accepted by Dev Marsh SUP');
    for (const page of [d1, sup]) await isGone(page, '[data-testid^="handover-"]');

    // 13: all look at the same log, and stop once its last line is on every screen.
    await choose(d1, 'incidents', `[data-testid="incident-${unheard}"]`);
    await choose(ch1, 'contacts', '[data-testid^="contact-"]:has-text("999"):has-text("CH2")');
    await press(ch1, 'Enter');
    for (const page of [ch1, d1]) await shows(page, '[data-testid="reference"]', unheard);
    await command(d1, 't . all quiet');
    for (const page of [ch1, ch2, d1, sup]) {
      await shows(page, '[data-testid="line"]:has([data-mark="recorded"])', 'all quiet');
      await drained(page);
    }
  } finally {
    for (const it of browsers.toReversed()) await it.close();
  }
  const { events, desks, broken } = await room.compare(heard.told);
  expect(broken).toEqual([]);
  expect(desks.toSorted()).toEqual(['CH1', 'CH2', 'D1', 'SUP']);
  // All four were heard, the one that died also when it was back.
  const saidBy = (text: string) => {
    const said = events.find(({ kept }) => kept?.text.includes(text));
    return heard.told.get(said?.header.commandId ?? '')?.map(({ state }) => state);
  };
  for (const text of ['he has a knife and is drunk', 'two lads by the vans', 'all quiet'])
    expect(saidBy(text)).toEqual(['stored-here', 'recorded']);
});

// What the scenario's ten minutes leave out of the two windows, by keyboard as well.
test('a contact is found by its number, linked, and added to after it was left; units and grades change hands', async () => {
  await using room = await DemoRoom.start();
  await using browser = await launch();
  const heard = new ToldPages();
  const listen = (page: Page) => heard.listen(page);
  const [ch1Address = '', , d1Address = ''] = room.facts.desks;
  const ch1 = await seat(browser, ch1Address, 'ch1', listen);
  const d1 = await seat(browser, d1Address, 'd1', listen);
  const contactId = await offer(room, 'neighbour', '07700 900999');
  const call = `[data-testid="contact-${contactId}"]`;
  await shows(ch1, `${call}[data-state="offered"]`);
  await press(ch1, 'F1');
  await shows(ch1, `${call}.is-current[data-state="answered"]`);
  await ch1.keyboard.type('it is the noisy van again');
  await press(ch1, 'Control+s');

  // D1 links it to the open incident by the end of its number, and finds it by the whole of it.
  await choose(d1, 'incidents', '[data-testid^="incident-"]:has-text("Clarence Esplanade")');
  const incident = await referenceOn(d1);
  await command(d1, 'l . 900999');
  await shows(d1, '.detail .facts', '07700 900999');
  await shows(ch1, '[data-testid="reference"]', incident);
  await press(d1, 'F7');
  await isAt(d1, 'find');
  await d1.keyboard.type('07700 900999');
  await press(d1, 'Enter');
  await shows(d1, '.rows-found .row', '07700 900999');
  await press(d1, 'Escape');

  // CH1 has left it, and adds to it: to the incident that it is linked to.
  await press(ch1, 'F3', 'F4');
  await byId(ch1, 'choose-outcome').waitFor();
  await press(ch1, 'l');
  await shows(ch1, `${call}[data-state="finished"]`);
  await press(ch1, 'Alt+n');
  await choose(ch1, 'contacts', call);
  await press(ch1, 'Enter', 'F9');
  await isAt(ch1, 'entry');
  await ch1.keyboard.type('rang off before I asked for the plate');
  await press(ch1, 'Enter');
  await shows(d1, '[data-testid="line"]', 'rang off before I asked for the plate');

  // A unit comes on duty and goes; a grade and a closure are changed and changed back.
  await command(d1, 'on HT44 PC 4401 Bell');
  await shows(d1, '[data-testid="unit-HT44"]', 'PC 4401 Bell');
  await command(d1, 'd . HT44');
  await command(d1, 'g . 2 children in the van');
  await shows(d1, '.detail .incident-facts', 'Priority');
  await command(d1, 'off HT44', { isConfirmed: true });
  await isGone(d1, '[data-testid="unit-HT44"]');
  await command(d1, 'x . ASN', { isConfirmed: true });
  await shows(d1, '.detail .incident-facts', 'closed as ASN');
  await command(d1, 'ro . they came back');
  await shows(d1, `[data-testid="incident-${incident}"]`, 'Clarence');
  await shows(ch1, '[data-testid="line"]', 'Reopened: they came back');
  for (const page of [ch1, d1]) await drained(page);
  const { events, broken } = await room.compare(heard.told);
  expect(broken).toEqual([]);
  const said = events.map(({ header, kept }) => `${header.type} ${kept?.text ?? ''}`);
  for (const fact of [/contact.attached/, /entry-added.*asked for the plate/, /regraded.*children/])
    expect(said.filter((text) => fact.test(text)).length).toBeGreaterThan(0);
});

const STAYS_AWAY_MS = 10_000; // what is not there by then is lost
const ROUNDS = 6; // each falls into other milliseconds of the change from one form to the next

test('who types on without a pause while a form opens loses no character, and none goes astray', async () => {
  await using room = await DemoRoom.start();
  await using browser = await launch();
  const heard = new ToldPages();
  const [address = ''] = room.facts.desks;
  const page = await seat(browser, address, 'ch1', (it) => heard.listen(it));
  const said = 'he is in the house with a knife';
  const written = () => byId(page, 'narrative').inputValue();
  const wholeIs = async (text: string) =>
    await expect.poll(written, { timeout: STAYS_AWAY_MS }).toBe(text);
  for (let round = 1; round <= ROUNDS; round += 1) {
    const contactId = await offer(room, `fast-${round}`, `07700 90020${round}`);
    const call = `[data-testid="contact-${contactId}"]`;
    await shows(page, `${call}[data-state="offered"]`);
    await isAt(page, 'narrative');
    // Over an empty note, and over a note of something else that stays as it was.
    const note = round % 2 === 0 ? 'ring the garage' : '';
    await page.keyboard.type(note);
    if (round % 3 === 0) {
      // Taken from the list, where nobody can write.
      await press(page, 'Alt+1');
      await isAt(page, 'contacts');
    }
    await page.keyboard.press('F1');
    await page.keyboard.type(`${said} ${round}`);
    await shows(page, `${call}.is-current[data-state="answered"]`);
    await wholeIs(`${said} ${round}`);
    // Finished: what is typed on is a note.
    await press(page, 'F4');
    await byId(page, 'choose-outcome').waitFor();
    await page.keyboard.press('e');
    await page.keyboard.type(' next');
    await shows(page, '.call-number', 'Note');
    await wholeIs(`${note} next`);
    // Somebody at the counter: the note goes along, and what is typed on.
    await press(page, 'F6');
    await byId(page, 'choose-channel').waitFor();
    await page.keyboard.press('6');
    await page.keyboard.type(' he waits');
    await shows(page, '.call-who', 'Counter');
    await wholeIs(`${note} next he waits`);
    await press(page, 'F4');
    await byId(page, 'choose-outcome').waitFor();
    await page.keyboard.press('e');
    await shows(page, '.call-number', 'Note');
    await wholeIs('');
  }
  await drained(page);
  const { broken } = await room.compare(heard.told);
  expect(broken).toEqual([]);
});

const streets = [
  { text: 'High Street, Cosham', lat: 50.843, lon: -1.066, source: 'street index' },
  { text: 'High Street, Portsmouth', lat: 50.79, lon: -1.104, source: 'street index' },
];
const burglary = {
  month: '2026-09',
  crimeType: 'Burglary',
  location: 'On or near High Street',
  metres: 40,
};

/** Stands between a window and its desk, and answers look-ups of places as a desk with a gazetteer would. */
const withPlaces = (page: Page) =>
  page.routeWebSocket(/\/desk$/, (line) => {
    const desk = line.connectToServer();
    desk.onMessage((frame) => line.send(frame));
    line.onMessage((frame) => {
      const { id, query, params } = JSON.parse(String(frame)) as {
        readonly id?: string;
        readonly query?: string;
        readonly params?: { readonly text: string };
      };
      const found = { places: streets.filter(({ text }) => text.startsWith(params?.text ?? '')) };
      const answers: Readonly<Record<string, readonly unknown[]>> = {
        ...found,
        'crimes-near': [burglary],
      };
      const rows = query === undefined ? undefined : answers[query];
      if (!rows) desk.send(frame);
      else
        line.send(
          JSON.stringify({ frame: 'result', id, outcome: { kind: 'rows', rows, asAt: 1 } }),
        );
    });
  });

test('a place is picked with the arrow keys, and is unverified again once it is edited', async () => {
  await using room = await DemoRoom.start();
  await using browser = await launch();
  const [address = ''] = room.facts.desks;
  const page = await seat(browser, address, 'ch1', withPlaces);
  const stands = (state: string, text: string) =>
    byId(page, 'place-state', `[data-state="${state}"]`).filter({ hasText: text }).waitFor();
  const crimes = '[data-testid="crimes"] .row:not(.row-head)';
  await isAt(page, 'narrative');
  await press(page, 'Tab');
  await page.keyboard.type('High');
  await stands('choose', 'kept as typed, not verified');
  await shows(page, '.pick-foot', '2 places fit: ↓ chooses, Enter picks');
  await press(page, 'ArrowDown', 'ArrowDown');
  await shows(page, '.pick[aria-selected="true"]', 'Portsmouth');
  await press(page, 'Enter');
  await stands('picked', '✓ verified: street index');
  expect(await caretOf(page)).toMatchObject({ field: 'place', value: 'High Street, Portsmouth' });
  await shows(page, crimes, 'Burglary');
  await page.keyboard.type(' 9');
  await stands('none-found', 'kept as typed, not verified');
  await shows(page, '.pick-foot', 'No place fits: kept as typed, not verified');
  await isGone(page, crimes);
  // Esc closes the list and leaves the text; the next field goes on from there.
  await press(page, 'Escape');
  await isGone(page, '.pick-foot');
  await stands('typed', 'kept as typed, not verified');
  expect(await caretOf(page)).toMatchObject({ value: 'High Street, Portsmouth 9' });
});
