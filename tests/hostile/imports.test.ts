import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { random } from '#domain/lib/random.ts';
import { HAMPSHIRE_AND_ISLE_OF_WIGHT } from '#domain/recorded-crime.ts';
import { stageCrimeFile } from '#server/import/crimes.ts';
import { importCrimeFile } from '#server/import/import-crime-file.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { hostileSeed, Unhandled, type Random } from '../support/hostile.ts';
import { verifyServer } from '../support/verify-server.ts';

const FILES = 1_000;
const IMPORTED = 60; // of them into a log; the others are staged, which is where a file is judged

const HEADER =
  'Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,' +
  'Crime type,Last outcome category,Context';
// Made up: no such crimes, at no such street.
const row = (n: number) =>
  `a${n},2017-02,Test Force,Test Force,-1.40${n % 10},50.908,On or near Test Street ${n},E01,Test 001A,Burglary,Under investigation,`;

type Damage = (lines: string[], dice: Random) => string | Buffer;
const joined = (lines: readonly string[], end = '\r\n') => `${lines.join(end)}${end}`;
/** A line with one of its fields made something else. */
const withField = (lines: string[], { below }: Random, make: (field: string) => string) => {
  const at = below(lines.length);
  const fields = (lines[at] ?? '').split(',');
  const which = below(fields.length);
  return lines.with(at, fields.with(which, make(fields[which] ?? '')).join(','));
};

const damages: Readonly<Record<string, Damage>> = {
  nothing: (lines) => joined(lines),
  'other line ends': (lines, { pick }) =>
    joined(lines, pick(['\n', '\r', '\n\r', '\r\r\n', '\u2028', '\0'])),
  'another encoding': (lines, { pick }) => {
    const text = joined(lines).replaceAll('Test', 'Caf\u00e9');
    const encoding = pick(['utf8', 'latin1', 'utf16le'] as const) ?? 'latin1';
    return Buffer.from(pick([text, `\ufeff${text}`]) ?? text, encoding);
  },
  quotes: (lines, dice) =>
    joined(
      withField(
        lines,
        dice,
        (field) =>
          dice.pick([
            `"${field}"`,
            `"${field}`,
            `${field}"`,
            `"a""b"`,
            `"${field}" x`,
            '""',
            `"${field},"`,
            '"\r\n"',
          ]) ?? '',
      ),
    ),
  'fewer or more columns': (lines, dice) =>
    joined(
      withField(
        lines,
        dice,
        (field) => dice.pick([`${field},`, ',,,,', field, ','.repeat(3_000)]) ?? '',
      ),
    ),
  'a strange field': (lines, dice) =>
    joined(
      withField(
        lines,
        dice,
        () =>
          dice.pick([
            'NaN',
            '1e3',
            '-0',
            '=cmd()',
            '../x',
            '__proto__',
            '91',
            '181.5',
            '2017-13',
            '9999-12',
            '\ufeff',
            '\u202e',
            'x'.repeat(201),
            'x'.repeat(5_000),
            '\ud83d\udea8',
            '1'.repeat(400),
          ]) ?? '',
      ),
    ),
  'control characters': (lines, dice) =>
    joined(
      withField(
        lines,
        dice,
        (field) => `${field}${dice.pick(['\0', '\u0007', '\u001b[2J', '\u007f', '\t', '\u000b'])}`,
      ),
    ),
  'bytes that are changed': (lines, { below }) => {
    const bytes = Buffer.from(joined(lines));
    for (let n = 0; n < 1 + below(4); n += 1) bytes[below(bytes.length)] = below(256);
    return bytes;
  },
  'a cut': (lines, { below }) => {
    const bytes = Buffer.from(joined(lines));
    return bytes.subarray(0, below(bytes.length));
  },
  'lines that repeat or are blank': (lines, { pick, below }) =>
    joined([
      ...lines,
      ...Array.from({ length: below(50) }, () => pick([...lines, '', ' ', ',']) ?? ''),
    ]),
  'a huge line': (lines, { below }) => joined([...lines, 'y'.repeat(4_000 + below(200_000))]),
  'another file': (_lines, { pick }) =>
    pick([
      '',
      '\ufeff',
      'PK\u0003\u0004',
      '{"rows":[]}',
      '<html>',
      '\0'.repeat(5_000),
      '\n'.repeat(5_000),
      ','.repeat(5_000),
      '"'.repeat(4_001),
      HEADER,
    ]) ?? '',
};

test(
  `${FILES} damaged files: each is refused with its line and column, or its rows add up, and nothing is left behind`,
  { timeout: 300_000 },
  async () => {
    const seed = hostileSeed('hostile imports');
    const dice = random(seed);
    using unhandled = new Unhandled();
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-hostile-'));
    const [dataDir, staging] = [join(folder, 'server'), join(folder, 'staging')];
    for (const made of [dataDir, staging]) mkdirSync(made);
    using _ = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
    openStore(join(dataDir, 'log.db'), logMigrations).close();
    const area = HAMPSHIRE_AND_ISLE_OF_WIGHT;
    const tally = { refused: 0, staged: 0, imported: 0 };
    const reasons = new Set<string>();
    const wrong: unknown[] = [];
    for (let n = 0; n < FILES; n += 1) {
      const what = dice.pick(Object.keys(damages)) ?? 'nothing';
      const lines = [
        HEADER,
        ...Array.from({ length: 1 + dice.below(8) }, (_none, at) => row(n * 10 + at)),
      ];
      const file = join(folder, 'file.csv');
      writeFileSync(file, damages[what]?.(lines, dice) ?? '');
      const seen = { n, what };
      if (n % Math.floor(FILES / IMPORTED) === 0) {
        const result = await importCrimeFile(file, { dataDir, logId: 'force-HC', area });
        if (result.outcome === 'imported') tally.imported += 1;
        else if (result.outcome === 'refused') reasons.add(result.fault.reason);
        continue;
      }
      const result = await stageCrimeFile(file, { folder: staging, area });
      if (result.outcome === 'refused') {
        tally.refused += 1;
        reasons.add(result.fault.reason);
        const { line, column, message } = result.fault;
        if (line < 1 || column < 1 || message === '') wrong.push({ ...seen, fault: result.fault });
        continue;
      }
      tally.staged += 1;
      const { rowsRead, keptCount, duplicates, skipped } = result;
      const kept = [...result.kept()].length;
      result[Symbol.dispose]();
      const left = Object.values(skipped).reduce((sum, count) => sum + count, 0);
      if (kept !== keptCount || rowsRead !== kept + duplicates + left) wrong.push(seen);
    }
    expect({ seed, wrong: wrong.slice(0, 3), unhandled: unhandled.told }).toEqual({
      seed,
      wrong: [],
      unhandled: [],
    });
    expect(readdirSync(staging)).toEqual([]);
    // One event and one audit row for each file that was taken, and none for the others.
    const { faults, events, audit } = verifyServer(dataDir);
    expect({ seed, faults, events }).toEqual({ seed, faults: [], events: tally.imported });
    expect(audit.filter(({ outcome }) => outcome.startsWith('recorded'))).toHaveLength(events);
    // Every kind of fault there is but the two that need a file of hundreds of megabytes.
    expect([...reasons].toSorted()).toEqual([
      'column-count',
      'control-character',
      'empty',
      'line-too-long',
      'not-utf-8',
      'stray-quote',
      'unclosed-quote',
      'wrong-header',
    ]);
    expect(Math.min(tally.staged, tally.refused, tally.imported * 20)).toBeGreaterThan(FILES / 10);
  },
);
