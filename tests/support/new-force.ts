import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Role } from '#domain/facts.ts';
import { startDesk, type RunningDesk } from '#desk/start-desk.ts';
import { openIdentity } from '../../cli/identity.ts';
import { compareRoom } from './desk-files.ts';
import { Holdfast } from './holdfast.ts';
import type { Told } from './invariants.ts';
import { WindowClient, withoutServer } from './window-client.ts';

const ADMIN = 'the administrators own';
export const PASSWORD = 'a made-up password';

/**
 * A force that begins with an empty folder: a server in a process of its own, which can be killed and
 * started again, and desks of this process over real files.
 */
export class NewForce implements AsyncDisposable {
  readonly folder: string;
  readonly url: string;
  #server: Holdfast;
  readonly #environment: NodeJS.ProcessEnv;
  #admin = '';
  readonly #desks = new Set<RealDesk>();

  private constructor(folder: string, url: string, server: Holdfast, env: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.url = url;
    this.#server = server;
    this.#environment = env;
  }

  /** `environment` is what the server's process finds beside its usual one. */
  static async start(environment: NodeJS.ProcessEnv = {}): Promise<NewForce> {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-force-'));
    const server = await Holdfast.start(serve(folder, '0'), environment);
    const { server: url, firstAdministrator } = JSON.parse(server.line) as {
      server: string;
      firstAdministrator: { name: string; password: string };
    };
    const force = new NewForce(folder, url, server, environment);
    const body = { ...firstAdministrator, newPassword: ADMIN };
    force.#admin = (await force.ask('POST', '/api/session', body)).answer['token'] as string;
    return force;
  }

  async ask(method: string, path: string, body?: object, token?: string) {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as Record<string, unknown>; // every answer is an object
    return { status: response.status, answer };
  }

  /** Asks as the administrator. */
  async admin(path: string, body: object) {
    const asked = await this.ask('POST', path, body, this.#admin);
    if (asked.status >= 400) throw new Error(JSON.stringify(asked.answer));
    return asked.answer;
  }

  /** Reads as the administrator. */
  async read(path: string) {
    return (await this.ask('GET', path, undefined, this.#admin)).answer;
  }

  /** Adds a person who has chosen their password, and returns a session of theirs. */
  async addUser(name: string, role: Role): Promise<string> {
    const { password } = await this.admin('/api/users', {
      name,
      displayName: `It is ${name}`,
      role,
    });
    const body = { name, password, newPassword: PASSWORD };
    return (await this.ask('POST', '/api/session', body)).answer['token'] as string;
  }

  /** The server's process: what it has told, and its id. */
  get server(): Holdfast {
    return this.#server;
  }

  /** Starts a desk, which is enrolled the first time. */
  async startDesk(name: string): Promise<RealDesk> {
    const folder = join(this.folder, `desk-${name}`);
    const { identity, isNew } = await openIdentity(folder, name);
    if (isNew) {
      const { code } = await this.admin('/api/desks/codes', {});
      const { publicKey } = identity;
      const enrolled = await this.ask('POST', '/api/desks/enrol', { code, desk: name, publicKey });
      if (enrolled.status !== 200) throw new Error(JSON.stringify(enrolled.answer));
    }
    const running = await startDesk(
      {
        dataDir: folder,
        force: 'HC',
        forceName: 'Harbour Constabulary',
        timeZone: 'Europe/London',
        server: this.url,
        ...identity,
        port: 0,
        version: '0',
        isDemo: false,
      },
      new Map(),
    );
    const desk = new RealDesk(running, () => this.#desks.delete(desk));
    this.#desks.add(desk);
    return desk;
  }

  async stopServer(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#server.stop(signal);
  }

  get serverFolder(): string {
    return join(this.folder, 'server');
  }

  /** Starts the server again, over the same folder and on the same port. */
  async startServer(...more: readonly string[]): Promise<void> {
    const args = [...serve(this.folder, new URL(this.url).port), ...more];
    this.#server = await Holdfast.start(args, this.#environment);
  }

  /** Ends every desk and the server with their work done, and compares what they leave, see `compareRoom`. */
  async compare(told: Told) {
    // The server first: what it does by itself, like an escalation, still comes to every desk.
    await this.stopServer();
    for (const desk of this.#desks) {
      await Promise.all(desk.windows.map(withoutServer));
      await desk.close();
    }
    return compareRoom(this.folder, told);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const desk of this.#desks) await desk.close();
    await this.#server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const serve = (folder: string, port: string) =>
  `serve --json --data ${join(folder, 'server')} --port ${port}`.split(' ');

/** A desk of this process, with one window that follows its seat. */
export class RealDesk {
  readonly #running: RunningDesk;
  readonly #closed: () => void;
  readonly windows: WindowClient[] = [];

  constructor(running: RunningDesk, closed: () => void) {
    this.#running = running;
    this.#closed = closed;
  }

  async openWindow(): Promise<WindowClient> {
    const window = new WindowClient(this.#running.address('call-handling'));
    this.windows.push(window);
    await window.join();
    for (const view of ['seat', 'drafts', 'contacts', 'tray'] as const) window.follow(view);
    await window.until('the seat', () => window.seat);
    return window;
  }

  async close(): Promise<void> {
    this.#closed();
    for (const window of this.windows) window.close();
    await this.#running.close();
  }
}
