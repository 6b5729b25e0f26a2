import { expect, test } from 'vitest';
import { chooseShell } from './start.mjs';

const args = ['--port', '0'];
const none = { why: 'Electron could not be fetched on 2026-11-25 (no network)' };
const binary = '/opt/electron/electron';

test('Electron shows the room where its binary is and there is a display, and its path is said', () => {
  const electron = { binary };
  for (const hasChromium of [true, false])
    expect(chooseShell({ hasDisplay: true, hasChromium, electron, args })).toEqual({
      args: ['--electron', binary, ...args],
      why: `windows in Electron (${binary})`,
    });
});

test('else Chromium does, and it is said why it is not Electron', () => {
  const choice = chooseShell({ hasDisplay: true, hasChromium: true, electron: none, args });
  expect(choice.args).toEqual(args);
  expect(choice.why).toMatch(/^windows in .*, because Electron could not be fetched on 2026-11-25/);
});

test('without a display or a browser the room runs all the same, prints its addresses and says why', () => {
  const headless = ['--headless', ...args];
  const facts = { hasChromium: true, args };
  for (const electron of [none, { binary }])
    expect(chooseShell({ ...facts, hasDisplay: false, electron })).toMatchObject({
      args: headless,
      why: expect.stringContaining('there is no display'),
    });
  expect(chooseShell({ hasDisplay: true, hasChromium: false, electron: none, args })).toMatchObject(
    {
      args: headless,
      why: expect.stringMatching(
        /no network\), and Chromium is not installed; the addresses below/,
      ),
    },
  );
});

test('whoever asks for no windows gets none', () => {
  const choice = { hasDisplay: true, hasChromium: true, electron: { binary } };
  expect(chooseShell({ ...choice, args: ['--headless'] })).toEqual({
    args: ['--headless'],
    why: 'no windows, because --headless was given',
  });
});
