import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { settings } from '../../cli/config/settings.ts';
import { blocksOf, ConsoleReader, Names, PAGE_MAX_MS } from '../support/document.ts';
import { selfSigned } from '../support/self-signed.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/OPERATIONS.md'), 'utf8');

/** A port that nobody has now. */
async function freePort(): Promise<number> {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as AddressInfo; // it listens on TCP
  await new Promise((resolve) => taken.close(resolve));
  return port;
}

test(
  'every block of OPERATIONS.md is what really happens, over TLS, from the first start to a restore',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-operations-'));
    using _ = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
    const { cert, key } = selfSigned('localhost', 90);
    const port = String(await freePort());
    /** The machine of the page in a folder of this one: its paths, its port, and its name. */
    const here = (text: string) =>
      text
        .replaceAll(/(?<=^|[\s"])\/(etc|var|mnt)\//gm, `${folder}/$1/`)
        .replaceAll('7100', port)
        .replaceAll('control.example', 'localhost');
    const write = (path: string, text: string) => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text, { mode: 0o600 });
    };
    write(here('/etc/holdfast/cert.pem'), cert);
    write(here('/etc/holdfast/key.pem'), key);
    const names = new Names();
    names.set('ownPassword', 'the administrators own');
    await using reader = new ConsoleReader(
      names,
      (actual, promised) => expect(actual).toEqual(promised),
      {
        NODE_EXTRA_CA_CERTS: here('/etc/holdfast/cert.pem'),
        HOLDFAST_HEADLESS: 'true', // no screen here
        // How full the disk of this machine is belongs in no example.
        HOLDFAST_DISK_WARN_PERCENT: '100',
        HOLDFAST_DISK_FULL_PERCENT: '100',
      },
    );
    const ran = { json: 0, console: 0 };
    for (const { language, about, content } of blocksOf(page)) {
      if (language === 'json') write(here(about), here(content));
      else if (language === 'console') await reader.read(here(content));
      else throw new Error(`there is no way to run an example in "${language}"`);
      ran[language] += 1;
    }
    expect(ran).toEqual({ json: 2, console: 10 });
  },
  PAGE_MAX_MS,
);

test('the table of settings names every one there is, with what holds by itself, and no other', () => {
  const rows = page
    .slice(page.indexOf('## Settings'))
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => [...cell.matchAll(/`([^`]+)`/g)]));
  const named = rows.flatMap(([, name = [], , initial = []]) =>
    name.map(([, it = ''], at) => [it, initial[at]?.[1]] as const),
  );
  const known = { ...settings.serve, ...settings.desk };
  const held = Object.entries(known).map(([name, it]) => [
    name,
    'initial' in it ? String(it.initial) : undefined,
  ]);
  const sorted = (of: readonly (readonly unknown[])[]) => of.map(String).toSorted();
  expect(sorted(named)).toEqual(sorted(held));
});
