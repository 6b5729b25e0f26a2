import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { subprotocol, version } from '#protocol/version.ts';
import { adminWords } from '#server/gateway/admin-routes.ts';
import { referenceWords } from '#server/gateway/reference-routes.ts';
import { enrolWords, signInWords } from '#server/gateway/http.ts';
import { GENESIS } from '#store/chain.ts';
import { accountMigrations } from '#server/auth/account-migrations.ts';
import { openStore } from '#store/open-store.ts';
import { Holdfast, isRunning, runHoldfast } from '../support/holdfast.ts';

const root = join(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'docs/INTERFACES.md'), 'utf8');

type Value = string | number;

/** What the names in angle brackets stand for. The first time a name is met it takes its value. */
class Names {
  readonly #values = new Map<string, Value>();

  set(name: string, value: Value): void {
    this.#values.set(name, value);
  }

  get(name: string): Value {
    const value = this.#values.get(name);
    if (value === undefined) throw new Error(`<${name}> has no value yet`);
    return value;
  }

  fill(template: string): string {
    return template.replaceAll(/<(\w+)>/g, (_all, name: string) => String(this.get(name)));
  }

  /** The value that the document promises, given what has come: a new name takes it, a known one stays. */
  promised(template: string, actual: unknown): unknown {
    const marked = template
      .replaceAll(/"<(\w+)>"/g, '"@string $1"')
      .replaceAll(/<(\w+)>/g, '"@number $1"');
    return this.#resolve(JSON.parse(marked), actual);
  }

  #resolve(template: unknown, actual: unknown): unknown {
    if (typeof template === 'string') {
      const [, type, name] = /^@(string|number) (\w+)$/.exec(template) ?? [];
      if (type === undefined || name === undefined) return template;
      const known = this.#values.get(name);
      if (known !== undefined) return known;
      if (typeof actual !== type) return `a ${type}, <${name}>`;
      this.set(name, actual as Value); // just checked
      return actual;
    }
    if (typeof template !== 'object' || template === null) return template;
    const parts = (actual ?? {}) as Record<string, unknown>; // what is missing shows as such
    const entries = Object.entries(template).map(
      ([key, value]) => [key, this.#resolve(value, parts[key])] as const,
    );
    return Array.isArray(template)
      ? entries.map(([, value]) => value)
      : Object.fromEntries(entries);
  }
}

interface Block {
  readonly language: string;
  readonly content: string;
}

const blocks: readonly Block[] = [...text.matchAll(/^```(\w+)\n(.*?)\n```$/gms)].map(
  ([, language = '', content = '']) => ({ language, content }),
);

const head = (content: string) => {
  const [top = '', ...rest] = content.split('\n\n');
  const [first = '', ...lines] = top.split('\n');
  const headers = Object.fromEntries(
    lines.map((line) => line.split(': ') as [string, string]), // as HTTP has them
  );
  return { first, headers, body: rest.join('\n\n') };
};

/** Runs a document's examples in their order. */
class Reader implements AsyncDisposable {
  readonly names = new Names();
  readonly ran = { console: 0, http: 0, websocket: 0 };
  readonly #key = generateKeyPairSync('ed25519');
  #running: Holdfast | undefined;
  #url = '';
  #code: number | null = 0;
  #answer: { status: number; headers: Headers; body: string } | undefined;

  readonly #equal: (actual: unknown, promised: unknown) => void;

  constructor(folder: string, equal: (actual: unknown, promised: unknown) => void) {
    this.#equal = equal;
    const publicKey = this.#key.publicKey.export({ type: 'spki', format: 'der' });
    for (const [name, value] of Object.entries({
      demoDir: join(folder, 'demo'),
      dir: join(folder, 'server'),
      backupDir: join(folder, 'backup'),
      restoredDir: join(folder, 'restored'),
      cadDir: join(folder, 'seattle'),
      cadFile: dispatchRecords(folder),
      ownPassword: 'the administrators own',
      publicKey: publicKey.toString('base64'),
      outboxId: randomUUID(),
      genesis: GENESIS,
      version,
    }))
      this.names.set(name, value);
  }

  async read({ language, content }: Block): Promise<void> {
    switch (language) {
      case 'console':
        return this.#console(content);
      case 'http':
        return content.startsWith('HTTP/1.1 ') ? this.#answered(content) : this.#ask(content);
      case 'websocket':
        return this.#talk(content);
      default:
        throw new Error(`there is no way to run an example in "${language}"`);
    }
  }

  async #console(content: string): Promise<void> {
    for (const part of content.split(/^\$ /m).filter(Boolean)) {
      const [line = '', ...output] = part.trimEnd().split('\n');
      this.ran.console += 1;
      if (line === 'echo $?') this.#equal(String(this.#code), output.join('\n'));
      else await this.#command(line, output.join('\n'));
    }
  }

  async #command(line: string, output: string): Promise<void> {
    const [before = '', lines = ''] = line.split(' < ');
    const words = [...before.matchAll(/"([^"]*)"|(\S+)/g)].map(
      ([, quoted, bare]) => quoted ?? bare ?? '',
    );
    const [program, ...args] = words.map((word) => this.names.fill(word));
    this.#equal(program, 'holdfast');
    if (['serve', 'demo', 'desk'].includes(args[0] ?? '')) {
      await this.#stop();
      this.#running = await Holdfast.start(args);
      const actual: unknown = JSON.parse(this.#running.line);
      this.#equal(actual, this.names.promised(output, actual));
      this.#url = (actual as { server: string }).server;
      return;
    }
    const stdin = lines.split(' ').map((word) => `${this.names.fill(word)}\n`);
    const ended = await runHoldfast(args, stdin.join(''));
    this.#code = ended.code;
    if (output === '') return;
    const actual: unknown = JSON.parse(ended.stdout || `"${ended.stderr}"`);
    this.#equal(actual, this.names.promised(output, actual));
    this.#equal(ended.code, 0);
  }

  async #ask(content: string): Promise<void> {
    this.#equal(this.#answer, undefined); // each request has its answer before the next
    if (content.includes('<grantsSignature>')) {
      const grants = ['ashGrant', 'ashOffline'].map((name) => this.names.get(name)).join(',');
      this.names.set('grantsSignature', this.#sign(`grants.CH1.${grants}`));
    }
    const { first, headers, body } = head(this.names.fill(content));
    const [method = '', path = ''] = first.split(' ');
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers,
      ...(body !== '' && { body }),
    });
    this.#answer = {
      status: response.status,
      headers: response.headers,
      body: await response.text(),
    };
    this.ran.http += 1;
  }

  #answered(content: string): void {
    const answer = this.#answer;
    this.#answer = undefined;

    const { first, headers, body } = head(content);
    const isLines = headers['Content-Type'] === 'application/x-ndjson';
    const split = (it: string) => (isLines ? it.trimEnd().split('\n') : [it]);
    const actual = split(answer?.body ?? '').map((it) => JSON.parse(it) as unknown);
    const promised = split(body).map((it, at) => this.names.promised(it, actual[at]));
    const got = Object.keys(headers).map((name) => [name, answer?.headers.get(name)]);
    this.#equal(
      [answer?.status, Object.fromEntries(got), actual],
      [Number(first.slice('HTTP/1.1 '.length)), headers, promised],
    );
  }

  async #talk(content: string): Promise<void> {
    const socket = new WebSocket(`${this.#url.replace('http', 'ws')}/sync`, subprotocol);
    const came: string[] = [];
    const closed = once(socket, 'close');
    socket.on('message', (data) => came.push((data as Buffer).toString('utf8'))); // ws gives a Buffer
    for (const line of content.split('\n')) {
      const template = line.slice(2);
      if (line.startsWith('< ')) {
        while (came.length === 0) {
          const heard = once(socket, 'message');
          const hungUp = closed.then(([code]) => `hung up with ${String(code)} before ${line}`);
          const [first] = await Promise.race([heard, hungUp.then((why) => [why])]);
          if (typeof first === 'string') throw new Error(first);
        }
        const actual = JSON.parse(came.shift() ?? '') as { nonce?: string };
        this.#equal(actual, this.names.promised(template, actual));
        if (actual.nonce !== undefined) {
          this.names.set('signature', this.#sign(`${actual.nonce}.CH1`));
        }
      } else if (line.startsWith('> ')) socket.send(this.names.fill(template));
      else this.#equal(`close ${String((await closed)[0])}`, line);
    }
    socket.terminate();
    this.ran.websocket += 1;
  }

  /** As the document says of a desk: with its key, in base64. */
  #sign(what: string): string {
    return sign(null, Buffer.from(what, 'utf8'), this.#key.privateKey).toString('base64');
  }

  /** As the document says: SIGTERM ends it with code 0, and every process that it named. */
  async #stop(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    const { pids } = JSON.parse(running.line) as { pids?: { server: number; desks: number[] } };
    const all = pids ? [pids.server, ...pids.desks] : [];
    this.#equal(
      all.filter((pid) => !isRunning(pid)),
      [],
    );
    this.#equal(await running.stop(), 0);
    this.#equal(all.filter(isRunning), []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.stop();
  }
}

/** Made up: three calls in the form that Seattle publishes, of which one has no arrival. */
function dispatchRecords(folder: string): string {
  const file = join(folder, 'calls.csv');
  const row = (id: number, arrived: string) =>
    `202300000000${id},ASSISTANCE RENDERED,911,2,TEST,--TEST,11/04/2023 6:08:26 PM,${arrived},EAST,CHARLIE,C3,-122.28,47.61`;
  const header =
    'CAD Event Number,Event Clearance Description,Call Type,Priority,Initial Call Type,Final Call Type,' +
    'Original Time Queued,Arrived Time,Precinct,Sector,Beat,Blurred_Longitude,Blurred_Latitude';
  const rows = [row(1, '11/04/2023 6:20:26 PM'), row(2, '11/04/2023 6:28:26 PM'), row(3, '')];
  writeFileSync(file, [header, ...rows, ''].join('\r\n'));
  return file;
}

test('every example in INTERFACES.md is what really happens', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-interfaces-'));
  using _ = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  await using reader = new Reader(folder, (actual, promised) => expect(actual).toEqual(promised));
  for (const block of blocks) await reader.read(block);
  const fences = text.match(/^```/gm)?.length ?? 0;
  expect(blocks).toHaveLength(fences / 2);
  expect(reader.ran.http).toBeGreaterThan(15);
  expect(reader.ran).toMatchObject({ console: 20, websocket: 2 });
});

test('a demo that is told to stop while it starts ends with code 0 and leaves no process', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-interfaces-'));
  using _ = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  const args = ['demo', '--headless', '--port', '0', '--data', folder, '--json'];
  const starting = Holdfast.begin(args);
  await starting.untilTold('demo: making up a room');
  const code = await starting.stop();
  expect([code, processesOf(folder)]).toEqual([0, []]);
});

test('a demo with a made-up force in it ends with code 0, leaves no process, and shuts the force out', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-interfaces-'));
  using _ = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  const size = '--training --handlers 1 --dispatchers 1 --units 2'.split(' ');
  const args = ['demo', '--headless', '--port', '0', '--data', folder, '--json', ...size];
  const demo = await Holdfast.start(args);
  const { server, accounts } = JSON.parse(demo.line) as {
    server: string;
    accounts: { administrator: object };
  };
  await demo.untilTold('a made-up force is at work: 2 desks, 2 units');
  const ask = async (path: string, init: RequestInit) =>
    (await (await fetch(`${server}${path}`, init)).json()) as {
      token: string;
      users: { displayName: string; state: string }[];
    };
  const { token } = await ask('/api/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(accounts.administrator),
  });
  const { users } = await ask('/api/users', { headers: { authorization: `Bearer ${token}` } });
  const force = users.filter(({ displayName }) => displayName.endsWith('(made up)'));
  expect(force.map(({ state }) => state)).toEqual(['active', 'active']);
  const code = await demo.stop();
  expect([code, processesOf(folder)]).toEqual([0, []]);
  const file = openStore(join(folder, 'server/accounts.db'), accountMigrations);
  const open = file
    .prepare<[], string>('SELECT name FROM account WHERE disabled_at IS NULL')
    .pluck()
    .all();
  file.close();
  expect(open.filter((name) => name.startsWith('training-'))).toEqual([]);
});

/** The processes on this machine whose command line names the folder. */
const processesOf = (folder: string) =>
  readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
    } catch {
      return false; // it has ended meanwhile
    }
  });

test('every refusal that the server can give stands in the table, and no other', () => {
  const rows = [...text.matchAll(/^\| (\d{3}) +\| `([\w-]+)` +\|/gm)];
  const documented = new Set(rows.map(([, status, reason]) => `${status} ${reason}`));
  const folder = join(root, 'server/gateway');
  const sources = readdirSync(folder)
    .filter((name) => /^[\w-]+\.ts$/.test(name))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  const known = new Set([
    ...[...sources.matchAll(/new Refused\(\s*(\d{3}),\s*'([\w-]+)'/g)].map(
      ([, status, reason]) => `${status} ${reason}`,
    ),
    ...Object.entries({ ...signInWords, ...enrolWords, ...adminWords, ...referenceWords }).map(
      ([reason, [status]]) => `${status} ${reason}`,
    ),
    // Of the error handler: what fastify refuses by itself, what failed inside, and no address.
    '413 too-large',
    '431 too-large',
    '415 not-json',
    '503 not-stored',
    '404 not-found',
    '409 name-taken', // as the accounts say it
  ]);
  expect([...documented].toSorted()).toEqual([...known].toSorted());
});
