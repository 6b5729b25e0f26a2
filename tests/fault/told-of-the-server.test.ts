import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { startDesk } from '#desk/start-desk.ts';
import { version } from '#protocol/version.ts';
import { openIdentity } from '../../cli/identity.ts';
import { Holdfast, runHoldfast } from '../support/holdfast.ts';
import { WindowClient } from '../support/window-client.ts';

function freshFolder() {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-told-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

test('a window shows what the server says of its disk and which release it is, and forgets the disk with the line', async () => {
  using folder = freshFolder();
  await using ending = new AsyncDisposableStack();
  const data = join(folder.path, 'server');
  // Every disk is fuller than one percent.
  const server = ending.use(
    await Holdfast.start(['serve', '--data', data, '--port', '0', '--json'], {
      HOLDFAST_DISK_WARN_PERCENT: '1',
      HOLDFAST_DISK_FULL_PERCENT: '100',
    }),
  );
  const { server: url, firstAdministrator } = JSON.parse(server.line) as {
    server: string;
    firstAdministrator: { password: string };
  };
  const admin = (lines: readonly string[], ...args: readonly string[]) =>
    runHoldfast(
      ['admin', ...args, '--server', url, '--as', 'admin', '--json'],
      lines.map((line) => `${line}\n`).join(''),
    );
  const own = 'the administrators own';
  await admin([firstAdministrator.password, own], 'password');
  const { code } = JSON.parse((await admin([own], 'desk-code')).stdout) as { code: string };
  const args = ['--server', url, '--name', 'CH1', '--data', join(folder.path, 'desk')];
  const desk = ending.use(
    await Holdfast.start(['desk', ...args, '--enrol', code, '--headless', '--json']),
  );
  const window = new WindowClient((JSON.parse(desk.line) as { desk: string }).desk);
  await window.join();
  window.follow('seat');
  await window.until('the notice', () => (window.seat?.notices?.length ?? 0) > 0);
  const { stdout } = await runHoldfast(['--version']);
  expect(window.seat).toMatchObject({
    notices: [
      {
        about: 'disk',
        text: expect.stringMatching(/^The server's disk is \d+ % full/) as string,
      },
    ],
    version: stdout.trim(),
    serverVersion: stdout.trim(),
  });
  await server.stop('SIGKILL');
  await window.until('being alone', () => window.seat?.mode === 'alone');
  expect(window.seat?.notices).toBe(undefined);
  window.close();
});

test('a desk whose server speaks another version says so, keeps what it has, and works on alone', async () => {
  using folder = freshFolder();
  const http = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => http.once('listening', resolve));
  const sockets = new WebSocketServer({ server: http });
  // The first words of any release; what follows is refused as a later one refuses it.
  sockets.on('connection', (socket) => {
    socket.send(JSON.stringify({ frame: 'challenge', nonce: 'A'.repeat(44) }));
    socket.on('message', () => socket.close(4406, `this server speaks protocol ${version + 1}`));
  });
  const { port } = http.address() as AddressInfo; // it listens on TCP
  const { identity } = await openIdentity(folder.path, 'CH1');
  const desk = await startDesk(
    {
      dataDir: folder.path,
      force: 'HC',
      forceName: 'Harbour Constabulary',
      timeZone: 'Europe/London',
      server: `http://127.0.0.1:${port}`,
      ...identity,
      port: 0,
      version: '0',
      isDemo: false,
    },
    new Map(),
  );
  const window = new WindowClient(desk.address('dispatch'));
  await window.join();
  window.follow('seat');
  await window.until('the reason', () => window.seat?.reason.includes('another release'));
  expect([window.seat?.mode, window.seat?.reason]).toEqual([
    'alone',
    `the server is of another release: it speaks protocol ${version + 1}, and this desk ${version}. This desk ` +
      'works on alone and keeps everything; tell the people who run it to bring both to the same release',
  ]);
  window.close();
  await desk.close();
  sockets.close();
  http.closeAllConnections();
  http.close();
});
