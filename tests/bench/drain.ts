import { join } from 'node:path';
import type { Asked } from '#domain/commands.ts';
import type { ContactId } from '#domain/ids.ts';
import { openRecorder } from '#server/log/recorder.ts';
import { freshCommandId, wallClock } from '../support/fresh.ts';
import { RealRoom, type DeskProcess } from '../support/real-room.ts';
import type { WindowClient } from '../support/window-client.ts';
import { result, rounded, say, TempFolder, type Result } from './measure.ts';
import { sizes } from './sizes.ts';

const DESKS = 4;
const AT_ONCE = 50; // what a window asks before it waits: no person is as quick
const LINES = 20; // log entries for each contact

/** Asks so many commands of a desk that is alone; resolves once each is on its disk. */
async function askAlone(window: WindowClient, count: number): Promise<void> {
  let asked = 0;
  while (asked < count) {
    const opened = window.ask({ type: 'open-contact', body: { channel: '101' } });
    const ids = [opened];
    const lines = Math.min(LINES, count - asked - 1);
    for (let line = 0; line < lines; line += 1) {
      const text = `caller upstairs, door locked, second male heard on the landing (${line})`;
      const body = { contactId: opened as ContactId, text }; // named by what opens it
      ids.push(window.ask({ type: 'add-contact-entry', body }));
    }
    asked += ids.length;
    if (asked % AT_ONCE < LINES || asked >= count)
      for (const id of ids) {
        const { state } = await window.answerTo(id);
        if (state !== 'stored-here') throw new Error(`a command was ${state} by a desk alone`);
      }
  }
}

/** The server's half alone: its recorder takes as many such commands, as many at once as four windows. */
async function recorderAlone(commands: number, atOnce: number): Promise<number> {
  using folder = new TempFolder();
  const recorder = await openRecorder({
    dataDir: join(folder.path, 'server'),
    logId: 'force-HC',
    failed: (error) => {
      throw error;
    },
  });
  const contact = freshCommandId();
  const record = (asked: Asked, commandId = freshCommandId()) =>
    recorder.record({
      commandId,
      asked,
      occurredAt: wallClock(),
      actor: 'u-bench' as never,
      desk: 'BENCH' as never,
    });
  await record({ type: 'open-contact', body: { channel: '101' } }, contact);
  const text = 'caller upstairs, door locked, second male heard on the landing (7)';
  const body = { contactId: contact as string as ContactId, text };
  const start = performance.now();
  let left = commands;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (; left > 0; left -= 1) await record({ type: 'add-contact-entry', body });
    }),
  );
  const ms = performance.now() - start;
  await recorder.close();
  return ms;
}

/** Four desks that were alone come back together with all that was asked of them meanwhile. */
export async function drain(): Promise<Result> {
  const { commands } = sizes().drain;
  await using room = await RealRoom.start();
  const desks: DeskProcess[] = [];
  for (let n = 1; n <= DESKS; n += 1) desks.push(await room.startDesk(`D${n}`));
  await room.force.stopServer();
  await Promise.all(
    desks.map(({ window }) =>
      window.until('the desk to be alone', () => window.seat?.mode === 'alone'),
    ),
  );
  say(`  ${commands} commands at ${DESKS} desks that are alone`);
  const storing = performance.now();
  await Promise.all(desks.map(({ window }) => askAlone(window, commands / DESKS)));
  const storedMs = performance.now() - storing;
  await Promise.all(
    desks.map(({ window }) =>
      window.until('all of them to wait', () => (window.seat?.waiting ?? 0) >= commands / DESKS),
    ),
  );
  await room.force.startServer();
  const startedAt = performance.now();
  const back = await Promise.all(
    desks.map(async ({ window }) => {
      await window.until('the server to answer', () => window.seat?.mode === 'online');
      const onlineAt = performance.now();
      await window.until(
        'the outbox to be empty',
        () => window.seat?.waiting === 0 && window.seat.cursor === window.seat.head,
      );
      return { onlineAt, drainedAt: performance.now() };
    }),
  );
  const told = desks.flatMap(({ window }) => [...window.acks]);
  const { events, broken } = await room.compare(told);
  if (broken.length > 0) throw new Error(broken.slice(0, 5).join('; '));
  const first = Math.min(...back.map(({ onlineAt }) => onlineAt));
  const last = Math.max(...back.map(({ drainedAt }) => drainedAt));
  // What is committed together is recorded at one time.
  const drained = events.slice(-commands).map(({ header }) => header.recordedAt);
  const rate = rounded((commands * 1_000) / (last - first));
  const alone = rounded((commands * 1_000) / (await recorderAlone(commands, DESKS * 64)));
  return result({
    name: 'drain',
    values: {
      rate,
      seconds: rounded((last - first) / 1_000),
      fromServerStart: rounded((last - startedAt) / 1_000),
      storedAloneRate: rounded((commands * 1_000) / storedMs),
      commands,
      events: events.length,
      eventsACommit: rounded(commands / new Set(drained).size),
    },
    unit: 'commands/s',
    budget: [],
    beside: { recorderAlone: alone },
    ratio: { toRecorder: rounded(rate / alone) },
    note:
      `${commands} commands stored at ${DESKS} real desks while their server is down, then from the first desk that ` +
      'is online to the last whose outbox is empty and whose copy is at the head: sent in outbox order, 64 at a ' +
      'time, decided, committed, and sent to all four. fromServerStart is from the line that the server prints. ' +
      'recorderAlone is the same work for the recorder with as many at once and no desk. Every promise is checked at the end: ' +
      'nothing lost, nothing twice, all desks the same. DESIGN has no budget for it',
  });
}
