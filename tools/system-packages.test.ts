import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { chromiumExecutable, isInstalled, plan } from './system-packages.mjs';

test('nothing is done where nothing is missing', () => {
  expect(plan({ missing: [], canInstall: true })).toEqual({ type: 'nothing' });
});

test('what is missing is installed where we may, under the name of its package', () => {
  expect(plan({ missing: ['chromium', 'Xvfb', 'xrandr'], canInstall: true })).toEqual({
    type: 'install',
    packages: ['chromium', 'xvfb', 'x11-xserver-utils'],
  });
});

test('where we may not install, one line says what to type', () => {
  expect(plan({ missing: ['Xvfb', 'xdotool'], canInstall: false })).toEqual({
    type: 'tell',
    line: 'system: missing Xvfb, xdotool. Install with: apt-get install xvfb xdotool.',
  });
});

test('a CHROMIUM that cannot be started is told and never installed over', () => {
  const facts = { canInstall: true, chromiumOverride: '/nowhere/chrome' };
  expect(plan({ ...facts, missing: ['chromium'] })).toEqual({
    type: 'tell',
    line: 'system: missing chromium. CHROMIUM names /nowhere/chrome, which cannot be started.',
  });
  expect(plan({ ...facts, missing: ['chromium', 'Xvfb'] })).toEqual({
    type: 'install',
    packages: ['xvfb'],
  });
});

test('CHROMIUM overrides the browser unless it is empty', () => {
  expect(chromiumExecutable({ CHROMIUM: '/opt/chrome' })).toBe('/opt/chrome');
  expect(chromiumExecutable({ CHROMIUM: '' })).toBe('chromium');
  expect(chromiumExecutable({})).toBe('chromium');
});

test('a program is installed when its path, or its name in PATH, is a file that can be run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'system-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'browser');
  writeFileSync(file, '#!/bin/sh\n');
  const path = ['', '/nowhere', folder].join(delimiter);
  expect(isInstalled('browser', path)).toBe(process.platform === 'win32');
  chmodSync(file, 0o755);
  expect(isInstalled('browser', path)).toBe(true);
  expect(isInstalled(file, '')).toBe(true);
  expect(isInstalled(folder, '')).toBe(false);
  expect(isInstalled('other', path)).toBe(false);
});
