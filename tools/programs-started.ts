import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const START =
  /(?<![.#\w])(?:spawn|spawnSync|execFile|execFileSync|exec|execSync)(?:\)\(|\()\s*(?:'([^']+)'|([\w.#[\]]+))/g;
const SCRIPT = /\b\w*SCRIPT = '([^']+)'/g;
const shellWords = new Set(['exec', 'kill', 'read', 'wait']);

export interface Start {
  /** The name that PATH is searched for, or the expression that names the program. */
  readonly program: string;
  readonly isLiteral: boolean;
}

/**
 * The programs that a source file starts: what it hands to `node:child_process`, and the commands of
 * a shell script, which is a constant whose name ends in SCRIPT.
 */
export function programsStarted(source: string): readonly Start[] {
  const started = [...source.matchAll(START)].map(([, literal, expression]) => ({
    program: literal ?? expression ?? '',
    isLiteral: literal !== undefined,
  }));
  const commands = [...source.matchAll(SCRIPT)].flatMap(([, script = '']) =>
    script.split(/[;|&]+(?!-)/).flatMap((command) => command.trim().split(/\s+/)[0] || []),
  );
  const programs = commands.filter((command) => !shellWords.has(command));
  return [...started, ...programs.map((program) => ({ program, isLiteral: true }))];
}

/** Every program that the product and its tests start, and the file that starts it. */
export function programsStartedIn(folder: string): readonly (Start & { readonly file: string })[] {
  return globSync('{cli,main,preload,renderer,server,store,tests,training}/**/*.{ts,tsx}', {
    cwd: folder,
  })
    .map((file) => file.replaceAll('\\', '/'))
    .toSorted()
    .flatMap((file) =>
      programsStarted(readFileSync(join(folder, file), 'utf8')).map((it) => ({ ...it, file })),
    );
}
