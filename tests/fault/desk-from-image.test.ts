import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Ack } from '#protocol/ack.ts';
import { OneDesk } from '../support/one-desk.ts';
import { raise } from '../support/room.ts';
import type { WindowClient } from '../support/window-client.ts';

const recorded = (window: WindowClient, id: string) =>
  window.until(`${id} is recorded or refused`, () =>
    window.acks.get(id)?.find((it) => it.state === 'recorded' || it.state === 'refused'),
  );

const open = (window: WindowClient) =>
  window.ask({ type: 'open-contact', body: { channel: '101', caller: { kind: 'withheld' } } });

test('a desk that comes back from an image of its disk records what is entered, under numbers that nobody has had', async () => {
  await using room = await OneDesk.start();
  const image = join(room.folder, 'image');
  let window = await room.startDesk();
  await room.signIn(window);
  await recorded(window, open(window));
  await room.stopDesk();
  cpSync(room.deskFolder, image, { recursive: true });

  window = await room.startDesk();
  await window.until('online', () => window.seat?.mode === 'online');
  const numbers: (string | undefined)[] = [];
  const raiseOne = async () => {
    const id = window.ask(raise());
    const answer: Ack['answer'] = await window.answerTo(id);
    numbers.push(answer.state === 'stored-here' ? answer.reference : JSON.stringify(answer));
    return id;
  };
  for (let n = 0; n < 3; n += 1) await recorded(window, open(window));
  await recorded(window, await raiseOne());
  await room.stopDesk();

  rmSync(room.deskFolder, { recursive: true });
  cpSync(image, room.deskFolder, { recursive: true });
  window = await room.startDesk();
  await window.until('online', () => window.seat?.mode === 'online');
  const ids = [open(window), await raiseOne(), open(window)];
  for (const id of ids) await recorded(window, id);
  expect(ids.map((id) => window.acks.get(id)?.at(-1)?.state)).toEqual([
    'recorded',
    'recorded',
    'recorded',
  ]);
  expect(window.rows('tray')).toEqual([]);
  expect(new Set(numbers).size).toBe(2);
});
