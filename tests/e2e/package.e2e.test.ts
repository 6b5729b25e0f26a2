import { execFile, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

/*
 * The installer's contents and fuses, without Electron: a file that holds the fuses as its binary does
 * stands for it. What a real binary does with them is not shown here.
 */

const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
/** As Electron ships them, in their order: run as Node, cookies, NODE_OPTIONS, --inspect, asar… */
const AS_SHIPPED = '101100011';
const PACK_MAX_MS = 110_000; // usual: five seconds

let folder: string;
let unpacked: string;
let app: ReadonlyMap<string, Packed>;

/** A file of the archive: where it is, or that it stands beside it. */
interface Packed {
  readonly size: number;
  readonly offset: number | undefined;
}
interface Node {
  readonly files?: Readonly<Record<string, Node>>;
  readonly size?: number;
  readonly offset?: string;
}

/** The files of an asar archive: a header that is JSON, after its length, and then their contents. */
function readAsar(file: string) {
  const bytes = readFileSync(file);
  const header = JSON.parse(bytes.toString('utf8', 16, 16 + bytes.readUInt32LE(12))) as Node;
  const begin = 8 + bytes.readUInt32LE(4);
  const found = new Map<string, Packed>();
  const walk = (node: Node, path: string) => {
    for (const [name, inner] of Object.entries(node.files ?? {})) {
      const { files, size = 0, offset } = inner;
      if (files) walk(inner, `${path}${name}/`);
      else
        found.set(path + name, {
          size,
          offset: offset === undefined ? undefined : begin + Number(offset),
        });
    }
  };
  walk(header, '');
  return { bytes, found };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-package-'));
  const build = [join(root, 'tools/build.mjs'), '--electron'];
  await promisify(execFile)(process.execPath, build, { timeout: PACK_MAX_MS });
  const electron = join(folder, 'electron');
  mkdirSync(join(electron, 'locales'), { recursive: true });
  mkdirSync(join(electron, 'resources'));
  const wire = Buffer.concat([
    Buffer.from(`stand-in ${SENTINEL}`, 'latin1'),
    Buffer.from([1, AS_SHIPPED.length]),
    Buffer.from(`${AS_SHIPPED} end`, 'latin1'),
  ]);
  writeFileSync(join(electron, 'electron'), wire);
  chmodSync(join(electron, 'electron'), 0o755);
  for (const name of ['LICENSE', 'LICENSES.chromium.html', 'version', 'locales/en-GB.pak'])
    writeFileSync(join(electron, name), '45.5.0');
  const output = join(folder, 'out');
  const choices = [`electronDist=${electron}`, `directories.output=${output}`];
  await promisify(execFile)(
    process.execPath,
    [
      join(root, 'node_modules/electron-builder/cli.js'),
      '--dir',
      '--linux',
      '--x64',
      '--publish=never',
      ...choices.map((choice) => `-c.${choice}`),
    ],
    { cwd: root, timeout: PACK_MAX_MS, env: { ...process.env, CI: '1' } },
  );
  unpacked = join(output, 'linux-unpacked');
  app = readAsar(join(unpacked, 'resources/app.asar')).found;
}, PACK_MAX_MS + 10_000);

afterAll(() => rmSync(folder, { recursive: true }));

test('the binary of a release refuses to be a Node, to be inspected, or to load anything but its archive', async () => {
  const wire = await getCurrentFuseWire(join(unpacked, 'holdfast'));
  const on = (fuse: FuseV1Options) => wire[fuse] === FuseState.ENABLE;
  // Golden: the table of the security page.
  expect({
    runAsNode: on(FuseV1Options.RunAsNode),
    cookieEncryption: on(FuseV1Options.EnableCookieEncryption),
    nodeOptions: on(FuseV1Options.EnableNodeOptionsEnvironmentVariable),
    nodeCliInspect: on(FuseV1Options.EnableNodeCliInspectArguments),
    asarIntegrity: on(FuseV1Options.EnableEmbeddedAsarIntegrityValidation),
    onlyFromAsar: on(FuseV1Options.OnlyLoadAppFromAsar),
    browserSnapshot: on(FuseV1Options.LoadBrowserProcessSpecificV8Snapshot),
    fileProtocolPrivileges: on(FuseV1Options.GrantFileProtocolExtraPrivileges),
    wasmTrapHandlers: on(FuseV1Options.WasmTrapHandlers),
  }).toEqual({
    runAsNode: false,
    cookieEncryption: true,
    nodeOptions: false,
    nodeCliInspect: false,
    asarIntegrity: true,
    onlyFromAsar: true,
    browserSnapshot: false,
    fileProtocolPrivileges: false,
    wasmTrapHandlers: true,
  });
  expect(wire.version).toBe('1');
});

test('what is packed is the built programs, the windows, the reference data and the two drivers, and no source', () => {
  const names = [...app.keys()];
  const of = (pattern: RegExp) => names.filter((name) => pattern.test(name)).toSorted();
  const homes = new Set(
    names.map((name) => /^(?:node_modules\/[^/]+|dist\/[^/]+|[^/]+)/.exec(name)?.[0] ?? name),
  );
  expect([...homes].toSorted()).toEqual([
    'dist/electron',
    'dist/reference-data',
    'dist/renderer',
    'node_modules/better-sqlite3',
    'node_modules/better-sqlite3-multiple-ciphers',
    'package.json',
  ]);
  for (const name of ['main.js', 'desk-utility.js', 'preload.cjs'])
    expect(names).toContain(`dist/electron/${name}`);
  expect(of(/^dist\/renderer\/windows\/.*html$/).length).toBeGreaterThan(1);
  expect(of(/\.(ts|tsx|map|pem|key|env|db|sealed)$/)).toEqual([]);
  expect(of(/\.node$/)).toEqual([
    'node_modules/better-sqlite3-multiple-ciphers/prebuilds/linux-x64.node',
    'node_modules/better-sqlite3/prebuilds/linux-x64.node',
  ]);
  // A binary cannot be loaded out of an archive.
  expect(of(/\.node$/).map((name) => app.get(name)?.offset)).toEqual([undefined, undefined]);
  const { bytes, found } = readAsar(join(unpacked, 'resources/app.asar'));
  const { offset = 0, size = 0 } = found.get('package.json') ?? {};
  const packed = JSON.parse(bytes.toString('utf8', offset, offset + size)) as object;
  expect(packed).toMatchObject({
    main: 'dist/electron/main.js',
    desktopName: 'org.holdfast.desk.desktop',
    type: 'module',
  });
  expect(packed).not.toHaveProperty('scripts');
});

test('nothing is missing from it: the desk of the package opens its files where only the package is', async () => {
  const there = join(folder, 'app');
  const { bytes, found } = readAsar(join(unpacked, 'resources/app.asar'));
  for (const [name, { offset, size }] of found) {
    const file = join(there, name);
    mkdirSync(dirname(file), { recursive: true });
    if (offset === undefined)
      copyFileSync(join(unpacked, 'resources/app.asar.unpacked', name), file);
    else writeFileSync(file, bytes.subarray(offset, offset + size));
  }
  const { privateKey } = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const options = {
    dataDir: join(folder, 'desk'),
    desk: 'D1',
    force: 'HC',
    forceName: 'Test',
    timeZone: 'Europe/London',
    server: 'http://127.0.0.1:1',
    privateKey,
    storeKey: '11'.repeat(32),
    protection: 'a test',
    port: 0,
    version: '0',
    isDemo: false,
  };
  // Node's line to a child stands for Electron's port to its parent.
  const parentPort = `process.parentPort = {
    on: (_event, listener) => process.on('message', (data) => listener({ data, ports: [] })),
    postMessage: (message) => process.send(message),
  };`;
  const args = ['--import', `data:text/javascript,${encodeURIComponent(parentPort)}`];
  const child = spawn(process.execPath, [...args, join(there, 'dist/electron/desk-utility.js')], {
    cwd: there,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const told: string[] = [];
  const ready = new Promise<void>((resolve, reject) => {
    child.on('message', (message: { readonly type: string }) => {
      told.push(message.type);
      if (message.type === 'ready') resolve();
    });
    child.once('exit', () => reject(new Error(`it ended: ${told.join(' ')}`)));
  });
  child.send({ type: 'start', options });
  await ready;
  const exited = once(child, 'exit');
  child.send({ type: 'stop' });
  expect([(await exited)[0], existsSync(join(folder, 'desk/outbox.db'))]).toEqual([0, true]);
});
