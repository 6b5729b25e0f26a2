import { mkdir, open, rename, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

export interface RotatingFileOptions {
  readonly folder: string;
  readonly name: string;
  /** From this size on a new file is begun. */
  readonly fileMaxBytes: number;
  /** How many are kept, with the one that is written. */
  readonly filesMax: number;
  /** Told once when it cannot be written, and once when it can be again. */
  readonly told: (line: string) => void;
  readonly now: () => number;
}

const QUEUE_MAX_BYTES = 4 * 1024 ** 2; // some 20,000 lines: a disk that is busy for seconds loses none
const TRY_AGAIN_MS = 10_000; // a full disk is not asked at each line

/**
 * Lines into a file that is put aside when it is large: `server.log`, `server.log.1` … the oldest last. It
 * takes lines at once and writes them in its own time; what it cannot write it counts and leaves out, since
 * nothing else may wait for it or fall with it.
 */
export class RotatingFile {
  readonly #options: RotatingFileOptions;
  #handle: FileHandle | undefined;
  #size = 0;
  #queue: string[] = [];
  #queuedBytes = 0;
  #writing: Promise<void> | undefined;
  #leftOut = 0;
  #failedAt: number | undefined;

  constructor(options: RotatingFileOptions) {
    this.#options = options;
  }

  write(line: string): void {
    const text = line.endsWith('\n') ? line : `${line}\n`;
    const bytes = Buffer.byteLength(text);
    if (this.#isResting() || this.#queuedBytes + bytes > QUEUE_MAX_BYTES) {
      this.#leftOut += 1;
      return;
    }
    this.#queue.push(text);
    this.#queuedBytes += bytes;
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves once all that was taken is written, or left out. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#handle?.close().catch(() => {}); // nothing more is written to it
    this.#handle = undefined;
  }

  #isResting(): boolean {
    if (this.#failedAt === undefined) return false;
    const restedMs = this.#options.now() - this.#failedAt;
    return restedMs >= 0 && restedMs < TRY_AGAIN_MS;
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const lines = this.#queue;
      this.#queue = [];
      this.#queuedBytes = 0;
      try {
        await this.#put(lines.join(''));
      } catch (error) {
        await this.#failed(lines.length, error);
      }
    }
  }

  async #put(text: string): Promise<void> {
    this.#handle ??= await this.#open();
    if (this.#size >= this.#options.fileMaxBytes) {
      await this.#turn();
      this.#handle = await this.#open();
    }
    if (this.#leftOut > 0) await this.#sayLeftOut();
    await this.#append(text);
  }

  async #sayLeftOut(): Promise<void> {
    const { told, now } = this.#options;
    const msg = `${this.#leftOut} lines were left out of the technical log: its disk did not take them in time`;
    await this.#append(`${JSON.stringify({ level: 40, time: now(), msg })}\n`);
    this.#leftOut = 0;
    if (this.#failedAt === undefined) return;
    this.#failedAt = undefined;
    told(`over: the technical log is written again; ${msg}`);
  }

  async #append(text: string): Promise<void> {
    const bytes = Buffer.from(text, 'utf8');
    await this.#handle?.appendFile(bytes);
    this.#size += bytes.length;
  }

  async #open(): Promise<FileHandle> {
    const { folder, name } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const handle = await open(join(folder, name), 'a', 0o600);
    this.#size = (await handle.stat()).size;
    return handle;
  }

  /** The one that is written becomes the first of those before it; the oldest is written over. */
  async #turn(): Promise<void> {
    const { folder, name, filesMax } = this.#options;
    const at = (n: number) => join(folder, n === 0 ? name : `${name}.${n}`);
    await this.#handle?.close();
    this.#handle = undefined;
    for (let n = filesMax - 2; n >= 0; n -= 1)
      await rename(at(n), at(n + 1)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error; // there are not so many yet
      });
  }

  async #failed(lines: number, error: unknown): Promise<void> {
    this.#leftOut += lines;
    // What was open may be gone with its disk: the next try opens it again.
    await this.#handle?.close().catch(() => {});
    this.#handle = undefined;
    if (this.#failedAt === undefined)
      this.#options.told(
        `warning: the technical log in ${this.#options.folder} cannot be written and goes on without its ` +
          `lines: ${error instanceof Error ? error.message : String(error)}`,
      );
    this.#failedAt = this.#options.now();
  }
}
