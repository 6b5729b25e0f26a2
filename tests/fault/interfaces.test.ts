import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { subprotocol, version } from '#protocol/version.ts';
import { adminWords } from '#server/gateway/administering.ts';
import { referenceWords } from '#server/gateway/reference-routes.ts';
import { enrolWords, signInWords } from '#server/gateway/http.ts';
import { GENESIS } from '#store/chain.ts';
import { accountMigrations } from '#server/auth/account-migrations.ts';
import { openStore } from '#store/open-store.ts';
import {
  blocksOf,
  ConsoleReader,
  Names,
  PAGE_MAX_MS,
  type Block,
  type Equal,
} from '../support/document.ts';
import { Holdfast } from '../support/holdfast.ts';

const root = join(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'docs/INTERFACES.md'), 'utf8');

const blocks = blocksOf(text);

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
  readonly ran = { http: 0, websocket: 0 };
  readonly console: ConsoleReader;
  readonly #key = generateKeyPairSync('ed25519');
  #answer: { status: number; headers: Headers; body: string } | undefined;

  readonly #equal: Equal;

  constructor(folder: string, equal: Equal) {
    this.#equal = equal;
    // How full the disk of this machine is belongs in no example.
    this.console = new ConsoleReader(this.names, equal, {
      HOLDFAST_DISK_WARN_PERCENT: '100',
      HOLDFAST_DISK_FULL_PERCENT: '100',
    });
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
        return this.console.read(content);
      case 'http':
        return content.startsWith('HTTP/1.1 ') ? this.#answered(content) : this.#ask(content);
      case 'websocket':
        return this.#talk(content);
      default:
        throw new Error(`there is no way to run an example in "${language}"`);
    }
  }

  async #ask(content: string): Promise<void> {
    this.#equal(this.#answer, undefined); // each request has its answer before the next
    if (content.includes('<grantsSignature>')) {
      const grants = ['ashGrant', 'ashOffline'].map((name) => this.names.get(name)).join(',');
      this.names.set('grantsSignature', this.#sign(`grants.CH1.${grants}`));
    }
    const { first, headers, body } = head(this.names.fill(content));
    const [method = '', path = ''] = first.split(' ');
    const response = await fetch(`${this.console.url}${path}`, {
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
    const socket = new WebSocket(`${this.console.url.replace('http', 'ws')}/sync`, subprotocol);
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.console[Symbol.asyncDispose]();
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

test(
  'every example in INTERFACES.md is what really happens',
  { timeout: PAGE_MAX_MS },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-interfaces-'));
    using _ = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
    await using reader = new Reader(folder, (actual, promised) => expect(actual).toEqual(promised));
    for (const block of blocks) await reader.read(block);
    expect(reader.ran.http).toBeGreaterThan(15);
    expect([reader.console.ran, reader.ran.websocket]).toEqual([24, 2]);
  },
);

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
  await demo.untilTold('a made-up force is at work: 3 desks, 2 units');
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
  expect(force.map(({ state }) => state)).toEqual(['active', 'active', 'active']);
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
  const sources = ['server/gateway', 'server/web']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)))
    .filter((name) => /[\\/][\w-]+\.ts$/.test(name))
    .map((name) => readFileSync(name, 'utf8'))
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
