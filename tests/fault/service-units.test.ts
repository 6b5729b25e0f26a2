import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { runHoldfast } from '../support/holdfast.ts';

const folder = join(import.meta.dirname, '../../operations');
const units = readdirSync(folder).map((name) => ({
  name,
  text: readFileSync(join(folder, name), 'utf8'),
}));
const services = units.filter(({ name }) => name.endsWith('.service'));
/** What a unit says, by its keys; the last one of a key holds. */
const keysOf = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, key = '', value = '']) => [key, value]),
  );
const textOf = (name: string) => units.find((it) => it.name === name)?.text ?? '';

test('every unit starts a command of Holdfast that there is, with options that it has', async () => {
  const { stdout: help } = await runHoldfast(['--help']);
  for (const { text } of services) {
    const start = keysOf(text)['ExecStart'] ?? '';
    const [, command = '', rest = ''] =
      /\/usr\/local\/bin\/holdfast (\w+)([^']*)/.exec(start) ?? [];
    expect(help).toMatch(new RegExp(`^  ${command} `, 'm'));
    const options = rest.match(/--[\w-]+/g) ?? [];
    expect(options).not.toEqual([]);
    expect(options.filter((option) => !help.includes(option))).toEqual([]);
  }
});

test('a server is its own account, writes its folder only, gains nothing, and is not started again over what stays wrong', () => {
  expect(keysOf(textOf('holdfast-server.service'))).toMatchObject({
    User: 'holdfast',
    NoNewPrivileges: 'yes',
    ProtectSystem: 'strict',
    ProtectHome: 'yes',
    ReadWritePaths: '/var/lib/holdfast',
    CapabilityBoundingSet: '',
    Restart: 'on-failure',
    // As docs/OPERATIONS.md and `holdfast --help` have them: a setting, and files that are found wrong.
    RestartPreventExitStatus: '2 3',
    KillSignal: 'SIGTERM',
    TimeoutStopSec: '30s', // far above the 5 s for what was taken and the 3 s for readers
  });
  // Nothing here tells systemd that it is ready.
  for (const { text } of services) expect(keysOf(text)['Type']).toMatch(/^(exec|oneshot)$/);
});

const analyzer = '/usr/bin/systemd-analyze';
const hasAnalyzer = spawnSync(analyzer, ['--version']).status === 0;

test.runIf(hasAnalyzer)('systemd has nothing to say against any of the units', () => {
  const copies = mkdtempSync(join(tmpdir(), 'holdfast-units-'));
  using _ = { [Symbol.dispose]: () => rmSync(copies, { recursive: true }) };
  for (const { name, text } of units)
    // Holdfast is not installed on the machine of this test; whether its program is there is not the unit's.
    writeFileSync(join(copies, name), text.replaceAll('/usr/local/bin/holdfast', process.execPath));
  const { status, stderr } = spawnSync(
    analyzer,
    ['verify', ...units.map(({ name }) => join(copies, name))],
    { encoding: 'utf8' },
  );
  expect([status, stderr]).toEqual([0, '']);
});
