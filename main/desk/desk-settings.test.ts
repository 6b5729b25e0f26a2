import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readDeskSettings } from './desk-settings.ts';

const good = {
  server: 'https://room.example:7100',
  desk: 'CH1',
  force: 'HC',
  forceName: 'Demo',
  timeZone: 'Europe/London',
  windows: ['call-handling'],
  isDemo: false,
};

test.each([
  [{ ...good, windows: ['kitchen'] }, 'windows.0'],
  [{ ...good, windows: [] }, 'windows'],
  [{ ...good, server: 'file:///etc/passwd' }, 'server'],
  [{ ...good, desk: '' }, 'desk'],
  [{ ...good, among: { first: -1, all: 4 } }, 'among.first'],
  [{ ...good, privateKey: 'no secrets here' }, 'the whole'],
  ['text', 'the whole'],
])('settings that are wrong are refused with the field they are wrong in', (settings, field) => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-settings-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  expect(() => readDeskSettings(folder)).toThrow('this desk is not set up');
  const file = join(folder, 'desk.json');
  writeFileSync(file, '{');
  expect(() => readDeskSettings(folder)).toThrow('is not JSON');
  writeFileSync(file, JSON.stringify(good));
  expect(readDeskSettings(folder)).toEqual(good);
  writeFileSync(file, JSON.stringify(settings));
  expect(() => readDeskSettings(folder)).toThrow(`desk.json: ${field}: `);
});
