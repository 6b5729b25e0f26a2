import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { openFileKeystore } from '#desk/file-keystore.ts';
import { outboxMigrations } from '#desk/outbox.ts';
import { replicaName } from '#desk/replica-files.ts';
import { Replica } from '#desk/replica.ts';
import { answer, type Answer } from '#protocol/ack.ts';
import { logMigrations, replicaMigrations } from '#store/migrations.ts';
import { openStore, type Store } from '#store/open-store.ts';
import { SqliteEventLog } from '#store/sqlite-event-log.ts';
import { brokenPromises, foldOf, textOf, type DeskAtEnd, type Told } from './invariants.ts';

/** The log that a stopped server left in its folder, and what each record folds to at a desk, as text. */
export function readServerLog(folder: string) {
  const file = openStore(join(folder, 'log.db'), logMigrations);
  try {
    const events = new SqliteEventLog(file).readAfter(0, 10_000_000);
    const answers = answersIn(file);
    return { events, truth: foldOf(events), answers };
  } finally {
    file.close();
  }
}

/** The answer that a log holds to each command. */
export const answersIn = (log: Store): ReadonlyMap<string, Answer> =>
  new Map(
    log
      .prepare<[], { id: string; text: string }>(
        'SELECT command_id AS id, answer AS text FROM answer',
      )
      .all()
      .map(({ id, text }) => [id, answer.parse(JSON.parse(text))]),
  );

/** The key of a desk's files, as the desk's own keystore gives it. */
export async function storeKeyOf(folder: string): Promise<Buffer> {
  const keystore = await openFileKeystore(join(folder, 'keystore'));
  const sealed = readFileSync(join(folder, 'identity.sealed'));
  const { storeKey } = z
    .object({ storeKey: z.string() })
    .parse(JSON.parse(await keystore.unseal(sealed)));
  return Buffer.from(storeKey, 'hex');
}

/** The replica that a desk opens. */
export const replicaFileOf = (folder: string) => join(folder, replicaName(folder));

/** What a desk holds: its picture, and what its outbox knows of each command. */
export const deskAtEnd = (name: string, replica: Replica, outbox: Store): DeskAtEnd => ({
  name,
  cursor: replica.cursor.seq,
  picture: new Map(
    [...replica.picture.all()].map(([stream, entry]) => [stream, textOf(stream, entry)]),
  ),
  outbox: outbox
    .prepare<[], { commandId: string; type: string; text: string | null; root: string | null }>(
      `SELECT command_id AS commandId, json_extract(stamped, '$.command.type') AS type,
         answer AS text, root FROM outbox`,
    )
    .all()
    .map(({ commandId, type, text, root }) => ({
      commandId,
      type,
      answer: text === null ? undefined : answer.parse(JSON.parse(text)),
      isInTray: root !== null,
    })),
});

/** What a stopped desk left in its folder. */
export async function readDesk(folder: string): Promise<DeskAtEnd> {
  const key = await storeKeyOf(folder);
  const replica = new Replica(openStore(replicaFileOf(folder), replicaMigrations, { key }));
  const outbox = openStore(join(folder, 'outbox.db'), outboxMigrations, { key });
  try {
    return deskAtEnd(basename(folder).replace(/^desk-/, ''), replica, outbox);
  } finally {
    outbox.close();
    replica.close();
  }
}

/**
 * What stands in the folder of a room that has stopped, with its server in `server` and its desks in
 * `desk-…`: the log, the desks that were compared with it, and every promise that is broken, where
 * `told` is what the windows were answered.
 */
export async function compareRoom(folder: string, told: Told) {
  const { events, answers } = readServerLog(join(folder, 'server'));
  const desks: DeskAtEnd[] = [];
  for (const name of readdirSync(folder).filter((it) => it.startsWith('desk-')))
    desks.push(await readDesk(join(folder, name)));
  const broken = brokenPromises({ events, answers, desks, told });
  return { events, answers, desks: desks.map(({ name }) => name), broken };
}
