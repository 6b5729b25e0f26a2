import { fork } from 'node:child_process';
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Asked } from '#domain/commands.ts';
import type { ContactId, EpochMs } from '#domain/ids.ts';
import { assert } from '#domain/lib/assert.ts';
import { Outbox, outboxMigrations } from '#desk/outbox.ts';
import { Replica } from '#desk/replica.ts';
import type { StartDesk } from '#desk/start-desk.ts';
import type { ContactRow } from '#protocol/view.ts';
import { logMigrations, pictureMigrations, replicaMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { commandId, newWriter, request } from '../support/room.ts';
import { WindowClient } from '../support/window-client.ts';
import type { FromChild } from './desk-child.ts';
import { atMost, result, rounded, say, spread, TempFolder, type Result } from './measure.ts';

const CONTACTS = 25_000;
const OPEN = 40; // what a busy room has open at once; the rest is history
const STARTS = 7;
const GROUP = 250;
const YEAR_MS = 365 * 24 * 3_600_000;
const MOST_MS = 1_500;

const now = () => Date.now() as EpochMs;
const storeKey = randomBytes(32);

const opened = (n: number): Asked => ({
  type: 'open-contact',
  body: {
    channel: n % 3 === 0 ? '999' : '101',
    caller: { kind: 'number', number: `+4477009${String(n).padStart(5, '0')}` },
    details: {
      place: { text: `${1 + (n % 180)} High Street, Southsea`, isVerified: false },
      narrative: `caller ${n} reports shouting and breaking glass in the flat above, male voice`,
    },
  },
});

const finished = (contactId: ContactId): Asked => ({
  type: 'finish-contact',
  body: { contactId, outcome: 'advice-given', text: 'advice given, no further police action' },
});

/** Makes a desk's folder whose replica holds `contacts`, by the server's writer and the replica itself. */
function makeDesk(dataDir: string, contacts: number): void {
  mkdirSync(dataDir, { recursive: true });
  const outboxFile = openStore(join(dataDir, 'outbox.db'), outboxMigrations, { key: storeKey });
  const outbox = new Outbox(outboxFile, { now, uuid: randomUUID, soon: (work) => work() });
  // Somebody sits here already, as after a restart: nothing is shown to an empty chair.
  outbox.keepSeat({
    user: { id: 'u-ch1', name: 'ch1', displayName: 'Amy Pond', role: 'call-handler' },
    grant: { id: 'g1', notAfter: Date.now() + 3_600_000 },
  });
  outboxFile.close();

  using folder = new TempFolder();
  const log = openStore(join(folder.path, 'log.db'), logMigrations);
  const picture = openStore(join(folder.path, 'picture.db'), pictureMigrations);
  const writer = newWriter({ log, picture }, { now });
  const replica = new Replica(
    openStore(join(dataDir, 'replica-1.db'), replicaMigrations, { key: storeKey }),
  );
  const since = Date.now() - YEAR_MS;
  for (let first = 1; first <= contacts; first += GROUP) {
    const group = Array.from({ length: Math.min(GROUP, contacts + 1 - first) }, (_, at) => {
      const n = first + at;
      const occurredAt = Math.round(since + (n / contacts) * YEAR_MS) as EpochMs;
      const contactId: string = commandId(n);
      const open = request(n, opened(n), { occurredAt });
      if (n > contacts - OPEN) return [open];
      const finish = finished(contactId as ContactId);
      return [open, request(contacts + n, finish, { occurredAt })];
    }).flat();
    const { events, settled } = writer.recordGroup(group);
    assert(
      settled.every((it) => it.outcome === 'answered' && it.answer.state === 'recorded'),
      'the history is recorded',
    );
    replica.apply(events);
  }
  replica.close();
  log.close();
  picture.close();
}

/** Starts the desk in a fresh process and follows the contacts. */
async function startOnce(dataDir: string, rows: number) {
  const { privateKey } = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const options: StartDesk = {
    dataDir,
    desk: 'CH1',
    force: 'HC',
    forceName: 'Bench',
    timeZone: 'Europe/London',
    server: 'http://127.0.0.1:9', // nobody answers: the desk starts alone
    privateKey,
    storeKey: storeKey.toString('hex'),
    protection: 'none: made-up data',
    port: 0,
    version: 'bench',
    isDemo: true,
  };
  const wall = () => performance.timeOrigin + performance.now();
  const forkedAt = wall();
  const child = fork(join(import.meta.dirname, 'desk-child.ts'), { stdio: 'inherit' });
  try {
    child.send(options);
    const [{ calledAt, address }] = (await once(child, 'message')) as [FromChild];
    const window = new WindowClient(address);
    await window.join();
    window.follow('contacts');
    await window.until(
      'the contacts',
      () => window.rows<ContactRow>('contacts').length >= rows && rows > 0,
    );
    const shownAt = wall();
    window.close();
    return { fromCall: shownAt - calledAt, fromProcess: shownAt - forkedAt };
  } finally {
    const exited = child.exitCode === null ? once(child, 'exit') : undefined;
    child.kill('SIGTERM');
    await exited;
  }
}

/** A desk's start over a year of contacts, beside one over next to none. */
export async function start(): Promise<Result> {
  using folder = new TempFolder();
  const [full, little] = [join(folder.path, 'full'), join(folder.path, 'little')];
  say(`  building ${CONTACTS} contacts`);
  makeDesk(full, CONTACTS);
  makeDesk(little, OPEN);
  const took = { full: [] as number[], process: [] as number[], little: [] as number[] };
  for (let at = 0; at < STARTS; at += 1) {
    const { fromCall, fromProcess } = await startOnce(full, OPEN);
    took.full.push(fromCall);
    took.process.push(fromProcess);
    took.little.push((await startOnce(little, OPEN)).fromCall);
  }
  const values = spread(took.full);
  const fromProcess = spread(took.process);
  const beside = spread(took.little);
  return result({
    name: 'start',
    values: {
      p50: values.p50,
      max: values.max,
      fromProcessStartP50: fromProcess.p50,
      fromProcessStartMax: fromProcess.max,
      contacts: CONTACTS,
      starts: STARTS,
    },
    unit: 'ms',
    budget: [
      atMost('max', values.max, MOST_MS),
      atMost('fromProcessStartMax', fromProcess.max, MOST_MS),
    ],
    beside: { startWithoutHistoryP50: beside.p50, startWithoutHistoryMax: beside.max },
    ratio: { withToWithoutHistory: rounded(values.p50 / beside.p50) },
    note:
      `from the call of startDesk in a fresh process to the first contacts view (${OPEN} open of ` +
      `${CONTACTS} recorded) at a window's socket, not to paint: no page is loaded; the server is away; ` +
      'the files are in the page cache; a person sits at the desk already',
  });
}
