import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { random } from '#domain/lib/random.ts';
import type { Outbox } from '#desk/outbox.ts';
import {
  contentOf,
  flipBit,
  makeReference,
  OutboxFolder,
  placesOf,
  recordedAt,
  unsent,
  work,
} from '../support/outbox-folder.ts';
import { commandId } from '../support/room.ts';

/* `HOLDFAST_SEED` runs the same faults again. */
const seed = Number(process.env['HOLDFAST_SEED'] ?? Date.now() % 100_000);
process.stdout.write(`broken outbox files: seed ${seed} (HOLDFAST_SEED=${seed} runs it again)\n`);

const COMMANDS = 60;
const FLIPS = 200;
const CUTS = 100;
const KILLS = 12;
const WORKER = join(import.meta.dirname, '../support/outbox-worker.ts');

/** What a desk that was killed at work has left: part of it in the WAL, part in the file, all in the copy. */
function worked(): {
  readonly folder: OutboxFolder;
  readonly content: ReadonlyMap<string, string>;
  readonly outboxId: string;
} {
  using folder = new OutboxFolder();
  const { file, outbox } = folder.open();
  work(outbox, COMMANDS / 2);
  file.db.pragma('wal_checkpoint(TRUNCATE)');
  for (let n = COMMANDS / 2 + 1; n <= COMMANDS; n += 1) outbox.put(unsent(n), [], makeReference);
  const content = contentOf(file);
  return { folder: folder.killed(), content, outboxId: outbox.outboxId };
}

const parts = ['outbox.db', 'outbox.db-wal', 'outbox-copy/outbox.copy'] as const;

/** Bytes that hold something: most of a copy is zeros that are reserved. */
const used = (file: string) => readFileSync(file).findLastIndex((byte) => byte !== 0) + 1;

const damages: readonly (readonly [
  string,
  number,
  (file: string, below: (limit: number) => number) => void,
])[] = [
  ['bit flips', FLIPS, (file, below) => flipBit(file, below(used(file) * 8))],
  ['truncations', CUTS, (file, below) => truncateSync(file, below(used(file)))],
];

test.each(damages)(
  '%s over the outbox, its WAL and its second copy: all of it comes back, and the next command has a place of its own',
  (_what, count, damage) => {
    const { folder: whole, content, outboxId } = worked();
    using _ = whole;
    const { below, pick } = random(seed);
    const wrong: string[] = [];
    let said = 0;
    for (let n = 0; n < count; n += 1) {
      using folder = whole.killed();
      const part = pick(parts) ?? parts[0];
      damage(join(folder.path, part), below);
      const { file, outbox } = folder.open();
      const check = (isSo: boolean, what: string) => {
        if (!isSo) wrong.push(`${what}: ${part}, number ${n} of seed ${seed}, ${file.trouble}`);
      };
      if (file.trouble !== undefined) said += 1;
      check(isDeepStrictEqual(contentOf(file), content), 'the content differs');
      // Nothing that was lost may have been sent from a place that is given again.
      check((file.trouble === undefined) === (outbox.outboxId === outboxId), 'its name is wrong');
      const places = placesOf(outbox).map(({ deskSeq }) => deskSeq);
      check(
        isDeepStrictEqual(
          places,
          places.toSorted((a, b) => a - b),
        ),
        'out of order',
      );
      check(outbox.put(unsent(500), []).outcome === 'stored', 'nothing more is stored');
      if (n % 10 > 0) continue;
      // Of what was damaged there is a sound copy again.
      folder.close();
      const again = folder.open();
      check(again.file.trouble === undefined, 'it is not mended');
      check(again.outbox.known(commandId(500)) !== undefined, 'the next one is lost');
    }
    expect(wrong).toEqual([]);
    // Only what holds nothing any more can be damaged without being noticed.
    expect(said).toBeGreaterThan(count * 0.6);
  },
);

/** What a command is, whatever has been answered: an answer that is missing is asked for again by its id. */
const asSaid = (row: string) => {
  const said = JSON.parse(row) as Record<string, unknown>; // `contentOf` made it
  return JSON.stringify({ ...said, answer: 0, answered_at: 0, root: 0, settled_at: 0 });
};
const answerIn = (row: string) => (JSON.parse(row) as { readonly answer: string | null }).answer;

test('damage to both at once: what comes back is as it was written, and what does not is said', () => {
  const { folder: whole, content, outboxId } = worked();
  using _ = whole;
  const { below, chance } = random(seed);
  const wrong: string[] = [];
  let [partly, wholly] = [0, 0];
  for (let n = 0; n < 60; n += 1) {
    using folder = whole.killed();
    for (const part of ['outbox.db', 'outbox-copy/outbox.copy'] as const) {
      const name = join(folder.path, part);
      if (chance(0.4)) truncateSync(name, below(used(name)));
      else
        for (let flips = 1 + below(4); flips > 0; flips -= 1) flipBit(name, below(used(name) * 8));
    }
    const { file, outbox } = folder.open();
    const check = (isSo: boolean, what: string) => {
      if (!isSo) wrong.push(`${what}: number ${n} of seed ${seed}, ${file.trouble}`);
    };
    const back = contentOf(file);
    const isAllBack = [...content.keys()].every((name) => back.has(name));
    if (isAllBack) wholly += 1;
    else partly += 1;
    check(isAllBack || /others may be lost/.test(file.trouble ?? ''), 'lost without a word');
    check(file.trouble !== undefined || outbox.outboxId === outboxId, 'renamed without a word');
    for (const [name, row] of back) {
      if (!name.startsWith('command ')) continue;
      const was = content.get(name);
      check(was !== undefined && asSaid(row) === asSaid(was), `${name} is not what was said`);
      const answer = answerIn(row);
      check(answer === null || answer === answerIn(was ?? row), `${name} has another answer`);
    }
    const places = placesOf(outbox).map(({ deskSeq }) => deskSeq);
    check(new Set(places).size === places.length, 'a place is given twice');
  }
  expect(wrong).toEqual([]);
  expect([partly > 0, wholly > 0]).toEqual([true, true]);
});

test('a process that ends between the two writes, or within the second, loses nothing and doubles nothing', () => {
  const { below, chance, pick } = random(seed);
  const wrong: string[] = [];
  const isOf = new Map<string, string>();
  const told = new Set<string>();
  let folder = new OutboxFolder();
  let { file, outbox } = folder.open();
  outbox.addBlock(1, 9_999);
  const check = (isSo: boolean, what: string) => {
    if (!isSo) wrong.push(`${what}, seed ${seed}`);
  };
  /** Whatever is sent from a place is of one command, for ever. */
  const send = (it: Outbox) => {
    for (const { id, outboxId, deskSeq } of placesOf(it)) {
      const place = `${outboxId} ${deskSeq}`;
      check((isOf.get(place) ?? id) === id, `${place} is of ${id} and of ${isOf.get(place)}`);
      isOf.set(place, id);
    }
  };
  let ends = 0;
  for (let n = 1; n <= 400; n += 1) {
    const copy = readFileSync(folder.copy);
    const id = commandId(n);
    outbox.put(unsent(n), [], chance(0.5) ? makeReference : undefined);
    if (chance(0.85)) {
      told.add(id);
      send(outbox);
      const waiting = pick(outbox.unanswered());
      if (waiting && chance(0.7)) outbox.settle(waiting.command.id, recordedAt(n));
      continue;
    }
    // The change is in the file. In the copy there is nothing of it, or a part of its frame, or all.
    ends += 1;
    const other = folder.killed();
    const after = readFileSync(other.copy);
    const from = copy.findLastIndex((byte) => byte !== 0) + 1;
    const to = after.findLastIndex((byte) => byte !== 0) + 1;
    const torn = Buffer.from(after).fill(0, from + below(to - from + 1));
    writeFileSync(other.copy, pick([copy, torn, after]) ?? copy);
    if (chance(0.3)) rmSync(other.db); // and its disk does not come back
    folder[Symbol.dispose]();
    folder = other;
    ({ file, outbox } = folder.open());
    const column = (sql: string) => file.db.prepare<[], string>(sql).pluck().all();
    const rows = column('SELECT command_id FROM outbox');
    check(new Set(rows).size === rows.length, 'a command is there twice');
    for (const it of told) check(rows.includes(it), `${it} was stored here and is lost`);
    if (rows.includes(id)) told.add(id); // it waits, and whoever asks again gets that answer
    send(outbox);
    const numbers = column(
      `SELECT json_extract(stamped, '$.reference') AS number FROM outbox WHERE number IS NOT NULL`,
    );
    check(new Set(numbers).size === numbers.length, 'a number is given twice');
  }
  folder[Symbol.dispose]();
  expect(wrong).toEqual([]);
  expect(ends).toBeGreaterThan(30);
});

test('a rebuild whose process ends on the way is finished by the next start', () => {
  const { folder: whole, content } = worked();
  using _ = whole;
  for (const moment of ['half made', 'made', 'the old one is aside'] as const) {
    using folder = whole.killed();
    using made = folder.killed();
    rmSync(made.db);
    made.open();
    made.close(); // as the rebuild makes it
    truncateSync(folder.db, 9_000);
    rmSync(`${folder.db}-wal`);
    const bytes = readFileSync(made.db);
    if (moment === 'half made') writeFileSync(`${folder.db}.new`, bytes.subarray(0, 9_000));
    else writeFileSync(`${folder.db}.ready`, bytes);
    if (moment === 'the old one is aside')
      for (const side of ['', '-wal', '-shm'])
        if (existsSync(folder.db + side))
          renameSync(folder.db + side, `${folder.db}.corrupt-x${side}`);
    const { file } = folder.open();
    expect([moment, isDeepStrictEqual(contentOf(file), content)]).toEqual([moment, true]);
    expect(`${moment}: ${file.trouble}`).toContain('made again');
    expect(['.new', '.ready'].map((it) => existsSync(folder.db + it))).toEqual([false, false]);
  }
});

test(`${KILLS} SIGKILLs of a process that stores: all that it told is in the file and in the copy, once`, async () => {
  using folder = new OutboxFolder();
  folder.open();
  folder.close();
  const { below } = random(seed);
  const told = new Map<string, string>();
  let first = 1;
  for (let n = 0; n < KILLS; n += 1) {
    const child = spawn(
      process.execPath,
      [WORKER, folder.path, folder.key.toString('hex'), String(first)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let text = '';
    const enough = Promise.withResolvers<undefined>();
    const wanted = 1 + below(40);
    child.stdout.setEncoding('utf8').on('data', (it: string) => {
      text += it;
      if (text.split('\n').length > wanted) enough.resolve(undefined);
    });
    await enough.promise; // wherever it is in its work by now
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
    for (const line of text.split('\n').slice(0, -1)) {
      const { id, outboxId, deskSeq } = JSON.parse(line) as ReturnType<typeof placesOf>[number];
      const place = `${outboxId} ${deskSeq}`;
      expect(told.get(place) ?? id).toBe(id);
      told.set(place, id);
      first = Math.max(first, Number(id.slice(-12)) + 2); // one more may be stored that it could not tell of
    }
    const ids = () => {
      const { outbox, file } = folder.open();
      const found = outbox.unanswered().map(({ command }) => command.id as string);
      const { trouble } = file;
      folder.close();
      return { found, trouble };
    };
    const { found, trouble } = ids();
    expect([n, seed, trouble]).toEqual([n, seed, undefined]);
    expect(new Set(found).size).toBe(found.length);
    expect([...told.values()].filter((id) => !found.includes(id))).toEqual([]);
    if (n % 3 < 2) continue;
    rmSync(folder.db);
    expect([...told.values()].filter((id) => !ids().found.includes(id))).toEqual([]);
  }
  expect(told.size).toBeGreaterThan(KILLS);
});
