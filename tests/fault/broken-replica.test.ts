import {
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { IncidentId } from '#domain/ids.ts';
import type { Ack } from '#protocol/ack.ts';
import type { IncidentRow } from '#protocol/view.ts';
import { replicaFileOf } from '../support/desk-files.ts';
import { OneDesk } from '../support/one-desk.ts';
import { raise } from '../support/room.ts';
import { toldBy, type WindowClient } from '../support/window-client.ts';

const PAGE_BYTES = 4_096; // what SQLite reads and the cipher authenticates as one

function flipBitIn(file: string, isPage: (page: number) => boolean) {
  const bytes = readFileSync(file);
  for (let page = 0; page * PAGE_BYTES < bytes.length; page += 1) {
    const at = page * PAGE_BYTES + PAGE_BYTES / 2;
    if (isPage(page)) bytes.set([(bytes[at] ?? 0) ^ 1], at);
  }
  writeFileSync(file, bytes);
}

const incidents = (window: WindowClient) =>
  window.rows<IncidentRow>('incidents').map(({ id }) => id);

async function stored(window: WindowClient, id: string): Promise<string | undefined> {
  const answer: Ack['answer'] = await window.answerTo(id);
  expect(answer).toMatchObject({ state: 'stored-here' });
  return answer.state === 'stored-here' ? answer.reference : undefined;
}

const isRecorded = (window: WindowClient, id: string) => () =>
  window.acks.get(id)?.some(({ state }) => state === 'recorded');

test.each<[string, (file: string) => void]>([
  ['whose first page has a flipped bit', (file) => flipBitIn(file, (page) => page === 0)],
  ['with a flipped bit in every other page', (file) => flipBitIn(file, (page) => page > 0)],
  ['that ends half-way', (file) => truncateSync(file, PAGE_BYTES * 3 + 100)],
  ['of random bytes', (file) => writeFileSync(file, randomBytes(statSync(file).size))],
  ['of a text', (file) => writeFileSync(file, 'this was a database\n'.repeat(1_000))],
])('a desk with a replica %s starts, works on, and copies the log anew', async (_what, damage) => {
  await using room = await OneDesk.start();
  const worked = await room.startDesk();
  let window = worked;
  await room.signIn(window);
  const before = window.ask(raise({ narrative: 'before' }));
  const reference = (await stored(window, before)) as IncidentId;
  await window.until('recorded', isRecorded(window, before));
  await room.stopServer();
  const waiting = window.ask({
    type: 'add-log-entry',
    body: { incidentId: reference, text: 'said while the server was away' },
  });
  await stored(window, waiting);
  await room.stopDesk();

  const file = replicaFileOf(room.deskFolder);
  damage(file);
  const broken = readFileSync(file);

  // The server is away too: nothing but the desk's own disk helps the operator now.
  window = await room.startDesk();
  await window.until('the seat', () => window.seat?.mode === 'alone');
  expect(window.seat).toMatchObject({ user: { name: 'ch1' }, waiting: 1 });
  expect(window.seat?.trouble).toMatch(
    /^replica-1\.db cannot be read .* the log is copied anew\.$/,
  );
  const after = window.ask(raise({ narrative: 'after' }));
  const second = await stored(window, after);
  expect(second).not.toBe(reference);
  expect(await window.until('it is shown', () => incidents(window).includes(second ?? ''))).toBe(
    true,
  );

  await room.startServer();
  await window.until(
    'everything',
    () => incidents(window).length === 2 && window.seat?.waiting === 0,
  );
  expect(new Set(incidents(window))).toEqual(new Set([reference, second]));
  await window.until('recorded', isRecorded(window, after));
  const head = () => window.seat?.mode === 'online' && window.seat.cursor === window.seat.head;
  await window.until('caught up', head);
  const { answers, broken: promises } = await room.compare(toldBy([worked, window]));
  expect(promises).toEqual([]);
  for (const id of [before, waiting, after]) expect(answers.get(id)?.state).toBe('recorded');

  // What was broken stands beside the new one as it was, for whoever looks into it.
  const aside = readdirSync(room.deskFolder).filter((name) => name.includes('.corrupt-'));
  expect(aside.map((name) => room.read(name).equals(broken))).toContain(true);
});

test('a replica that was put aside is never opened again, whatever becomes of the one after it', async () => {
  await using room = await OneDesk.start();
  let window = await room.startDesk();
  await room.signIn(window);
  await room.stopDesk();
  // As a copy made anew leaves it: the old file beside the new one. Now the new one breaks too.
  const [old, newer] = [1, 2].map((n) => join(room.deskFolder, `replica-${n}.db`));
  for (const file of [old, newer]) writeFileSync(file ?? '', randomBytes(PAGE_BYTES));
  window = await room.startDesk();
  await window.until('current', isCurrent(window));
  await room.stopDesk();
  expect(replicaFileOf(room.deskFolder)).toBe(join(room.deskFolder, 'replica-3.db'));
});

test('whichever page of a replica the disk has damaged, the desk starts, shows and stores', async () => {
  await using room = await OneDesk.start();
  let window = await room.startDesk();
  await room.signIn(window);
  let reference = '';
  for (let n = 1; n <= 4; n += 1) {
    const id = window.ask(raise({ narrative: `${n} `.repeat(700) }));
    reference = (await stored(window, id)) ?? '';
    await window.until('recorded', isRecorded(window, id));
  }
  await room.stopServer();
  await room.stopDesk();
  const whole = join(room.folder, 'whole');
  cpSync(room.deskFolder, whole, { recursive: true });
  const pages = Math.ceil(statSync(replicaFileOf(whole)).size / PAGE_BYTES);
  let rebuilt = 0;
  for (let page = 0; page < pages; page += 1) {
    rmSync(room.deskFolder, { recursive: true });
    cpSync(whole, room.deskFolder, { recursive: true });
    flipBitIn(replicaFileOf(room.deskFolder), (it) => it === page);
    window = await room.startDesk();
    window.follow('incident', reference);
    await window.find('Street');
    await stored(window, window.ask({ type: 'open-contact', body: { channel: '101' } }));
    await window.until('the seat', () => window.seat?.waiting === 1);
    if (replicaFileOf(room.deskFolder) !== replicaFileOf(whole)) rebuilt += 1;
    await room.stopDesk();
  }
  // Pages that hold nothing, or nothing of what was looked at, are found out when they are read.
  expect(rebuilt).toBeGreaterThan(pages / 4);
});

const isCopying = (window: WindowClient) => () =>
  window.seat?.mode === 'alone' && window.seat.reason.startsWith('the log is being copied: ');
const isCurrent = (window: WindowClient) => () =>
  window.seat?.mode === 'online' &&
  window.seat.waiting === 0 &&
  window.seat.cursor === window.seat.head;

test('an event that was changed on the way is never stored: the log is copied anew behind the old picture', async () => {
  await using room = await OneDesk.start();
  const window = await room.startDesk();
  await room.signIn(window);
  const first = window.ask(raise({ narrative: 'before' }));
  const reference = await stored(window, first);
  await window.until('recorded', isRecorded(window, first));
  await window.until('current', isCurrent(window));

  let isChanged = false;
  room.line.pass = (frame) => {
    if (frame.frame !== 'events') return frame;
    if (isChanged) return undefined; // the copy waits until everything below has been seen
    isChanged = true;
    const [event, ...rest] = frame.events;
    if (!event) return frame;
    return {
      ...frame,
      events: [{ ...event, header: { ...event.header, actor: 'u-mallory' } }, ...rest],
    };
  };
  const opened = window.ask({ type: 'open-contact', body: { channel: '101' } });
  await stored(window, opened);
  await window.until('the copy begins', isCopying(window));
  await window.until('the copy is on its way', () => room.line.heldFrames > 0);
  expect(incidents(window)).toEqual([reference]);
  const meanwhile = window.ask(raise({ narrative: 'meanwhile' }));
  const second = await stored(window, meanwhile);
  await window.until('both are shown', () => incidents(window).length === 2);

  room.line.letGo();
  await window.until('current', isCurrent(window));
  expect(new Set(incidents(window))).toEqual(new Set([reference, second]));
  const { events, answers, broken } = await room.compare(toldBy([window]));
  expect(readdirSync(room.deskFolder)).toEqual(
    expect.arrayContaining(['replica-1.db', 'replica-2.db', 'outbox.db']),
  );
  expect(broken).toEqual([]);
  expect(events.filter(({ header }) => header.actor === 'u-mallory')).toEqual([]);
  for (const id of [first, opened, meanwhile]) expect(answers.get(id)?.state).toBe('recorded');
});

const ENTRIES = 600; // of 1 KB: several chunks, so that a copy can be seen half-way

test('a restored log that has gone on is followed only once all of it is here, and nobody waits for it', async () => {
  await using room = await OneDesk.start();
  const window = await room.startDesk();
  await room.signIn(window);
  const first = window.ask(raise({ narrative: 'in both logs' }));
  const reference = (await stored(window, first)) as IncidentId;
  await window.until('recorded', isRecorded(window, first));
  await room.stopServer();
  room.backUp();
  await room.startServer();
  const tail = window.ask(raise({ narrative: 'after the back-up' }));
  const tailReference = await stored(window, tail);
  await window.until('recorded', isRecorded(window, tail));
  await window.until('current', isCurrent(window));
  await room.stopServer();
  const waiting = window.ask({
    type: 'add-log-entry',
    body: { incidentId: reference, text: 'said while the server was away' },
  });
  await stored(window, waiting);

  // The server comes back from its back-up, and others have worked on it since.
  let chunks = 0;
  room.line.pass = (frame) => (frame.frame === 'events' && ++chunks > 1 ? undefined : frame);
  room.restore();
  await room.record(
    Array.from({ length: ENTRIES }, (_, n) => ({
      type: 'add-log-entry',
      body: { incidentId: reference, text: `${n} `.padEnd(1_000, '.') },
    })),
  );
  await room.startServer();
  await window.until('the copy begins', isCopying(window));
  await window.until('it is half here', () => chunks > 0 && room.line.heldFrames > 0);
  expect(new Set(incidents(window))).toEqual(new Set([reference, tailReference]));
  const meanwhile = window.ask({ type: 'open-contact', body: { channel: '101' } });
  await stored(window, meanwhile);

  room.line.letGo();
  await window.until('current', isCurrent(window));
  window.follow('incident', reference);
  await window.until('the new picture', () =>
    window
      .rows<{ readonly text?: string }>(`incident/${reference}`)
      .some(({ text }) => text?.startsWith(`${ENTRIES - 1} ..`)),
  );
  // What came after the back-up this desk has given, late as it was, so that it stands at another place.
  expect(new Set(incidents(window))).toEqual(new Set([reference, tailReference]));
  const { answers, broken } = await room.compare(toldBy([window]).filter(([id]) => id !== tail));
  expect(broken).toEqual([]);
  for (const id of [tail, waiting, meanwhile]) expect(answers.get(id)?.state).toBe('recorded');
});
