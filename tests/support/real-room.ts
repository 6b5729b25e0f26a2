import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { compareDesk, readDesk, readServerLog } from './desk-files.ts';
import { Holdfast } from './holdfast.ts';
import { brokenPromises, type DeskAtEnd, type Told } from './invariants.ts';
import { NewForce } from './new-force.ts';
import { WindowClient } from './window-client.ts';

export interface DeskChoice {
  /** What the desk takes for its server. */
  readonly server?: string;
  /** What its processes find beside their usual environment. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** A new force whose server and desks are all processes of their own, as they are at work. */
export class RealRoom implements AsyncDisposable {
  readonly force: NewForce;
  readonly #desks = new Map<string, DeskProcess>();

  private constructor(force: NewForce) {
    this.force = force;
  }

  static async start(environment: NodeJS.ProcessEnv = {}): Promise<RealRoom> {
    return new RealRoom(await NewForce.start(environment));
  }

  get serverFolder(): string {
    return join(this.force.folder, 'server');
  }

  /** Starts a desk by `holdfast desk`, and signs a person of its own in at its one window. */
  async startDesk(name: string, choice: DeskChoice = {}): Promise<DeskProcess> {
    const user = name.toLowerCase();
    await this.force.addUser(user, 'supervisor');
    const { code } = await this.force.admin('/api/desks/codes', {});
    const folder = this.deskFolder(name);
    const desk = await DeskProcess.start(
      ['--server', choice.server ?? this.force.url, '--name', name, '--data', folder],
      ['--enrol', String(code)],
      choice.environment,
    );
    this.#desks.set(name, desk);
    await desk.signIn(user);
    return desk;
  }

  /** Starts a desk again that was stopped, over its folder as it is now. */
  async startAgain(name: string, server: string = this.force.url): Promise<DeskProcess> {
    const args = ['--server', server, '--name', name, '--data', this.deskFolder(name)];
    const desk = await DeskProcess.start(args, []);
    this.#desks.set(name, desk);
    return desk;
  }

  deskFolder(name: string): string {
    return join(this.force.folder, `desk-${name}`);
  }

  /** Ends every process with its work done. */
  async stop(): Promise<void> {
    for (const desk of this.#desks.values()) await desk.stop();
    await this.force.stopServer();
  }

  /**
   * After `stop`: the log, what each desk makes of it, and every promise that is broken, where `told` is
   * what the windows were answered.
   */
  async compare(told: Told = []) {
    const { events, answers, truth } = readServerLog(this.serverFolder);
    const ends: DeskAtEnd[] = [];
    for (const name of this.#desks.keys()) ends.push(await readDesk(this.deskFolder(name)));
    const desks = ends.map((end) => ({ name: end.name, ...compareDesk(end, truth) }));
    return {
      events,
      answers,
      desks,
      broken: brokenPromises({ events, answers, desks: ends, told }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const desk of this.#desks.values()) await desk.stop();
    await this.force[Symbol.asyncDispose]();
  }
}

/** A desk by `holdfast desk --headless`: the shell that starts it again, and the desk itself. */
export class DeskProcess {
  readonly window: WindowClient;
  readonly #shell: Holdfast;
  #pid: number;

  private constructor(shell: Holdfast, window: WindowClient, pid: number) {
    this.#shell = shell;
    this.window = window;
    this.#pid = pid;
  }

  static async start(
    args: readonly string[],
    enrol: readonly string[],
    environment: NodeJS.ProcessEnv = {},
  ): Promise<DeskProcess> {
    const shell = await Holdfast.start(
      ['desk', '--json', '--headless', ...args, ...enrol],
      environment,
    );
    const { desk, pid } = JSON.parse(shell.line) as { desk: string; pid: number }; // as it prints it
    const window = new WindowClient(desk);
    await window.join();
    return new DeskProcess(shell, window, pid);
  }

  /** What the shell and the desk have told in words. */
  get shell(): Holdfast {
    return this.#shell;
  }

  /** The desk's own process, as long as it lives. */
  get pid(): number {
    return this.#pid;
  }

  async signIn(user: string): Promise<void> {
    const outcome = await this.window.signIn(user, 'a made-up password');
    if (outcome.kind === 'refused') throw new Error(outcome.message);
    this.window.follow('seat');
    await this.window.until('numbers', () => (this.window.seat?.referencesLeft ?? 0) > 10);
  }

  /** SIGKILL of the desk; resolves once its shell has started another. */
  async kill(): Promise<void> {
    const killed = this.#pid;
    process.kill(killed, 'SIGKILL');
    for (;;) {
      const fresh = childrenOf(this.#shell.pid).find((pid) => pid !== killed && isDesk(pid));
      if (fresh !== undefined) {
        this.#pid = fresh;
        return;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async stop(): Promise<void> {
    this.window.close();
    await this.#shell.stop();
  }
}

const childrenOf = (pid: number) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).map(Number);

function isDesk(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('desk-process');
  } catch {
    return false; // it has ended meanwhile
  }
}
