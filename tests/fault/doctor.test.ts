import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Holdfast, runHoldfast } from '../support/holdfast.ts';

interface Told {
  readonly state: string;
  readonly findings: readonly {
    readonly check: string;
    readonly state: string;
    readonly found: string;
  }[];
}

async function doctor(...args: readonly string[]) {
  const ended = await runHoldfast(['doctor', ...args, '--json', '--disk-full-percent', '100']);
  const told = JSON.parse(ended.stdout) as Told;
  return {
    code: ended.code,
    stderr: ended.stderr,
    faults: told.findings.filter(({ state }) => state === 'fault').map(({ check }) => check),
    of: (check: string) => told.findings.find((it) => it.check === check),
  };
}

test('beside a server and a desk that run it finds both, and neither notices; without them it says so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-doctor-'));
  await using ending = new AsyncDisposableStack();
  ending.defer(() => rmSync(folder, { recursive: true, force: true }));
  const data = join(folder, 'server');
  const server = ending.use(
    await Holdfast.start(['serve', '--data', data, '--port', '0', '--json']),
  );
  const { server: url, firstAdministrator } = JSON.parse(server.line) as {
    server: string;
    firstAdministrator: { password: string };
  };
  const admin = async (lines: readonly string[], ...args: readonly string[]) =>
    JSON.parse(
      (
        await runHoldfast(
          ['admin', ...args, '--server', url, '--as', 'admin', '--json'],
          lines.map((line) => `${line}\n`).join(''),
        )
      ).stdout,
    ) as { code: string };
  const own = 'the administrators own';
  await admin([firstAdministrator.password, own], 'password');
  const { code } = await admin([own], 'desk-code', 'CH1');
  const config = join(folder, 'desk.json');
  writeFileSync(
    config,
    JSON.stringify({ server: url, name: 'CH1', data: join(folder, 'desk'), headless: true }),
  );

  const before = await doctor('desk', '--config', config);
  expect([before.code, before.faults]).toEqual([3, ['enrolment']]);

  const desk = ending.use(
    await Holdfast.start(['desk', '--config', config, '--enrol', code, '--json']),
  );
  const { port } = new URL(url);
  const [ofServer, ofDesk] = await Promise.all([
    doctor('serve', '--data', data, '--port', port),
    doctor('desk', '--config', config),
  ]);
  expect([ofServer.faults, ofDesk.faults]).toEqual([[], []]);
  expect(ofServer.of('port')?.found).toContain('a server runs over this folder, and process ');
  expect(ofServer.of('log')?.found).toMatch(/^\d+ events; both ends are what was written/);
  expect(ofDesk.of('enrolment')?.found).toBe('the server knows the key of CH1');
  expect(ofDesk.of('outbox')?.found).toBe('outbox.db can be read; the desk runs');
  expect(ofDesk.of('clock')?.state).toBe('fine');
  expect([server.told.split('\n').length, desk.told]).toEqual([2, '']);

  await admin([own], 'revoke-desk', 'CH1');
  expect((await doctor('desk', '--config', config)).faults).toEqual(['enrolment']);
  expect(await desk.stop()).toBe(0);
  expect(await server.stop()).toBe(0);
  const stopped = await doctor('serve', '--data', data, '--port', port);
  expect(stopped.of('port')?.found).toContain('is free, and nobody uses the folder');
  const alone = await doctor('desk', '--config', config);
  expect(alone.faults).toEqual(['server', 'enrolment']);
  expect(alone.of('outbox')?.found).toBe('outbox.db can be read; the desk does not run');
});

test('what cannot be understood ends with code 2, a wrong setting stands in the line that names it', async () => {
  const { code } = await runHoldfast(['doctor', 'kitchen']);
  const wrong = await runHoldfast(['serve', '--port', 'x']);
  expect([code, wrong.code, wrong.stderr.trim()]).toEqual([
    2,
    2,
    'holdfast: "port" (--port): a number from 0 to 65535 is expected, not "x"',
  ]);
});

test('the help names every setting of a server and of a desk', async () => {
  const { stdout } = await runHoldfast(['--help']);
  for (const program of ['serve', 'desk']) {
    const { settings } = JSON.parse((await runHoldfast(['config', program, '--json'])).stdout) as {
      settings: Record<string, unknown>;
    };
    const options = Object.keys(settings).map(
      (name) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    );
    expect(options.filter((option) => !stdout.includes(option))).toEqual([]);
  }
});
