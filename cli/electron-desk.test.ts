import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { readDeskSettings, type DeskSettings } from '#desk/desk-settings.ts';
import { electronArguments, ElectronDesk } from './electron-desk.ts';

const settings: DeskSettings = {
  server: 'http://127.0.0.1:1',
  desk: 'D1',
  force: 'HC',
  forceName: 'Test',
  timeZone: 'Europe/London',
  windows: ['dispatch'],
  among: { first: 1, all: 4 },
  isDemo: true,
  signInHint: 'sign in as di1',
};

/** A program that is started as Electron would be. */
function standIn(script: string) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-electron-desk-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const electron = join(folder, 'electron');
  writeFileSync(electron, `#!/bin/sh\nexec ${process.execPath} -e "${script}" -- "$@"\n`);
  chmodSync(electron, 0o755);
  const lines: string[] = [];
  const options = { electron, main: electron, folder: join(folder, 'desk'), settings };
  return { options: { ...options, log: (line: string) => lines.push(line) }, folder, lines };
}

test('a desk is told in a file what it is, is there when its windows are, and stops when asked to', async () => {
  const { options, folder } = standIn(`
    const { writeFileSync } = require('node:fs');
    const at = process.argv.find((it) => it.startsWith('--folder=')).slice(9);
    process.on('SIGTERM', () => { writeFileSync(at + '/stopped', ''); process.exit(0); });
    setInterval(() => {}, 1000);
    console.log('{}');`);
  const desk = await ElectronDesk.start(options);
  expect(readDeskSettings(options.folder)).toEqual(settings);
  expect(desk.pid).toBeTypeOf('number');
  await desk.stop();
  await desk.stop(); // it has ended, which is what is wanted
  expect(readFileSync(join(folder, 'desk/stopped'), 'utf8')).toBe('');
});

test('an Electron that ends before its windows are there is an error that names the desk', async () => {
  const { options } = standIn('process.exit(3)');
  const failure = await ElectronDesk.start(options).catch((error: unknown) => error);
  expect(String(failure)).toContain('desk D1 did not start in');
  expect(String((failure as Error).cause)).toContain('Electron ended (3)');
  const missing = { ...options, electron: join(options.folder, 'nowhere') };
  await expect(ElectronDesk.start(missing)).rejects.toThrow('desk D1 did not start in');
  const unbuilt = { ...options, main: join(options.folder, 'nowhere.js') };
  await expect(ElectronDesk.start(unbuilt)).rejects.toThrow('nowhere.js is not built');
});

test('the sandbox is switched off for root alone, and that is said', () => {
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  const desk = { main: '/app/main.js', folder: '/desk', enrol: undefined };
  for (const user of [1, 1_000, 65_534, undefined])
    expect(electronArguments(desk, user, log)).toEqual(['/app/main.js', '--folder=/desk']);
  expect(lines).toEqual([]);
  expect(electronArguments({ ...desk, enrol: 'CODE' }, 0, log)).toEqual([
    '--no-sandbox',
    '/app/main.js',
    '--folder=/desk',
    '--enrol=CODE',
  ]);
  expect(lines).toHaveLength(1);
});
