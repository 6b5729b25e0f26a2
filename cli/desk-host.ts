import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { UserId } from '#domain/ids.ts';
import type { DeskNews, ShellNews } from '#desk/desk-news.ts';
import type { FromDesk, ToDesk } from '#desk/desk-process.ts';
import type { Admission, WindowRole } from '#desk/shell.ts';
import type { StartDesk } from '#desk/start-desk.ts';

const DESK_PROCESS = join(import.meta.dirname, '../main/desk/desk-process.ts');
const RESTART_MIN_MS = 100;
const RESTART_MAX_MS = 5_000;

/**
 * Runs a desk in a process of its own and starts it again when it dies, on the same port, so that the
 * windows find it. What it asks of the desk is answered by whichever process is there.
 */
export class DeskHost {
  readonly #options: StartDesk;
  /** What has been asked and not answered; a desk that takes the place of another one is asked again. */
  readonly #waiting = new Map<
    number,
    { readonly message: ToDesk; readonly answered: (message: FromDesk) => void }
  >();
  readonly #log: (line: string) => void;
  #child: ChildProcess | undefined;
  #ready = Promise.withResolvers<void>();
  #isReady = false;
  /** Whether `#ready` has come to its end: of the next process another one tells. */
  #hasTold = false;
  #port: number;
  /** A desk that takes the place of another one shows it too. */
  #caption: string | undefined;
  #lastId = 0;
  #isStopping = false;
  #deaths = 0;
  #sitting: UserId | undefined;
  #heard: (news: DeskNews) => void = () => {};

  private constructor(options: StartDesk, log: (line: string) => void) {
    this.#options = options;
    this.#port = options.port;
    this.#log = log;
  }

  static async start(options: StartDesk, log: (line: string) => void): Promise<DeskHost> {
    const host = new DeskHost(options, log);
    host.#spawn();
    await host.#ready.promise;
    return host;
  }

  /** Its name. */
  get desk(): string {
    return this.#options.desk;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** What the desk tells its shell; who sits there already is told at once. There is one listener. */
  onNews(listener: (news: DeskNews) => void): void {
    this.#heard = listener;
    listener({ type: 'sat', user: this.#sitting });
  }

  /** What a shell has to say, to the desk that is there; one that is started asks for it by `sat`. */
  tell(news: ShellNews): void {
    if (this.#isReady) this.#child?.send(news);
  }

  async admit(role: WindowRole, window: string): Promise<Admission> {
    const message = await this.#ask((id) => ({ type: 'admit', id, role, window }));
    if (message.type !== 'admitted') throw new Error('the desk admitted nobody');
    return message.admission;
  }

  async address(role: WindowRole): Promise<string> {
    const message = await this.#ask((id) => ({ type: 'address', id, role }));
    if (message.type !== 'addressed') throw new Error('the desk gave no address');
    return message.address;
  }

  /** What a demo says at the top of this desk's windows. */
  caption(words: string): void {
    this.#caption = words;
    if (this.#isReady) this.#child?.send({ type: 'caption', words } satisfies ToDesk);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  }

  async #ask(message: (id: number) => ToDesk): Promise<FromDesk> {
    await this.#ready.promise;
    this.#lastId += 1;
    const id = this.#lastId;
    const asked = message(id);
    const answer = new Promise<FromDesk>((answered) =>
      this.#waiting.set(id, { message: asked, answered }),
    );
    if (this.#isReady) this.#child?.send(asked);
    return answer;
  }

  #spawn(): void {
    const child = fork(DESK_PROCESS, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#child = child;
    child.on('message', (message: FromDesk) => {
      if (message.type === 'ready') {
        this.#port = message.port;
        this.#deaths = 0;
        this.#isReady = this.#hasTold = true;
        this.#ready.resolve();
        if (this.#caption !== undefined) this.caption(this.#caption);
        for (const { message: asked } of this.#waiting.values()) child.send(asked);
        this.#heard({ type: 'sat', user: this.#sitting }); // it can be told things from here on
      } else if (message.type === 'failed') {
        this.#log(`desk ${this.#options.desk}: ${message.message}`);
        this.#hasTold = true;
        this.#ready.reject(new Error(message.message));
      } else if ('id' in message) {
        this.#waiting.get(message.id)?.answered(message);
        this.#waiting.delete(message.id);
      } else {
        if (message.type === 'sat') this.#sitting = message.user;
        if (this.#isReady) this.#heard(message);
      }
    });
    // Whether it ended or could not be started, `exit` or `error` comes, and the next one is tried.
    child.once('error', (error) => this.#log(`desk ${this.#options.desk}: ${error.message}`));
    child.once('exit', (code, signal) => this.#died(code, signal));
    const start: ToDesk = { type: 'start', options: { ...this.#options, port: this.#port } };
    child.send(start);
  }

  #died(code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#isStopping) return;
    this.#log(`desk ${this.#options.desk} ended (${signal ?? code}); starting it again`);
    this.#isReady = false;
    // Who waits for one that died before it told anything waits for the next one.
    if (this.#hasTold) {
      this.#hasTold = false;
      this.#ready = Promise.withResolvers();
      this.#ready.promise.catch(() => {}); // whoever waits for it hears it; nobody may be waiting
    }
    this.#deaths += 1;
    const waitMs = Math.min(RESTART_MAX_MS, RESTART_MIN_MS * 2 ** (this.#deaths - 1));
    setTimeout(() => !this.#isStopping && this.#spawn(), waitMs);
  }
}
