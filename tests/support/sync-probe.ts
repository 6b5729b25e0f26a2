import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const SOURCE = join(import.meta.dirname, 'sync-probe.c');
const NORMAL = join(import.meta.dirname, 'synchronous-normal.ts');

/** The C compiler of this machine, where it has one. */
export const compiler = ['cc', 'gcc', 'clang'].find(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
);

/** The library that tells when a program makes a file durable, compiled for this run. */
export class SyncProbe implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'holdfast-probe-'));

  constructor() {
    if (compiler === undefined) throw new Error('there is no C compiler');
    const args = ['-shared', '-fPIC', '-O1', '-Wall', '-Werror', '-o', this.#library, SOURCE];
    execFileSync(compiler, [...args, '-ldl']);
  }

  /** What a program has to find in its environment so that its syncs of `file` are told. */
  environment(file: string, { isNormal }: { readonly isNormal: boolean }): NodeJS.ProcessEnv {
    return {
      LD_PRELOAD: this.#library,
      HOLDFAST_PROBE_FILE: file,
      HOLDFAST_PROBE_HOLD: this.#hold,
      ...(isNormal && { NODE_OPTIONS: `--import ${pathToFileURL(NORMAL).href}` }),
    };
  }

  /** From now on the disk takes nothing of the file, until `letGo`. */
  hold(): void {
    writeFileSync(this.#hold, '');
  }

  letGo(): void {
    rmSync(this.#hold, { force: true });
  }

  [Symbol.dispose](): void {
    this.letGo();
    rmSync(this.#folder, { recursive: true });
  }

  get #library(): string {
    return join(this.#folder, 'sync-probe.so');
  }

  get #hold(): string {
    return join(this.#folder, 'hold');
  }
}
