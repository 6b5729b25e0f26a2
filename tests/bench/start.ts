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
import { sizes } from './sizes.ts';

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

/** A desk's start over a year of contacts and over years of them, beside one over next to none. */
export async function start(): Promise<Result> {
  const { year, many } = sizes().start;
  using folder = new TempFolder();
  const folders = {
    year: join(folder.path, 'year'),
    many: join(folder.path, 'many'),
    little: join(folder.path, 'little'),
  };
  say(`  building ${year} contacts, then ${many}`);
  makeDesk(folders.year, year);
  makeDesk(folders.many, many);
  makeDesk(folders.little, OPEN);
  const took = { year: [] as number[], many: [] as number[], little: [] as number[] };
  const wholeProcess = { year: [] as number[], many: [] as number[] };
  // In turns, so that what else the machine does meets all three alike.
  for (let at = 0; at < STARTS; at += 1) {
    for (const which of ['year', 'many'] as const) {
      const { fromCall, fromProcess } = await startOnce(folders[which], OPEN);
      took[which].push(fromCall);
      wholeProcess[which].push(fromProcess);
    }
    took.little.push((await startOnce(folders.little, OPEN)).fromCall);
  }
  const [ofYear, ofMany, beside] = [spread(took.year), spread(took.many), spread(took.little)];
  const [processYear, processMany] = [spread(wholeProcess.year), spread(wholeProcess.many)];
  return result({
    name: 'start',
    values: {
      p50: ofYear.p50,
      max: ofYear.max,
      manyP50: ofMany.p50,
      manyMax: ofMany.max,
      fromProcessStartP50: processYear.p50,
      fromProcessStartMax: processYear.max,
      manyFromProcessStartMax: processMany.max,
      contacts: year,
      many,
      starts: STARTS,
    },
    unit: 'ms',
    budget: [
      atMost('max', ofYear.max, MOST_MS),
      atMost('fromProcessStartMax', processYear.max, MOST_MS),
      atMost('manyMax', ofMany.max, MOST_MS),
      atMost('manyFromProcessStartMax', processMany.max, MOST_MS),
    ],
    beside: { startWithoutHistoryP50: beside.p50, startWithoutHistoryMax: beside.max },
    ratio: {
      withToWithoutHistory: rounded(ofYear.p50 / beside.p50),
      manyToYear: rounded(ofMany.p50 / ofYear.p50),
    },
    note:
      `from the call of startDesk in a fresh process to the first contacts view (${OPEN} open of ` +
      `${year} recorded, and of ${many}) at a window's socket, not to paint: no page is loaded; the server is ` +
      'away; the files are in the page cache; a person sits at the desk already',
  });
}
