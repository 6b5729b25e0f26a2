import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { DeskHost } from '../../cli/desk-host.ts';
import { openIdentity } from '../../cli/identity.ts';
import { WindowClient } from '../support/window-client.ts';

const ADDRESS = /^http:\/\/127\.0\.0\.1:\d+\/dispatch#token=/;

/** The desk process that this one has started, as the kernel knows it. */
function deskPid(): number {
  const tasks = `/proc/${process.pid}/task`;
  const children = readdirSync(tasks).flatMap((task) =>
    readFileSync(join(tasks, task, 'children'), 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean),
  );
  const desk = children.find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('desk-process'),
  );
  return Number(desk);
}

// A Ctrl-C reaches every process of a room at once, in whatever it is doing.
test('whoever waits for a desk that is killed is answered by the one that takes its place', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-host-'));
  const { identity } = await openIdentity(dataDir, 'CH1');
  const force = { force: 'HC', forceName: 'Harbour Constabulary', timeZone: 'Europe/London' };
  const desk = { dataDir, ...force, ...identity, port: 0, version: '0', isDemo: false };
  const starting = DeskHost.start({ ...desk, server: 'http://127.0.0.1:9' }, () => {});
  process.kill(deskPid(), 'SIGKILL'); // before it has said that it is ready
  const host = await starting;
  expect(await host.address('dispatch')).toMatch(ADDRESS);

  process.kill(host.pid ?? 0, 'SIGKILL');
  expect(await host.address('dispatch')).toMatch(ADDRESS); // asked of the dead one
  await host.stop();
  rmSync(dataDir, { recursive: true });
});

test('a demo’s desk shows the caption that its host gives it, also the process that takes its place; a desk at work shows none', async () => {
  const captionAt = async (isDemo: boolean) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-host-'));
    const { identity } = await openIdentity(dataDir, 'CH1');
    const force = { force: 'HC', forceName: 'Harbour Constabulary', timeZone: 'Europe/London' };
    const desk = { dataDir, ...force, ...identity, port: 0, version: '0', isDemo };
    const host = await DeskHost.start({ ...desk, server: 'http://127.0.0.1:9' }, () => {});
    host.caption('Step 4');
    process.kill(host.pid ?? 0, 'SIGKILL');
    const window = new WindowClient(await host.address('dispatch'));
    await window.join();
    window.follow('seat');
    const { caption } = await window.until('the seat', () => window.seat);
    window.close();
    await host.stop();
    rmSync(dataDir, { recursive: true });
    return caption;
  };
  expect(await captionAt(true)).toBe('Step 4');
  expect(await captionAt(false)).toBeUndefined();
});
