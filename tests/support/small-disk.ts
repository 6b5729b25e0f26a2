import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const mount = (...args: readonly string[]) => spawnSync('mount', args, { stdio: 'ignore' });

/** A disk of a few megabytes in memory, which can be filled and made read-only. It takes root to make one. */
export class SmallDisk implements Disposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Undefined where this account may not mount anything. */
  static make(megabytes: number): SmallDisk | undefined {
    const path = mkdtempSync(join(tmpdir(), 'holdfast-disk-'));
    const made = mount('-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path);
    if (made.status === 0) return new SmallDisk(path);
    rmdirSync(path);
    return undefined;
  }

  /** Takes all the room that is left. */
  fill(): void {
    const chunk = Buffer.alloc(4_096);
    try {
      for (;;) writeFileSync(this.#ballast, chunk, { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  makeReadOnly(): void {
    if (mount('-o', 'remount,ro', this.path).status !== 0) throw new Error('it stays writable');
  }

  [Symbol.dispose](): void {
    spawnSync('umount', [this.path], { stdio: 'ignore' });
    rmSync(this.path, { recursive: true, force: true });
  }

  get #ballast(): string {
    return join(this.path, 'ballast');
  }
}

/** Whether this account may mount one: where it may not, what needs one says that it did not run. */
export const mayMount = (() => {
  using disk = SmallDisk.make(1);
  return disk !== undefined;
})();
