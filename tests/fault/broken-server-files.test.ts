import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { random } from '#domain/lib/random.ts';
import { openWriter } from '#server/log/open-writer.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { forgetPlace } from '../support/copied-folder.ts';
import { flipBit } from '../support/outbox-folder.ts';
import { LOG_ID, lookedAt, raised, saidIn } from '../support/server-files.ts';

/* `HOLDFAST_SEED` runs the same faults again. */
const seed = Number(process.env['HOLDFAST_SEED'] ?? Date.now() % 100_000);
process.stdout.write(`broken server files: seed ${seed} (HOLDFAST_SEED=${seed} runs it again)\n`);

const FLIPS = 200;
const CUTS = 100;
const TRIES_AT_ONCE = 4;

/** A server's folder as SIGKILL leaves it: one half in the file, the other in its WAL. */
function killedFolder(folder: string): string {
  const [live, killed] = ['live', 'killed'].map((name) => join(folder, name)) as [string, string]; // two of two
  mkdirSync(live);
  const { writer, ...opened } = openWriter(live, LOG_ID);
  forgetPlace(live);
  writer.recordGroup([1, 2, 3, 4, 5, 6].map(raised));
  writer.foldPicture();
  const log = openStore(join(live, 'log.db'), logMigrations);
  log.pragma('wal_checkpoint(PASSIVE)');
  log.close();
  for (const n of [7, 8, 9, 10]) writer.recordGroup([raised(n)]);
  writer.foldPicture();
  cpSync(live, killed, { recursive: true });
  opened[Symbol.dispose]();
  return killed;
}

const parts = ['log.db', 'log.db-wal', 'picture.db', 'picture.db-wal'];
const length = (file: string) => readFileSync(file).length;

test.each<[string, number, (file: string, below: (limit: number) => number) => void]>([
  ['bit flips', FLIPS, (file, below) => flipBit(file, below(length(file) * 8))],
  ['truncations', CUTS, (file, below) => truncateSync(file, below(length(file)))],
])(
  '%s over the files of a killed server: it says what it was told, or it does not start and says why',
  { timeout: 300_000 },
  async (_what, count, damage) => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-server-files-'));
    const whole = killedFolder(folder);
    const known = join(folder, 'known');
    cpSync(whole, known, { recursive: true });
    const before = saidIn(known);
    const { below, pick } = random(seed);
    const seen: { readonly where: string; readonly outcome: string; readonly isSaid: boolean }[] =
      [];
    const one = async (n: number, part: string) => {
      const dataDir = join(folder, `n${n}`);
      cpSync(whole, dataDir, { recursive: true });
      damage(join(dataDir, part), below);
      const outcome = await lookedAt(dataDir).catch(String);
      const isSaid = outcome === 'sound' && isDeepStrictEqual(saidIn(dataDir), before);
      seen.push({ where: `${part}, number ${n} of seed ${seed}`, outcome, isSaid });
      rmSync(dataDir, { recursive: true });
    };
    for (let n = 0; n < count; n += TRIES_AT_ONCE)
      await Promise.all(
        Array.from({ length: TRIES_AT_ONCE }, (_none, at) => one(n + at, pick(parts) ?? 'log.db')),
      );
    rmSync(folder, { recursive: true });
    // What says which file the log is may be hit too: then it is taken for a copy.
    const told =
      /^(found|\w*Error: (log\.db in \S+ is damaged \(.*\)|\S+ is a copy of a server's folder.*)\. Nothing was changed.*)$/;
    expect(seen.filter(({ outcome, isSaid }) => !isSaid && !told.test(outcome))).toEqual([]);
    // It would be blind if all were taken for sound, or nothing.
    expect(new Set(seen.map(({ isSaid }) => isSaid)).size).toBe(2);
  },
);
