import { randomBytes, randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeskId, StreamId, UserId } from '#domain/ids.ts';
import { referenceOf } from '#domain/reference.ts';
import { OutboxFile } from '#desk/outbox-file.ts';
import { Outbox } from '#desk/outbox.ts';
import { commandId, raise, startedAt } from './room.ts';

export const outboxPorts = {
  now: () => startedAt,
  uuid: randomUUID,
  soon: (it: () => void) => it(),
};

export const unsent = (n: number) => ({
  frame: 'stamped-command' as const,
  command: { frame: 'command' as const, id: commandId(n), ...raise({ narrative: `said ${n}` }) },
  occurredAt: startedAt,
  actor: 'u-ch1' as UserId,
  grant: 'g1',
  desk: 'CH1' as DeskId,
});
export const makeReference = (number: number) =>
  referenceOf('HC', 'Europe/London', startedAt, number);
export const recordedAt = (n: number) => ({ state: 'recorded', firstSeq: n, lastSeq: n }) as const;
export const refusedLate = { state: 'refused', refusal: { reason: 'already-closed' } } as const;

/** A folder with an outbox as a desk keeps it, and a second copy in a folder of its own. */
export class OutboxFolder implements Disposable {
  readonly path: string;
  readonly copyFolder: string;
  readonly key: Buffer;
  readonly told: string[] = [];
  isDamageTold = false;
  file: OutboxFile | undefined;

  constructor(
    key: Buffer = randomBytes(32),
    path = mkdtempSync(join(tmpdir(), 'holdfast-outbox-')),
    copyFolder = join(path, 'outbox-copy'),
  ) {
    this.path = path;
    this.key = key;
    this.copyFolder = copyFolder;
  }

  /** The folder of another process. */
  static at(path: string, key: Buffer): OutboxFolder {
    return new OutboxFolder(key, path);
  }

  get db(): string {
    return join(this.path, 'outbox.db');
  }
  get copy(): string {
    return join(this.copyFolder, 'outbox.copy');
  }

  open(key: Buffer = this.key): { readonly file: OutboxFile; readonly outbox: Outbox } {
    const file = OutboxFile.open({
      folder: this.path,
      copyFolder: this.copyFolder,
      key,
      uuid: randomUUID,
      failed: (error) => void this.told.push(error.message),
      damaged: () => (this.isDamageTold = true),
    });
    this.file = file;
    return { file, outbox: new Outbox(file.db, outboxPorts, file.write) };
  }

  close(): void {
    this.file?.[Symbol.dispose]();
    this.file = undefined;
  }

  /** What SIGKILL would leave now: the files as they are, in a folder of its own. */
  killed(): OutboxFolder {
    const other = new OutboxFolder(this.key);
    cpSync(this.path, other.path, { recursive: true });
    return other;
  }

  [Symbol.dispose](): void {
    this.close();
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** All kinds of things that an outbox keeps: `most` commands, of which every third waits. */
export function work(outbox: Outbox, most: number): void {
  outbox.addBlock(401, 500);
  outbox.sawEpoch(3, 0);
  outbox.keepSeat({ user: { id: 'u-ch1' } });
  for (let n = 1; n <= most; n += 1) {
    outbox.put(unsent(n), [`incident/${n}` as StreamId], n % 2 === 0 ? makeReference : undefined);
    if (n % 3 === 1) outbox.settle(commandId(n), recordedAt(n));
    if (n % 3 === 2) outbox.settle(commandId(n), refusedLate);
    if (n % 12 === 2) outbox.settleTray(commandId(n));
    if (n % 4 === 0)
      outbox.putDraft('u-ch1', `d${n}`, n, { about: 'new', fields: { narrative: `draft ${n}` } });
    if (n % 8 === 0) outbox.dropDraft('u-ch1', `d${n}`);
    if (n % 5 === 0)
      outbox.consult({
        actor: 'u-ch1' as UserId,
        what: 'incident',
        subject: `incident/${n}`,
        shown: 1,
      });
    if (n === 20) outbox.consultedKept(outbox.consultations(2).at(-1)?.n ?? 0);
  }
}

/** All that an outbox's file keeps, row by row, without the names and places that a rebuild gives anew. */
export function contentOf({ db }: OutboxFile): ReadonlyMap<string, string> {
  const rows = (name: string, sql: string) =>
    db
      .prepare<[], Record<string, unknown>>(sql)
      .all()
      .map((row): [string, string] => [
        `${name} ${String(Object.values(row)[0])}`,
        JSON.stringify(row),
      ]);
  return new Map([
    ...rows(
      'command',
      `SELECT command_id, json_remove(stamped, '$.outboxId', '$.deskSeq') AS stamped, reads, put_at,
         answer, answered_at, root, settled_at FROM outbox`,
    ),
    ...rows('block', 'SELECT * FROM reference_block'),
    ...rows('draft', `SELECT draft_id, user_id, revision, content, saved_at FROM draft`),
    ...rows('seat', 'SELECT * FROM seat'),
    ...rows('epoch', 'SELECT epoch FROM outbox_meta'),
    // A look is numbered by the outbox that it was made in, for ever.
    ...rows(
      'look',
      `SELECT n, at, actor, what, subject, shown, times,
         coalesce(outbox_id, (SELECT outbox_id FROM outbox_meta)) AS outbox FROM consultation`,
    ),
    ...rows('person', 'SELECT name, person, hex(salt) AS salt, failures FROM offline_person'),
  ]);
}

/** The places of the commands that wait, as they would be sent. */
export const placesOf = (outbox: Outbox) =>
  outbox
    .unanswered()
    .map(({ command, outboxId, deskSeq }) => ({ id: command.id, outboxId, deskSeq }));

export function flipBit(file: string, bit: number): void {
  const bytes = readFileSync(file);
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  writeFileSync(file, bytes);
}
