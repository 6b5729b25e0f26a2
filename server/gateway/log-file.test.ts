import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EpochMs } from '#domain/ids.ts';
import { bySystem, callIn, HandTimers, PASSWORD, Running } from './running.suite.ts';

test('a server writes every request and what it tells to its file, and nothing that was said or is secret', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-logfile-'));
  using _ = { [Symbol.dispose]: () => rmSync(dataDir, { recursive: true, force: true }) };
  const timers = new HandTimers(Date.now());
  let setBy = 0;
  const running = await Running.start({
    dataDir,
    timers,
    now: () => (timers.now + setBy) as EpochMs,
    elapsedMs: () => timers.now,
    logFile: { fileMaxBytes: 1_000_000, filesMax: 3 },
  });
  await running.addUser('ash', 'call-handler');
  const { token } = await running.signIn('ash');
  await running.server.recorder.record(bySystem(callIn('a child is crying')));
  await running.ask('GET', '/api/drafts', undefined, { authorization: `Bearer ${token}` });
  await running.ask('GET', '/api/nothing?name=Asha+Lane');
  setBy = 9_000;
  timers.pass(5_000);
  await running.server.stop();
  const text = readdirSync(join(dataDir, 'logs'))
    .map((name) => readFileSync(join(dataDir, 'logs', name), 'utf8'))
    .join('');
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { route?: string; status?: number; msg: string });
  expect(lines.map(({ route, status, msg }) => (route ? `${route} ${status}` : msg))).toEqual([
    `Server listening at ${running.url}`,
    'POST /api/session 200',
    'GET /api/drafts 200',
    'GET unknown 404',
    "warning: The server's clock is 9.0 s ahead of its own earlier times",
  ]);
  for (const secret of [token, PASSWORD, 'a child is crying', 'Made-up ash', 'Asha'])
    expect(text).not.toContain(secret);
  expect(running.told).toEqual([
    "warning: The server's clock is 9.0 s ahead of its own earlier times",
  ]);
});
