import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { KEPT_OUT, needed, readSettings, SettingError, type Sources } from './read-settings.ts';
import { optionOf, settings, settingsOf, variableOf, type Program } from './settings.ts';

const none = { options: {}, environment: {} };

/** A file of settings for as long as the test goes on. */
function file(content: unknown) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-config-'));
  const path = join(folder, 'server.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

function refusal(program: Program, sources: Partial<Sources>): string {
  try {
    readSettings(program, { ...none, ...sources });
  } catch (error) {
    if (error instanceof SettingError) return error.message;
    throw error;
  }
  throw new Error('it was taken');
}

test('the command line goes before the environment, that before the file, that before what holds by itself', () => {
  using it = file({ port: 7001, host: 'file.example', force: 'AB', data: '/file' });
  const read = readSettings('serve', {
    options: { config: it.path, port: '7003' },
    environment: { HOLDFAST_PORT: '7002', HOLDFAST_HOST: 'variable.example' },
  });
  expect(read.settings).toEqual({
    ...readSettings('serve', none).settings,
    port: 7003,
    host: 'variable.example',
    force: 'AB',
    data: '/file',
  });
  expect(read.effective).toMatchObject({
    port: { value: 7003, from: 'command-line', at: '--port' },
    host: { value: 'variable.example', from: 'environment', at: 'HOLDFAST_HOST' },
    force: { value: 'AB', from: 'file', at: it.path },
    forceName: { value: 'Demo Constabulary', from: 'default' },
    tlsCert: { value: undefined, from: 'not-set' },
  });
});

test('the file can be named by a variable, and the command line names another', () => {
  using one = file({ port: 7001 });
  using other = file({ port: 7002 });
  const environment = { HOLDFAST_CONFIG: one.path };
  expect(readSettings('serve', { options: {}, environment }).settings.port).toBe(7001);
  const { settings: both } = readSettings('serve', {
    options: { config: other.path },
    environment,
  });
  expect(both.port).toBe(7002);
});

/** For each setting one value that is no value of it, as text and as JSON. */
const wrongText: Readonly<Record<string, string>> = {
  data: '',
  host: 'two words',
  port: '70000',
  force: 'hc',
  forceName: '',
  timeZone: 'Europe/Atlantis',
  tlsCert: '',
  tlsKey: '',
  awaitDesks: 'soon',
  server: 'control.example:7100',
  name: 'CH 1',
  enrol: '',
  secondCopy: '',
  window: 'kitchen',
  headless: 'perhaps',
  electron: '',
  backups: '',
  backupHours: '0',
  diskWarnPercent: '101',
  diskFullPercent: 'most of it',
  clockWarnMs: '-5',
  logFile: 'yes',
  logFileMegabytes: '0',
  logFiles: '1',
};
const cases = (Object.keys(settings) as Program[]).flatMap((program) =>
  Object.keys(settings[program]).map((name) => [program, name] as const),
);

test.each(cases)(
  'a wrong "%s %s" is refused in one line with its name, where it stands and what is expected',
  (program, name) => {
    const text = wrongText[name] ?? 'this test knows no wrong value';
    const expected = settingsOf(program)[name]?.expected ?? '';
    using it = file({ [name]: ['not', 'this'] });
    const lines = [
      refusal(program, { options: { [optionOf(name)]: text } }),
      refusal(program, { environment: { [variableOf(name)]: text } }),
      refusal(program, { options: { config: it.path } }),
    ];
    const places = [`--${optionOf(name)}`, `${variableOf(name)}, environment`, `in ${it.path}`];
    for (const [at, line] of lines.entries()) {
      expect(line).toMatch(/^[^\n]{1,300}$/);
      expect(line.startsWith(`"${name}" (${places[at]}): ${expected} is expected`)).toBe(true);
    }
  },
);

test('what nobody knows is refused wherever it stands, with what there is', () => {
  using it = file({ prot: 7100 });
  const lines = [
    refusal('serve', { options: { config: it.path } }),
    refusal('serve', { environment: { HOLDFAST_PROT: '7100' } }),
    refusal('serve', { options: { window: 'dispatch' } }),
  ];
  expect(lines[0]).toContain(
    `"prot" (in ${it.path}) is no setting of "serve"; it has data, host, port`,
  );
  expect(lines[1]).toContain('HOLDFAST_PROT (environment) is no setting of Holdfast');
  expect(lines[1]).toContain('HOLDFAST_PORT');
  expect(lines[2]).toBe('--window is no option of "serve"; see holdfast --help');
});

test('a name that every object has is no setting', () => {
  using it = file('{ "constructor": 1 }');
  expect(refusal('serve', { options: { config: it.path } })).toContain('"constructor" (in');
});

test('a variable of another program is left alone: both may be started from one environment', () => {
  const environment = { HOLDFAST_WINDOW: 'dispatch', HOLDFAST_SEED: '7', PATH: '/bin' };
  expect(readSettings('serve', { options: {}, environment }).settings.port).toBe(7100);
});

test('a wrong value in the file is refused also where the command line sets another', () => {
  using it = file({ port: 'seven' });
  const options = { config: it.path, port: '7003' };
  expect(refusal('serve', { options })).toBe(
    `"port" (in ${it.path}): a number from 0 to 65535 is expected, not "seven"`,
  );
});

test('a file that is missing, no JSON or no object is refused, and nothing in it is repeated', () => {
  using broken = file('{\n  "enrol": "a-secret-code",\n  oops }');
  using list = file('[]');
  const of = (path: string) => refusal('desk', { options: { config: path } });
  expect(of('/nowhere/server.json')).toContain('the file of --config cannot be read: ENOENT');
  expect(of(broken.path)).toBe(`${broken.path}: not JSON, at line 3`);
  expect(of(list.path)).toBe(`${list.path}: an object of settings is expected`);
  expect(of(broken.path)).not.toContain('a-secret-code');
});

test('a secret stands neither in what holds nor in a refusal', () => {
  const secret = 'a-secret-code';
  const { settings: held, effective } = readSettings('desk', {
    options: { enrol: secret },
    environment: {},
  });
  expect(held.enrol).toBe(secret);
  expect(effective['enrol']).toEqual({ value: KEPT_OUT, from: 'command-line', at: '--enrol' });
  expect(JSON.stringify(effective)).not.toContain(secret);
  expect(refusal('desk', { options: { enrol: secret.repeat(10) } })).not.toContain(secret);
});

test('what a program cannot do without is asked for by all of its names', () => {
  expect(() => needed('desk', 'secondCopy', undefined)).toThrow(
    'desk needs --second-copy (or HOLDFAST_SECOND_COPY, or "secondCopy" in the file of --config)',
  );
  expect(needed('desk', 'data', '/var')).toBe('/var');
});
