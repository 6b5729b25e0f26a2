import type * as Main from 'electron/main';
import type { FromDeskBehindPorts, ToDeskBehindPorts } from '#desk/desk-behind-ports.ts';
import type { DeskNews, ShellNews } from '#desk/desk-news.ts';
import type { StartDesk } from '#desk/start-desk.ts';
import type { ElectronApi } from './electron-api.ts';
import type { NewLine } from './electron-shell.ts';

const RESTART_MIN_MS = 100;
const RESTART_MAX_MS = 5_000;
const STOP_MAX_MS = 10_000; // its files are closed well within it; a desk that hangs is ended

export interface UtilityDeskOptions {
  /** The bundle that the desk's process runs. */
  readonly script: string;
  readonly start: StartDesk;
  readonly after: (ms: number, work: () => void) => Disposable;
  readonly log: (line: string) => void;
  /** A desk is there: told at each start, and every window needs a line to it. */
  readonly ready: () => void;
  readonly lineEnded: (line: number) => void;
  readonly news: (news: DeskNews) => void;
}

/** Runs the desk in a utility process and starts it again when it dies. Its windows outlive it. */
export class UtilityDesk {
  readonly #fork: ElectronApi['utilityProcess']['fork'];
  readonly #options: UtilityDeskOptions;
  #child: Main.UtilityProcess | undefined;
  #deaths = 0;
  #isReady = false;
  #stopping: (() => void) | undefined;
  #again: Disposable | undefined;

  constructor(
    { utilityProcess }: Pick<ElectronApi, 'utilityProcess'>,
    options: UtilityDeskOptions,
  ) {
    this.#fork = (...args) => utilityProcess.fork(...args);
    this.#options = options;
    this.#spawn();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Gives the desk its end of a window's line. While no desk is there nothing is given: `ready` is told. */
  join({ role, id, line, port }: NewLine): void {
    if (!this.#isReady) return port.close();
    const window = id.slice(role.length + 1);
    this.#send({ type: 'join', role, window, line }, [port]);
  }

  /** What the shell has to say. A desk that is started is told it anew, since it says who sits there. */
  tell(news: ShellNews): void {
    this.#send(news);
  }

  /** Resolves when its files are closed. */
  async stop(): Promise<void> {
    this.#again?.[Symbol.dispose]();
    const child = this.#child;
    if (!child) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#stopping = resolve;
    this.#isReady = false; // its windows' lines end now, and are not given anew
    this.#send({ type: 'stop' });
    const limit = this.#options.after(STOP_MAX_MS, () => {
      this.#options.log('the desk did not stop by itself and is ended');
      child.kill();
    });
    await promise;
    limit[Symbol.dispose]();
  }

  #spawn(): void {
    const child = this.#fork(this.#options.script, [], { serviceName: 'holdfast-desk' });
    this.#child = child;
    child.on('message', (message: FromDeskBehindPorts) => this.#hear(message));
    child.on('exit', (code) => this.#ended(code));
    this.#send({ type: 'start', options: this.#options.start });
  }

  #hear(message: FromDeskBehindPorts): void {
    const { log, ready, lineEnded, news, start } = this.#options;
    if (message.type === 'ready') {
      this.#deaths = 0;
      this.#isReady = true;
      ready();
    } else if (message.type === 'failed') log(`desk ${start.desk}: ${message.message}`);
    else if (message.type === 'left') lineEnded(message.line);
    else news(message);
  }

  #ended(code: number): void {
    this.#child = undefined;
    this.#isReady = false;
    if (this.#stopping) return this.#stopping();
    this.#options.log(`desk ${this.#options.start.desk} ended (${code}); starting it again`);
    this.#deaths += 1;
    const waitMs = Math.min(RESTART_MAX_MS, RESTART_MIN_MS * 2 ** (this.#deaths - 1));
    this.#again = this.#options.after(waitMs, () => this.#spawn());
  }

  #send(message: ToDeskBehindPorts, ports: Main.MessagePortMain[] = []): void {
    this.#child?.postMessage(message, ports);
  }
}
