import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { assert } from '#domain/lib/assert.ts';
import { WindowClient } from '../support/window-client.ts';

/** Wall-clock milliseconds with fractions, which a page reads alike. */
export const wall = () => performance.timeOrigin + performance.now();

/** Waits until `performance.now()` is that far. */
export async function until(at: number): Promise<void> {
  const ms = at - performance.now();
  if (ms > 0) await sleep(ms);
}

/** A window without a page, signed in at a desk of the demo, online, with numbers to raise under. */
export async function demoSeat(address: string | undefined, name: string): Promise<WindowClient> {
  const window = new WindowClient(address ?? '');
  await window.join();
  const signedIn = await window.signIn(name, 'made-up-password');
  assert(signedIn.kind === 'rows', `${name} is signed in`);
  window.follow('seat');
  await window.until(`${name} is online`, () => window.seat?.mode === 'online');
  await window.until(`${name} has numbers`, () => (window.seat?.referencesLeft ?? 0) > 0);
  return window;
}

/** Signs in at a desk's real page, by keyboard. */
export async function signInPage(page: Page, address: string, name: string): Promise<void> {
  await page.goto(address);
  await page.locator('[data-testid="sign-in-name"]:focus').waitFor();
  await page.keyboard.type(name);
  await page.keyboard.press('Tab');
  await page.keyboard.type('made-up-password');
  await page.keyboard.press('Enter');
  await page.locator('[data-mode="online"]').waitFor();
}

// In the page: from a key's own time stamp to the frame that paints what it put into the field.
export const WATCH_KEYS = `(() => {
  const took = (window.keysTook = []);
  let pressedAt;
  addEventListener('keydown', (event) => (pressedAt = event.timeStamp), true);
  addEventListener('input', () => {
    const at = pressedAt;
    requestAnimationFrame(() => took.push(performance.now() - at));
  }, true);
})()`;
