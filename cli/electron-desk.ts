import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { writeDeskSettings, type DeskSettings } from '#desk/desk-settings.ts';

/** The built program of the Electron shell. */
export const MAIN = join(import.meta.dirname, '../dist/electron/main.js');
const STARTS_WITHIN_MS = 60_000; // a slow machine with other desks starting beside this one

export interface StartElectronDesk {
  /** The Electron binary. */
  readonly electron: string;
  /** What it runs: `MAIN`, or what a test has in its place. */
  readonly main: string;
  /** The desk's folder: its settings, its sealed identity, its files. */
  readonly folder: string;
  readonly settings: DeskSettings;
  readonly enrol?: string | undefined;
  readonly log: (line: string) => void;
}

/**
 * What Electron is started with. The only place that may switch its sandbox off, which it needs as root
 * and which nobody else gets.
 */
export function electronArguments(
  { main, folder, enrol }: Pick<StartElectronDesk, 'main' | 'folder' | 'enrol'>,
  userId: number | undefined,
  log: (line: string) => void,
): readonly string[] {
  const isRoot = userId === 0;
  if (isRoot)
    log(
      'electron: started with --no-sandbox, because this is root; never do so on an operator’s desk',
    );
  return [
    ...(isRoot ? ['--no-sandbox'] : []),
    main,
    `--folder=${folder}`,
    ...(enrol !== undefined ? [`--enrol=${enrol}`] : []),
  ];
}

/** A desk that runs in Electron, with its windows: one process of ours, and those that it starts. */
export class ElectronDesk {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess, exited: Promise<unknown>) {
    this.#child = child;
    this.#exited = exited;
  }

  /** Resolves when its windows are open; it throws where Electron ends before. */
  static async start(options: StartElectronDesk): Promise<ElectronDesk> {
    const { electron, main, folder, settings, log } = options;
    if (!existsSync(main))
      throw new Error(`${main} is not built: node tools/with-node.mjs tools/build.mjs --electron`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeDeskSettings(folder, settings);
    const child = spawn(electron, electronArguments(options, process.geteuid?.(), log), {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    const line = once(createInterface({ input: child.stdout }), 'line', {
      signal: AbortSignal.timeout(STARTS_WITHIN_MS),
    });
    const ended = exited.then(([code, signal]: unknown[]) => {
      throw new Error(`desk ${settings.desk}: Electron ended (${String(signal ?? code)})`);
    });
    try {
      await Promise.race([line, ended]);
    } catch (cause) {
      child.kill('SIGKILL');
      throw new Error(`desk ${settings.desk} did not start in ${electron}`, { cause });
    } finally {
      line.catch(() => {}); // told by the one that was first
      ended.catch(() => {});
    }
    return new ElectronDesk(child, exited);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Ends by itself when a person closes its last window. */
  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null)
      this.#child.kill('SIGTERM');
    await this.#exited;
  }
}
