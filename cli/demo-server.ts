import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { withoutSettings } from './config/settings.ts';

const CLI = join(import.meta.dirname, 'holdfast.ts');

export interface DemoServerOptions {
  readonly folder: string;
  readonly port: number;
  readonly force: string;
  readonly forceName: string;
  readonly log: (line: string) => void;
}

/**
 * The demo's server, in a process of its own. When it dies it is not started again by itself: that is what the
 * demo is there to show. `holdfast serve` on the same folder and port brings it back, and so does a story.
 */
export class DemoServer {
  readonly #options: DemoServerOptions;
  #child: ChildProcess | undefined;
  #url = '';
  #liveLog: string | undefined;

  private constructor(options: DemoServerOptions) {
    this.#options = options;
  }

  static async start(options: DemoServerOptions): Promise<DemoServer> {
    const server = new DemoServer(options);
    await server.startAgain();
    return server;
  }

  get url(): string {
    return this.#url;
  }

  /** Where an investigator follows an incident in a browser; nowhere while the windows are not built. */
  get liveLog(): string | undefined {
    return this.#liveLog;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Over the same folder, and from the second time on at the same port. */
  async startAgain(): Promise<void> {
    const { folder, force, forceName, log } = this.#options;
    const port = this.#url === '' ? String(this.#options.port) : new URL(this.#url).port;
    const args = ['serve', '--json', '--data', folder, '--force', force, '--force-name', forceName];
    const child = spawn(process.execPath, [...process.execArgv, CLI, ...args, '--port', port], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: withoutSettings(process.env), // what the demo goes by is all on its command line
    });
    this.#child = child;
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the demo's server did not start (${String(code)})`);
    });
    const line = once(createInterface({ input: child.stdout }), 'line');
    const [text] = (await Promise.race([line, ended])) as [string];
    ended.catch(() => {}); // from here on it is told below
    const told = z
      .object({ server: z.string(), liveLog: z.string().optional() })
      .parse(JSON.parse(text));
    this.#url = told.server;
    this.#liveLog = told.liveLog;
    child.once('exit', (code, signal) => {
      const again = `holdfast ${args.filter((arg) => arg !== '--json').join(' ')} --port ${new URL(this.#url).port}`;
      log(`demo: the server has ended (${signal ?? code}). To start it again: ${again}`);
    });
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}
