import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { IncidentId } from '#domain/ids.ts';
import { random } from '#domain/lib/random.ts';
import { openWriter } from '#server/log/open-writer.ts';
import { logMigrations, pictureMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { Picture } from '#store/picture.ts';
import { madeUpCrimes } from '../../cli/made-up-crimes.ts';
import { BadLine } from '../support/bad-line.ts';
import { readServerLog, replicaFileOf } from '../support/desk-files.ts';
import { copyServer } from '../support/copied-folder.ts';
import { Holdfast, runHoldfast } from '../support/holdfast.ts';
import { brokenPromises } from '../support/invariants.ts';
import { killsAtEachWork as KILLS } from '../support/kill-count.ts';
import { RealRoom, type DeskProcess } from '../support/real-room.ts';
import { raise, request } from '../support/room.ts';
import { drained } from '../support/keep-asking.ts';
import { toldBy } from '../support/window-client.ts';

/** `HOLDFAST_SEED` runs the same ones again. */
const seed = Number(process.env['HOLDFAST_SEED'] ?? Date.now() % 100_000);
const { below } = random(seed);
const options = { timeout: 60_000 + 10_000 * KILLS };
const HELD_MS = 10_000; // longer than any limit of the protocol for a line that is silent

let folder: string;
let dataDir: string;

beforeEach(() => {
  process.stdout.write(`kills at work: seed ${seed} (HOLDFAST_SEED=${seed} runs it again)\n`);
  folder = mkdtempSync(join(tmpdir(), 'holdfast-kills-'));
  dataDir = join(folder, 'server');
  mkdirSync(dataDir);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A log of so many incidents, with some words in each. */
function fillLog(incidents: number) {
  const { writer, ...opened } = openWriter(dataDir, 'force-HC');
  for (let n = 1; n <= incidents; n += 1)
    writer.recordGroup([
      request(n, raise({ narrative: `${n} `.repeat(100) }), {
        reference: `HC-20261123-${String(n).padStart(4, '0')}` as IncidentId,
      }),
    ]);
  writer.foldPicture();
  opened[Symbol.dispose]();
}

/** Runs a command to its end on a copy of the folder: resolves with how long that took. */
async function lengthOf(args: readonly string[]): Promise<number> {
  const copy = join(folder, 'copy');
  copyServer(dataDir, copy);
  const began = performance.now();
  const ended = await runHoldfast([...args, '--data', copy]);
  if (ended.code !== 0) throw new Error(ended.stderr);
  rmSync(copy, { recursive: true });
  return performance.now() - began;
}

/** The command, and its SIGKILL at some moment of its work. Resolves with whether it was alive then. */
async function runAndKill(args: readonly string[], withinMs: number): Promise<boolean> {
  const running = Holdfast.begin([...args, '--data', dataDir]);
  await wait(below(withinMs));
  return (await running.stop('SIGKILL')) === null;
}

const SOUND = ['accounts.db', 'drafts.db', 'in-use.lock', 'log.db', 'picture.db'];
const leftBehind = () => readdirSync(dataDir).filter((name) => !SOUND.includes(name));

function held() {
  const log = openStore(join(dataDir, 'log.db'), logMigrations);
  const count = (sql: string) => log.prepare<[], number>(sql).pluck().get();
  const found = {
    events: count(`SELECT count(*) FROM event WHERE type = 'recorded-crime.imported'`),
    rows: count('SELECT count(*) FROM recorded_crime'),
    check: log.pragma('integrity_check', { simple: true }),
  };
  log.close();
  return found;
}

test(
  `${KILLS} SIGKILLs during an import of recorded crimes: all of it is there or nothing, and it can be done again`,
  options,
  async () => {
    fillLog(20);
    const file = join(folder, 'crimes.csv');
    // Of ten places, so that it takes a while.
    const parts = Array.from({ length: 10 }, (_, n) => madeUpCrimes(Date.now(), n));
    const [header] = parts[0]?.split('\n') ?? [];
    const rows = parts.map((part) => part.slice(part.indexOf('\n') + 1));
    writeFileSync(file, `${header}\n${rows.join('')}`);
    const args = ['import', 'crimes', file, '--json'];
    const lengthMs = await lengthOf(args);
    let alive = 0;
    const states = new Set<string>();
    for (let n = 0; n < KILLS; n += 1) {
      if (await runAndKill(args, lengthMs)) alive += 1;
      states.add(JSON.stringify(held()));
    }
    const last = await runHoldfast([...args, '--data', dataDir]);
    expect(last.code).toBe(0);
    const whole = held();
    expect(whole).toMatchObject({ events: 1, check: 'ok' });
    expect(whole.rows).toBeGreaterThan(11_000);
    const nothing = { events: 0, rows: 0, check: 'ok' };
    const allowed = new Set([nothing, whole].map((it) => JSON.stringify(it)));
    expect([...states].filter((it) => !allowed.has(it))).toEqual([]);
    expect(alive).toBeGreaterThan(0);
    const { events, answers } = readServerLog(dataDir);
    expect(brokenPromises({ events, answers, desks: [], told: [] })).toEqual([]);
    // What a killed import had staged was taken away by the one that came to its end.
    expect(leftBehind()).toEqual([]);
  },
);

test(
  `${KILLS} SIGKILLs during a rebuild: the read model is the log's, whole, whenever it is looked at`,
  options,
  async () => {
    fillLog(400);
    const lengthMs = await lengthOf(['rebuild']);
    const { truth } = readServerLog(dataDir);
    let alive = 0;
    for (let n = 0; n < KILLS; n += 1) {
      if (await runAndKill(['rebuild'], lengthMs)) alive += 1;
      openWriter(dataDir, 'force-HC')[Symbol.dispose]();
      const db = openStore(join(dataDir, 'picture.db'), pictureMigrations);
      const rows = [...new Picture(db).all()].map(([id, it]) => [id, JSON.stringify(it)] as const);
      db.close();
      expect(new Map(rows)).toEqual(truth);
    }
    const last = await runHoldfast(['rebuild', '--json', '--data', dataDir]);
    expect(JSON.parse(last.stdout)).toMatchObject({ differed: 0, records: truth.size });
    expect(alive).toBeGreaterThan(0);
    expect(leftBehind()).toEqual([]);
  },
);

const rejoined = async ({ window }: DeskProcess) => {
  while (!window.isOpen) await window.join().catch(() => new Promise(setImmediate));
};

test(
  `${KILLS} SIGKILLs of a desk that copies the log anew: it goes on where it was, stores, and ends like the log`,
  options,
  async () => {
    await using room = await RealRoom.start();
    await using line = await BadLine.to(room.force.url);
    let desk = await room.startDesk('CH1');
    const other = await room.startDesk('CH2');
    for (let n = 0; n < 300; n += 1)
      other.window.ask(raise({ narrative: `${n} `.repeat(600).slice(0, 3_000) }));
    await drained(other.window);
    await desk.stop();
    writeFileSync(replicaFileOf(room.deskFolder('CH1')), randomBytes(40_960));

    // A thin line, so that the copy lasts; no desk's windows wait for it.
    line.break('throttled');
    desk = await room.startAgain('CH1', line.url);
    const { window } = desk;
    window.follow('seat');
    const told: string[] = [];
    for (let n = 0; n < KILLS; n += 1) {
      await rejoined(desk);
      await window.until('the copy is on its way', () => {
        const { seat } = window;
        return seat?.mode === 'alone' && seat.reason.startsWith('the log is being copied');
      });
      const id = window.ask({ type: 'open-contact', body: { channel: '101' } });
      const answer = await window.answerTo(id);
      expect(answer.state).toBe('stored-here');
      told.push(id);
      await desk.kill();
    }
    line.heal();
    await rejoined(desk);
    const last = await drained(window);
    await window.until('converged', () => (window.seat?.cursor ?? 0) >= last);
    await drained(other.window);
    await window.until('converged', () => window.seat?.cursor === window.seat?.head);
    const { answers, broken } = await room.compare(toldBy([window, other.window]));
    expect(broken).toEqual([]);
    expect(told.filter((id) => answers.get(id)?.state !== 'recorded')).toEqual([]);
  },
);

test('a server, then a desk, that stands still for ten seconds: nobody is stopped from working, nothing is lost or doubled', async () => {
  await using room = await RealRoom.start();
  const [desk, other] = [await room.startDesk('CH1'), await room.startDesk('CH2')];
  const told: string[] = [];
  const store = async ({ window }: DeskProcess) => {
    const id = window.ask(raise({ narrative: `the ${told.length}th` }));
    expect((await window.answerTo(id)).state).toBe('stored-here');
    told.push(id);
  };
  /** Holds a process for the time it takes, while `meanwhile` goes on. */
  const held10s = async (pid: number, meanwhile: () => Promise<void>) => {
    process.kill(pid, 'SIGSTOP');
    try {
      await Promise.all([wait(HELD_MS), meanwhile()]);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  };
  const back = ({ window }: DeskProcess) =>
    window.until('online', () => window.seat?.mode === 'online' && window.seat.waiting === 0);

  await store(desk);
  await held10s(room.force.server.pid, async () => {
    await store(desk);
    for (const { window } of [desk, other]) {
      const silent = 'the server is silent';
      await window.until(silent, () => window.seat?.reason === silent);
    }
    for (const it of [desk, other, desk]) await store(it);
  });
  for (const it of [desk, other]) await back(it);

  const { window } = desk;
  const late = window.ask(raise({ narrative: 'asked of a desk that stands still' }));
  await held10s(desk.pid, async () => {
    window.ask(raise({ narrative: 'asked of a desk that stands still, again' }));
    for (let n = 0; n < 5; n += 1) await store(other);
  });
  expect((await window.answerTo(late)).state).toBe('stored-here');
  const seqs = [await drained(window), await drained(other.window)];
  for (const it of [desk, other]) {
    await back(it);
    await it.window.until('converged', () => (it.window.seat?.cursor ?? 0) >= Math.max(...seqs));
  }
  const { events, answers, broken } = await room.compare(toldBy([window, other.window]));
  expect(broken).toEqual([]);
  const lost = [...told, late].filter((id) => answers.get(id)?.state !== 'recorded');
  expect(lost).toEqual([]);
  const raised = events.filter(({ header }) => header.type === 'incident.raised');
  expect(raised.length).toBe(told.length + 2);
});
