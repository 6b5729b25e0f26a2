import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Asked } from '#domain/commands.ts';
import type { DeskId, UserId } from '#domain/ids.ts';
import { startDesk, type RunningDesk, type StartDesk } from '#desk/start-desk.ts';
import { windowId, type Admission, type WindowRole } from '#desk/shell.ts';
import { openIdentity, type Identity } from '../../cli/identity.ts';
import { startServer, type RunningServer } from '../../server/main.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { copyServer } from './copied-folder.ts';
import { compareRoom } from './desk-files.ts';
import type { Told } from './invariants.ts';
import { Line } from './line.ts';
import { freshCommandId, wallClock } from './fresh.ts';
import { WindowClient, withoutServer } from './window-client.ts';

const PASSWORD = 'made-up-password';
const FORCE = { force: 'HC', forceName: 'Harbour Constabulary' } as const;

/**
 * A server, one desk and the line between them in this process, over real files and sockets: for what
 * has to be broken between two steps. What is stopped lets its files go whole, as a clean end does.
 */
export class OneDesk implements AsyncDisposable {
  readonly folder: string;
  readonly deskFolder: string;
  readonly line: Line;
  server: RunningServer | undefined;
  #desk: RunningDesk | undefined;
  #window: WindowClient | undefined;
  readonly #identity: Identity;
  readonly #port: number;

  private constructor(
    folder: string,
    deskFolder: string,
    { server, line, identity }: { server: RunningServer; line: Line; identity: Identity },
  ) {
    this.folder = folder;
    this.deskFolder = deskFolder;
    this.server = server;
    this.line = line;
    this.#identity = identity;
    this.#port = Number(new URL(server.baseUrl).port);
  }

  /** `deskDisk` is where the desk's folder stands, if not beside the server's. */
  static async start(deskDisk?: string): Promise<OneDesk> {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-one-'));
    const deskFolder = join(deskDisk ?? folder, 'desk-CH1');
    const server = await serve(join(folder, 'server'), 0);
    const { baseUrl } = server;
    await server.addUser({
      name: 'ch1',
      displayName: 'Asha Lane',
      role: 'supervisor',
      password: PASSWORD,
      mustChange: false,
    });
    const { identity } = await openIdentity(deskFolder, 'CH1');
    server.accounts.enrol(server.accounts.addEnrolmentCode(), 'CH1', identity.publicKey);
    const line = await Line.to(() => baseUrl);
    return new OneDesk(folder, deskFolder, { server, line, identity });
  }

  get serverFolder(): string {
    return join(this.folder, 'server');
  }

  async stopServer(): Promise<void> {
    await this.server?.stop();
    this.server = undefined;
  }

  /** The server again on its port, over its own folder or over one put in its place. */
  async startServer(): Promise<void> {
    this.server = await serve(this.serverFolder, this.#port);
  }

  /** What other desks do at the stopped server, in one go, before this one joins it again. */
  async record(work: readonly Asked[]): Promise<void> {
    const server = await serve(this.serverFolder, 0);
    const answers = await Promise.all(
      work.map((asked) =>
        server.recorder.record({
          commandId: freshCommandId(),
          asked,
          occurredAt: wallClock(),
          actor: 'u-other' as UserId,
          desk: 'CH2' as DeskId,
        }),
      ),
    );
    await server.stop();
    const refused = answers.find(({ state }) => state === 'refused');
    if (refused) throw new Error(JSON.stringify(refused));
  }

  /** A copy of the stopped server's folder, as a back-up keeps it. */
  backUp(): void {
    copyServer(this.serverFolder, join(this.folder, 'back-up'));
  }

  /** As `holdfast restore` does it, and no desk came within the minute. */
  restore(): void {
    rmSync(this.serverFolder, { recursive: true });
    cpSync(join(this.folder, 'back-up'), this.serverFolder, { recursive: true });
    const log = openStore(join(this.serverFolder, 'log.db'), logMigrations);
    log.exec('UPDATE log_meta SET epoch = epoch + 1');
    log.close();
  }

  /** Starts the desk over its folder, and a window at it that follows what an operator looks at. */
  async startDesk(
    more: Partial<Pick<StartDesk, 'storeKey' | 'copyDir'>> = {},
  ): Promise<WindowClient> {
    this.#desk = await startDesk(
      {
        dataDir: this.deskFolder,
        ...FORCE,
        timeZone: 'Europe/London',
        server: this.line.url,
        ...this.#identity,
        port: 0,
        version: '0',
        isDemo: false,
        ...more,
      },
      new Map(),
    );
    const { url, token } = this.#desk.admit('dispatch', windowId('dispatch', 1));
    const window = new WindowClient(`${url.replace('ws', 'http')}#token=${token}`);
    await window.join();
    for (const view of ['seat', 'contacts', 'incidents', 'units', 'tray'] as const)
      window.follow(view);
    this.#window = window;
    return window;
  }

  /** What lets a window in at the running desk, once. */
  admit(name: string | number, role: WindowRole = 'dispatch'): Admission {
    if (!this.#desk) throw new Error('the desk is not running');
    return this.#desk.admit(role, windowId(role, name));
  }

  /** The first time: somebody signs in, and the desk gets its reference numbers. */
  async signIn(window: WindowClient): Promise<void> {
    const outcome = await window.signIn('ch1', PASSWORD);
    if (outcome.kind === 'refused') throw new Error(outcome.message);
    await window.until('numbers', () => (window.seat?.referencesLeft ?? 0) > 10);
  }

  async stopDesk(): Promise<void> {
    this.#window?.close();
    await this.#desk?.close();
    this.#desk = undefined;
  }

  /** Ends the desk and the server with their work done, and compares what they leave, see `compareRoom`. */
  async compare(told: Told) {
    // The server first: what it does by itself, like an escalation, still comes to the desk.
    await this.stopServer();
    if (this.#window) await withoutServer(this.#window);
    await this.stopDesk();
    return compareRoom(this.folder, told);
  }

  /** The files of the desk's folder, by name. */
  read(name: string): Buffer {
    return readFileSync(join(this.deskFolder, name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopDesk();
    await this.stopServer();
    await this.line[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const serve = (dataDir: string, port: number) =>
  startServer({ dataDir, host: '127.0.0.1', port, ...FORCE, log: () => {}, scryptCost: 16 });
