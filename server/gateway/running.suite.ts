import { generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import type { Asked } from '#domain/commands.ts';
import type { Role } from '#domain/facts.ts';
import {
  commandIdFrom,
  type CommandId,
  type DeskId,
  type EpochMs,
  type UserId,
} from '#domain/ids.ts';
import { GENESIS } from '#store/chain.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { deskDown, type DeskDown } from '#protocol/down.ts';
import { signedText, type Hello } from '#protocol/hello.ts';
import type { DeskUp } from '#protocol/up.ts';
import { subprotocol, version } from '#protocol/version.ts';
import { startServer, type RunningServer, type ServerOptions } from '../main.ts';
import type { AuditRow, RecordRequest } from '../log/recorder-port.ts';
import type { Timers } from './timers.ts';

export const PASSWORD = 'a made-up password';

/** Time that passes only when it is told to. */
export class HandTimers implements Timers {
  readonly #works = new Set<{ at: number; everyMs: number | undefined; work: () => void }>();
  now: number;

  constructor(now: number) {
    this.now = now;
  }

  every(ms: number, work: () => void) {
    return this.#add({ at: this.now + ms, everyMs: ms, work });
  }

  after(ms: number, work: () => void) {
    return this.#add({ at: this.now + ms, everyMs: undefined, work });
  }

  /** Lets so much time pass, doing what falls due on the way. */
  pass(ms: number) {
    const end = this.now + ms;
    for (;;) {
      const next = [...this.#works].toSorted((a, b) => a.at - b.at)[0];
      if (!next || next.at > end) break;
      this.now = Math.max(this.now, next.at);
      if (next.everyMs === undefined) this.#works.delete(next);
      else next.at += next.everyMs;
      next.work();
    }
    this.now = end;
  }

  #add(entry: { at: number; everyMs: number | undefined; work: () => void }) {
    this.#works.add(entry);
    return () => void this.#works.delete(entry);
  }
}

/** A server over a folder of its own, real to the last file, and the people and desks around it. */
export class Running implements AsyncDisposable {
  readonly dataDir: string;
  readonly server: RunningServer;
  readonly told: string[];
  readonly #keys = new Map<string, ReturnType<typeof generateKeyPairSync>['privateKey']>();
  readonly #desks: TestDesk[] = [];

  private constructor(dataDir: string, server: RunningServer, told: string[]) {
    this.dataDir = dataDir;
    this.server = server;
    this.told = told;
  }

  static async start(more: Partial<ServerOptions> = {}): Promise<Running> {
    const dataDir = more.dataDir ?? mkdtempSync(join(tmpdir(), 'holdfast-server-'));
    const told: string[] = [];
    const server = await startServer({
      dataDir,
      host: '127.0.0.1',
      port: 0,
      force: 'HC',
      forceName: 'Harbour Constabulary',
      log: (line) => void told.push(line),
      scryptCost: 16,
      ...more,
    });
    return new Running(dataDir, server, told);
  }

  get url(): string {
    return this.server.baseUrl;
  }

  async addUser(name: string, role: Role, mustChange = false): Promise<void> {
    const displayName = `Made-up ${name}`;
    await this.server.addUser({ name, displayName, role, password: PASSWORD, mustChange });
  }

  /** Enrols a desk with a key of its own. */
  enrol(desk: string): void {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const code = this.server.accounts.addEnrolmentCode();
    const spki = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    this.server.accounts.enrol(code, desk, spki);
    this.#keys.set(desk, privateKey);
  }

  async signIn(name: string, desk?: string): Promise<SignedIn> {
    const answer = await this.ask('POST', '/api/session', { name, password: PASSWORD, desk });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return answer.body as SignedIn; // what the server says, checked by the tests of it
  }

  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ readonly status: number; readonly body: unknown; readonly headers: Headers }> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
    return {
      status: response.status,
      body: isJson ? (JSON.parse(text) as unknown) : text,
      headers: response.headers,
    };
  }

  /** A desk's socket that has been challenged and has said nothing yet. */
  async connect(desk: string, headers: Record<string, string> = {}): Promise<TestDesk> {
    const it = new TestDesk(
      `${this.url.replace(/^http/, 'ws')}/sync`,
      desk as DeskId,
      this.#keys.get(desk),
      headers,
    );
    this.#desks.push(it);
    await it.next('challenge');
    return it;
  }

  /** A desk that is welcome, with its first person signed in. */
  async join(desk: string, more: Partial<Hello> = {}): Promise<TestDesk> {
    const it = await this.connect(desk);
    it.hello(more);
    await it.next('welcome');
    return it;
  }

  /** What the audit holds, without what the chain adds. */
  async audit(): Promise<
    readonly Pick<AuditRow, 'actor' | 'desk' | 'operation' | 'what' | 'outcome'>[]
  > {
    // After all that is on its way to the file; a server that has stopped has written it.
    await this.server.recorder.audit([]).catch(() => {});
    const db = openStore(join(this.dataDir, 'log.db'), logMigrations);
    const rows = db
      .prepare<[], AuditRow>('SELECT actor, desk, operation, what, outcome FROM audit ORDER BY seq')
      .all();
    db.close();
    return rows;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const desk of this.#desks) desk.socket.terminate();
    await this.server.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

export interface SignedIn {
  readonly token: string;
  readonly user: { readonly id: UserId; readonly name: string; readonly role: Role };
  readonly grant: { readonly id: string; readonly notAfter: EpochMs };
}

type Frame<Name extends DeskDown['frame']> = Extract<DeskDown, { frame: Name }>;

/** The desk's end of a socket. Every frame is kept, and read in order by its name. */
export class TestDesk {
  readonly socket: WebSocket;
  readonly desk: DeskId;
  readonly outboxId = randomUUID();
  readonly closed: Promise<{ readonly code: number; readonly why?: string }>;
  readonly #privateKey: ReturnType<typeof generateKeyPairSync>['privateKey'] | undefined;
  readonly #frames: DeskDown[] = [];
  #wake = Promise.withResolvers<void>();
  #isClosed = false;
  #nonce = '';
  #deskSeq = 0;

  constructor(
    url: string,
    desk: DeskId,
    privateKey: ReturnType<typeof generateKeyPairSync>['privateKey'] | undefined,
    headers: Record<string, string>,
  ) {
    this.desk = desk;
    this.#privateKey = privateKey;
    this.socket = new WebSocket(url, subprotocol, { perMessageDeflate: false, headers });
    this.socket.on('message', (data) => {
      // As the desk's own client reads it; anything else fails the test here.
      const frame = deskDown.parse(JSON.parse((data as Buffer).toString('utf8')));
      if (frame.frame === 'challenge') this.#nonce = frame.nonce;
      this.#frames.push(frame);
      this.#stir();
    });
    this.socket.on('error', () => {}); // `closed` tells
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        this.#isClosed = true;
        this.#stir();
        const why = reason.toString('utf8');
        resolve({ code, ...(code === 4009 && { why }) });
      });
    });
  }

  /** The next frame of that name; what came before it and has another name is left out. */
  async next<Name extends DeskDown['frame']>(name: Name): Promise<Frame<Name>> {
    for (;;) {
      const at = this.#frames.findIndex(({ frame }) => frame === name);
      if (at >= 0) return this.#frames.splice(at, 1)[0] as Frame<Name>; // found by its name
      if (this.#isClosed) throw new Error(`closed before "${name}" came`);
      await this.#wake.promise;
    }
  }

  /** The headers of the events up to `seq`, in the order they came. */
  async eventsTo(seq: number): Promise<readonly Frame<'events'>['events'][number][]> {
    const all: Frame<'events'>['events'][number][] = [];
    while ((all.at(-1)?.header.seq ?? 0) < seq) all.push(...(await this.next('events')).events);
    return all;
  }

  /** Everything that came and was not read yet; it counts as read. */
  takeAll(): readonly DeskDown[] {
    return this.#frames.splice(0);
  }

  get frames(): readonly DeskDown[] {
    return this.#frames;
  }

  hello(more: Partial<Hello> = {}): void {
    const text = Buffer.from(signedText(this.#nonce, more.desk ?? this.desk), 'utf8');
    this.send({
      frame: 'hello',
      protocol: { min: version, max: version },
      desk: this.desk,
      signature: this.#privateKey
        ? sign(null, text, this.#privateKey).toString('base64')
        : randomBytes(64).toString('base64'),
      outboxId: this.outboxId,
      epoch: 0,
      cursor: 0,
      cursorEpoch: 0,
      chainHash: GENESIS,
      ...more,
    });
  }

  /** Sends a command as the person who is signed in here, and returns its id. */
  ask(
    who: Pick<SignedIn, 'user' | 'grant'>,
    asked: Asked,
    more: Partial<Extract<DeskUp, { frame: 'stamped-command' }>> = {},
  ): CommandId {
    const id = more.command?.id ?? newId();
    this.send({
      frame: 'stamped-command',
      command: { frame: 'command', id, ...asked },
      occurredAt: Date.now() as EpochMs,
      actor: who.user.id,
      grant: who.grant.id,
      desk: this.desk,
      outboxId: this.outboxId,
      deskSeq: (this.#deskSeq += 1),
      ...more,
    });
    return id;
  }

  send(frame: DeskUp | object): void {
    this.socket.send(JSON.stringify(frame));
  }

  #stir(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }
}

export const newId = () => commandIdFrom(Date.now(), randomBytes(16));

export const callIn = (narrative = 'shouting heard') =>
  ({
    type: 'open-contact',
    body: { channel: '999', details: { narrative } },
  }) as const satisfies Asked;

/** A request from the server itself, past every door. */
export const bySystem = (asked: Asked, more: Partial<RecordRequest> = {}): RecordRequest => ({
  commandId: newId(),
  asked,
  occurredAt: Date.now() as EpochMs,
  actor: 'system' as UserId,
  desk: 'server' as DeskId,
  ...more,
});

/** Waits until it is so, a turn of the loop at a time; the test's own time limit is what ends it. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** A bare HTTP request: what `fetch` would not send. */
export const rawStatus = (url: string, headers: Record<string, string>): Promise<number> =>
  new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('upgrade', (_response, socket) => {
        socket.destroy();
        resolve(101);
      })
      .on('error', reject)
      .end();
  });
