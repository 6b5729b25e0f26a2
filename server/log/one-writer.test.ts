import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HAMPSHIRE_AND_ISLE_OF_WIGHT } from '#domain/recorded-crime.ts';
import { holdFolder } from '#store/hold-folder.ts';
import { importCrimeFile } from '../import/import-crime-file.ts';
import { openRecorder } from './recorder.ts';

vi.setConfig({ testTimeout: 120_000 }); // real processes, on a machine that does other work too

const CLI = join(import.meta.dirname, '../../cli/holdfast.ts');
const CRIMES =
  'Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,' +
  'Crime type,Last outcome category,Context\r\n' +
  // Made up: no such crime, at no such street.
  'a1,2017-02,Test Force,Test Force,-1.404,50.908,On or near Test Street,E01,Test 001A,Burglary,Under investigation,\r\n';

let folder: string;
let dataDir: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-one-writer-'));
  dataDir = join(folder, 'data');
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child, 'SIGKILL');
  rmSync(folder, { recursive: true });
});

async function kill(child: ChildProcess, signal: NodeJS.Signals) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

/** Runs `holdfast` as an operator would. */
function holdfast(...args: string[]) {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, errors }));
  const line = once(createInterface({ input: child.stdout }), 'line').then(([it]) => String(it));
  return { child, ended, line };
}

const serve = async () => {
  const { child, line } = holdfast('serve', '--json', '--port', '0', '--data', dataDir);
  const { server } = JSON.parse(await line) as { server: string };
  return { child, isAlive: async () => (await fetch(`${server}/healthz`)).status };
};

const inUse = (dir: string) => `another Holdfast process uses this folder: ${dir}`;

/**
 * The log byte for byte, and which file the picture is: its bytes are the running server's own to
 * change, it folds what was recorded some time after it was told; a rebuild puts another file there.
 */
const written = () => ({
  log: readdirSync(dataDir)
    .filter((name) => /^log\.db(-wal)?$/.test(name))
    .map((name) => [name, readFileSync(join(dataDir, name)).toString('base64')]),
  picture: statSync(join(dataDir, 'picture.db')).ino,
  names: readdirSync(dataDir),
});

test('a second server on one folder is refused, the first goes on, and after its SIGKILL the next one starts', async () => {
  const first = await serve();
  const second = await holdfast('serve', '--port', '0', '--data', dataDir).ended;
  expect(second).toEqual({
    code: 1,
    errors: `holdfast: ${inUse(dataDir)}. Stop it first, or name another folder; nothing was changed.\n`,
  });
  expect(await first.isAlive()).toBe(200);
  await kill(first.child, 'SIGKILL');
  const third = await serve();
  expect(await third.isAlive()).toBe(200);
});

test('an import or a rebuild while the server runs is refused and changes nothing; once it has stopped it is taken', async () => {
  const file = join(folder, 'crimes.csv');
  writeFileSync(file, CRIMES);
  const server = await serve();
  const before = written();
  const refused = await holdfast('import', 'crimes', file, '--data', dataDir).ended;
  expect([refused.code, refused.errors]).toEqual([1, expect.stringContaining(inUse(dataDir))]);
  const rebuilding = await holdfast('rebuild', '--data', dataDir).ended;
  expect([rebuilding.code, rebuilding.errors]).toEqual([
    1,
    expect.stringContaining(inUse(dataDir)),
  ]);
  expect(written()).toEqual(before);
  expect(await server.isAlive()).toBe(200);
  await kill(server.child, 'SIGTERM');
  const imported = holdfast('import', 'crimes', file, '--data', dataDir, '--json');
  expect(JSON.parse(await imported.line)).toMatchObject({ outcome: 'imported', added: 1 });
  await imported.ended;
  const rebuilt = holdfast('rebuild', '--data', dataDir, '--json');
  expect(JSON.parse(await rebuilt.line)).toMatchObject({
    logId: 'force-HC',
    events: 2, // the first administrator, and the import
    differed: 0,
  });
});

test('in one process too a folder has one recorder, and it is let go when that is closed', async () => {
  const open = () => openRecorder({ dataDir, logId: 'force-HC', failed: () => {} });
  const recorder = await open();
  await expect(open()).rejects.toThrow(inUse(dataDir));
  await recorder.close();
  await (await open()).close();
});

test('a start that fails lets the folder go', async () => {
  const recorder = await openRecorder({ dataDir, logId: 'force-HC', failed: () => {} });
  await recorder.close();
  const other = openRecorder({ dataDir, logId: 'force-XX', failed: () => {} });
  await expect(other).rejects.toThrow('this folder holds the log force-HC, not force-XX');
  holdFolder(dataDir)[Symbol.dispose]();
});

test('a refused import lets the folder go', async () => {
  await (await openRecorder({ dataDir, logId: 'force-HC', failed: () => {} })).close();
  const file = join(folder, 'broken.csv');
  writeFileSync(file, 'no crimes at all');
  const { outcome } = await importCrimeFile(file, {
    dataDir,
    logId: 'force-HC',
    area: HAMPSHIRE_AND_ISLE_OF_WIGHT,
  });
  expect(outcome).toBe('refused');
  holdFolder(dataDir)[Symbol.dispose]();
});
