import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildElectron } from './build.mjs';
import { root } from './setup.mjs';

let folder: string;
let built: string;

beforeAll(async () => {
  mkdirSync(join(root, '.cache'), { recursive: true });
  // Within the tree, so that what is not bundled is found as it is in a package.
  folder = mkdtempSync(join(root, '.cache/electron-build-'));
  built = await buildElectron(join(folder, 'dist/electron'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What each program asks for that is not in its bundle. */
const importsOf = (file: string) =>
  [...readFileSync(join(built, file), 'utf8').matchAll(/(?:^import .*?from |require\()"([^"]+)"/gm)]
    .map(([, name = '']) => name)
    .filter((name) => !isBuiltin(name) && !name.startsWith('./'));

test('each program needs Electron or the driver of its files, and nothing else that would have to be packed', () => {
  expect(importsOf('main.js')).toEqual(['electron/main']);
  expect(importsOf('preload.cjs')).toEqual(['electron/renderer']);
  expect(importsOf('desk-utility.js').toSorted()).toEqual([
    'better-sqlite3',
    'better-sqlite3-multiple-ciphers',
  ]);
});

test('the preload passes a port on to its own page and leaves no name behind in it', () => {
  const heard: [string, (event: { ports: string[] }) => void][] = [];
  const posted: unknown[] = [];
  const page = {
    location: { origin: 'app://console' },
    postMessage: (...message: unknown[]) => posted.push(message),
  };
  const names = Object.keys(page);
  const globals = Object.keys(globalThis);
  const needed: string[] = [];
  // oxlint-disable-next-line typescript/no-implied-eval -- as Electron runs it: a function of `require`
  const preload = new Function(
    'require',
    'window',
    readFileSync(join(built, 'preload.cjs'), 'utf8'),
  );
  preload((name: string) => {
    needed.push(name);
    const ipcRenderer = { on: (...it: (typeof heard)[number]) => heard.push(it) };
    return { ipcRenderer };
  }, page);
  expect([needed, heard.map(([channel]) => channel)]).toEqual([
    ['electron/renderer'],
    ['holdfast:port'],
  ]);
  heard[0]?.[1]({ ports: ['port'] });
  expect(posted).toEqual([[{ type: 'holdfast:port' }, 'app://console', ['port']]]);
  expect([Object.keys(page), Object.keys(globalThis)]).toEqual([names, globals]);
});

test('the program of the shell runs as it is built, and leaves where another instance has the folder', async () => {
  const stand = join(folder, 'electron-main.mjs');
  const names = ['BrowserWindow', 'dialog', 'globalShortcut', 'Menu', 'MessageChannelMain'];
  const more = ['Notification', 'powerSaveBlocker', 'protocol', 'safeStorage', 'screen', 'session'];
  writeFileSync(
    stand,
    `const seen = (name) => new Proxy(() => {}, {
      get: (_target, key) => key === 'requestSingleInstanceLock' ? () => false : seen(name + '.' + String(key)),
      apply: () => console.log(name),
    });
    export const app = seen('app');
    ${[...names, ...more, 'utilityProcess'].map((name) => `export const ${name} = seen('${name}');`).join('\n')}`,
  );
  const hook = `import { registerHooks } from 'node:module';
    import { pathToFileURL } from 'node:url';
    registerHooks({ resolve: (name, context, next) => name === 'electron/main'
      ? { url: pathToFileURL(${JSON.stringify(stand)}).href, shortCircuit: true } : next(name, context) });`;
  const args = ['--import', `data:text/javascript,${encodeURIComponent(hook)}`];
  const child = spawn(
    process.execPath,
    [...args, join(built, 'main.js'), `--folder=${join(folder, 'desk')}`],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let out = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (it) => (out += String(it)));
  const [code] = (await once(child, 'close')) as [number];
  expect([code, out.includes('this desk runs already in'), out.includes('app.quit')]).toEqual([
    0,
    true,
    true,
  ]);
});
