import process from 'node:process';
import { describe, expect, test } from 'vitest';
import type { Holdfast } from '../support/holdfast.ts';
import { drained } from '../support/keep-asking.ts';
import { RealRoom } from '../support/real-room.ts';
import { raise } from '../support/room.ts';
import { compiler, SyncProbe } from '../support/sync-probe.ts';
import { toldBy, type WindowClient } from '../support/window-client.ts';

const isCi = !['', '0', 'false'].includes(process.env['CI'] ?? '');

const isTold = (window: WindowClient, id: string, state: 'stored-here' | 'recorded') => () =>
  window.acks.get(id)?.some((answer) => answer.state === state);

/**
 * What an operator is told while the disk takes nothing of a file. Either the program waits for the
 * disk, and the answer comes once that has the command; or it comes without the disk.
 */
async function askWithoutDisk(
  probe: SyncProbe,
  told: Holdfast,
  {
    window,
    state,
    meanwhile,
  }: {
    window: WindowClient;
    state: 'stored-here' | 'recorded';
    /** Goes there and back: an answer that was sent before it has come when it resolves. */
    meanwhile: () => Promise<unknown>;
  },
) {
  probe.hold();
  told.forget();
  const id = window.ask(raise({ narrative: 'the disk is slow' }));
  const isAnswered = isTold(window, id, state);
  const reached = told.untilTold('sync-probe: reached');
  await Promise.race([reached, window.until(state, isAnswered)]);
  await meanwhile();
  if (isAnswered()) {
    probe.letGo(); // at its end the program will wait for the disk after all
    return { answered: 'without the disk' };
  }
  told.forget(); // a sync that was on its way before
  probe.letGo();
  await window.until(state, isAnswered);
  await told.untilTold('sync-probe: synced');
  return { answered: 'once the disk had it' };
}

const orders = [
  { asks: 'FULL', isNormal: false, answered: 'once the disk had it' },
  { asks: 'FULL and gets NORMAL', isNormal: true, answered: 'without the disk' },
] as const;

if (compiler === undefined) {
  const line = 'durability: 5 checks did not run: there is no C compiler (cc, gcc or clang)\n';
  process.stdout.write(line);
}

test('the durability of what is acknowledged is checked here, or this is no CI', () => {
  expect(compiler !== undefined || !isCi).toBe(true);
});

// Where nothing can be compiled there are none of these.
describe.each(compiler === undefined ? [] : orders)(
  'where a program asks SQLite for $asks',
  ({ isNormal, answered }) => {
    test(`a command is told as recorded ${answered}`, async () => {
      using probe = new SyncProbe();
      await using room = await RealRoom.start(probe.environment('/log.db-wal', { isNormal }));
      const { window } = await room.startDesk('CH1');
      const { server } = room.force;
      const meanwhile = async () => {
        expect((await fetch(`${room.force.url}/healthz`)).status).toBe(200);
        await window.find('slow');
      };
      const asked = await askWithoutDisk(probe, server, { window, state: 'recorded', meanwhile });
      expect(asked).toEqual({ answered });
      await drained(window);
      expect((await room.compare(toldBy([window]))).broken).toEqual([]);
    });

    test(`a command is told as stored here ${answered}`, async () => {
      using probe = new SyncProbe();
      await using room = await RealRoom.start();
      const environment = probe.environment('/outbox.db-wal', { isNormal });
      const { window, shell } = await room.startDesk('CH1', { environment });
      // The desk itself waits for its disk; what it had sent before would be here after a longer way.
      const meanwhile = () => fetch(`${room.force.url}/healthz`);
      const asked = await askWithoutDisk(probe, shell, { window, state: 'stored-here', meanwhile });
      expect(asked).toEqual({ answered });
      await drained(window);
      expect((await room.compare(toldBy([window]))).broken).toEqual([]);
    });
  },
);

// Nobody can ask a desk for less here; without the sync in the product this one fails.
test.each(compiler === undefined ? [] : [orders[0]])(
  'a command is told as stored here $answered of the second copy, too',
  async ({ isNormal, answered }) => {
    using probe = new SyncProbe();
    await using room = await RealRoom.start();
    const environment = probe.environment('/outbox.copy', { isNormal });
    const { window, shell } = await room.startDesk('CH1', { environment });
    const meanwhile = () => fetch(`${room.force.url}/healthz`);
    const asked = await askWithoutDisk(probe, shell, { window, state: 'stored-here', meanwhile });
    expect(asked).toEqual({ answered });
  },
);
