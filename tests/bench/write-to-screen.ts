import { setTimeout as sleep } from 'node:timers/promises';
import type { IncidentId } from '#domain/ids.ts';
import { assert } from '#domain/lib/assert.ts';
import type { IncidentDetail, IncidentRow } from '#protocol/view.ts';
import { DemoRoom } from '../support/demo-room.ts';
import { raise } from '../support/room.ts';
import { WindowClient } from '../support/window-client.ts';
import {
  atMost,
  RawDisk,
  result,
  rounded,
  spread,
  TempFolder,
  timed,
  type Result,
} from './measure.ts';

const SAMPLES = 200;
const WARM_UP = 20;
const EVERY_MS = 50; // 20 a second
const DISK_SAMPLES = 200;
const P50_MAX_MS = 10;
const P99_MAX_MS = 50;

async function seat(address: string | undefined, name: string): Promise<WindowClient> {
  const window = new WindowClient(address ?? '');
  await window.join();
  const signedIn = await window.signIn(name, 'made-up-password');
  assert(signedIn.kind === 'rows', `${name} is signed in`);
  window.follow('seat');
  await window.until(`${name} is online`, () => window.seat?.mode === 'online');
  await window.until(`${name} has numbers`, () => (window.seat?.referencesLeft ?? 0) > 0);
  return window;
}

/** One desk's window writes; the line stands in another's. Real processes, real files, no paint. */
export async function writeToScreen(): Promise<Result> {
  const raw: number[] = [];
  const measureDisk = () => {
    using folder = new TempFolder();
    using disk = new RawDisk(folder.path);
    for (let at = 0; at < DISK_SAMPLES; at += 1) raw.push(timed(() => disk.commit()));
  };
  await using room = await DemoRoom.start();
  const ch1 = await seat(room.facts.desks[0], 'ch1');
  const d1 = await seat(room.facts.desks[2], 'd1');
  d1.follow('incidents');
  const answer = await ch1.answerTo(ch1.ask(raise()));
  assert(
    answer.state === 'stored-here' && answer.reference !== undefined,
    'the incident is raised',
  );
  const incidentId = answer.reference as IncidentId;
  await d1.until('the incident on D1', () =>
    d1.rows<IncidentRow>('incidents').some(({ id }) => id === incidentId),
  );
  d1.follow('incident', incidentId);
  measureDisk();

  const askedAt = new Map<string, number>();
  const storedAt = new Map<string, number>();
  const shownAt = new Map<string, number>();
  const total = WARM_UP + SAMPLES;
  const shown = d1.until('every line on D1', () => {
    const now = performance.now();
    const lines = d1.rows<IncidentDetail>(`incident/${incidentId}`)[0]?.lines ?? [];
    for (const { id } of lines) {
      const commandId = id.slice(0, id.indexOf(':'));
      if (askedAt.has(commandId) && !shownAt.has(commandId)) shownAt.set(commandId, now);
    }
    return shownAt.size === total;
  });
  const stored = ch1.until('every line stored on CH1', () => {
    const now = performance.now();
    for (const id of ch1.acks.keys())
      if (askedAt.has(id) && !storedAt.has(id)) storedAt.set(id, now);
    return storedAt.size === total;
  });
  const start = performance.now();
  for (let at = 0; at < total; at += 1) {
    const due = start + at * EVERY_MS - performance.now();
    if (due > 0) await sleep(due);
    const now = performance.now();
    const text = `caller upstairs, door locked, second male heard on the landing (${at})`;
    askedAt.set(ch1.ask({ type: 'add-log-entry', body: { incidentId, text } }), now);
  }
  await Promise.all([shown, stored]);
  measureDisk();
  for (const window of [ch1, d1]) window.close();

  const since = (reached: ReadonlyMap<string, number>) =>
    [...askedAt].slice(WARM_UP).map(([id, at]) => (reached.get(id) ?? Number.NaN) - at);
  const values = spread(since(shownAt));
  const storedHere = spread(since(storedAt));
  const beside = spread(raw);
  return result({
    name: 'write-to-screen',
    values: {
      ...values,
      samples: SAMPLES,
      storedHereP50: storedHere.p50,
      storedHereP99: storedHere.p99,
    },
    unit: 'ms',
    budget: [atMost('p50', values.p50, P50_MAX_MS), atMost('p99', values.p99, P99_MAX_MS)],
    beside: { fdatasyncP50: beside.p50, fdatasyncP99: beside.p99 },
    ratio: { p50: rounded(values.p50 / beside.p50) },
    note:
      "CH1 asks add-log-entry, until the line stands in D1's incident view, to the window's socket and " +
      'not to paint; 20/s over loopback without TLS; a server, 4 desks and both windows share this machine; ' +
      `2 desks are at work, the budget of DESIGN is for 200; the log grows from 0 to ${total} lines`,
  });
}
