import { mkdirSync } from 'node:fs';
import { SEATTLE } from '#domain/dispatched-call.ts';
import { HAMPSHIRE_AND_ISLE_OF_WIGHT } from '#domain/recorded-crime.ts';
import { importCrimeFile, type Imported } from '../server/import/import-crime-file.ts';
import { importDispatchFile, type CallsImported } from '../server/import/import-dispatch-file.ts';
import type { ImportRefused, RowCounts } from '../server/import/import-file.ts';
import type { Out } from './safe-keeping.ts';

const SHOWN_EVERY = 5_000; // rows between two lines of progress

export interface RunImport {
  /** What the files are, as it was typed, and the files. */
  readonly words: readonly string[];
  readonly dataDir: string;
  readonly force: string;
  readonly say: Out;
  readonly log: (line: string) => void;
  readonly usage: (message: string) => Error;
}

/** `holdfast import`. Answers the exit code: 3 where a file was refused whole. */
export async function runImport(options: RunImport): Promise<number> {
  const { words, dataDir, force, say, log, usage } = options;
  const [what, ...files] = words;
  if ((what !== 'crimes' && what !== 'cad') || files.length === 0)
    throw usage('import crimes FILE… --data DIR, or import cad FILE… --data DIR');
  mkdirSync(dataDir, { recursive: true });
  let code = 0;
  for (const file of files) {
    const onProgress = progressOf(file, log);
    const result =
      what === 'crimes'
        ? await importCrimeFile(file, {
            dataDir,
            logId: `force-${force}`,
            area: HAMPSHIRE_AND_ISLE_OF_WIGHT,
            onProgress,
          })
        : await importDispatchFile(file, { dataDir, onProgress });
    if (result.outcome === 'refused') code = 3;
    say(`${file}${wordsOf(result)}`, { file, ...result });
  }
  if (what === 'cad') log(`${dataDir}: ${SEATTLE.label}; their time is ${SEATTLE.timeZone}`);
  return code;
}

function progressOf(file: string, log: (line: string) => void) {
  let shownAt = 0;
  return ({ rows }: { readonly rows: number }) => {
    if (rows - shownAt < SHOWN_EVERY) return;
    shownAt = rows;
    log(`${file}: ${rows} rows read`);
  };
}

/** What came of one file, in words that follow on its name. */
function wordsOf(result: Imported | CallsImported): string {
  if (result.outcome === 'refused') return refusedWords(result);
  const { added, alreadyHeld } = result;
  const more =
    'alike' in result
      ? `${result.alike} read like one of another file`
      : `${result.otherwise} of them read otherwise there and were left so`;
  return countWords(result, `${added} added, ${alreadyHeld} held before, ${more}`);
}

function refusedWords({ fault: { line, column, message } }: ImportRefused): string {
  return `:${line}:${column}: refused, nothing was imported: ${message}`;
}

function countWords({ rowsRead, kept, duplicates, skipped }: RowCounts, ofThem: string): string {
  const reasons = Object.entries(skipped).map(([reason, n]) => `${n} ${reason}`);
  return (
    `: ${rowsRead} rows read, ${kept} kept (${ofThem}), ${duplicates} twice in the file, ` +
    `skipped: ${reasons.join(', ') || 'none'}`
  );
}
