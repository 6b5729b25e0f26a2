import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { openFileKeystore } from '#chromium/file-keystore.ts';
import { outboxMigrations } from '#desk/outbox.ts';
import { Replica } from '#desk/replica.ts';
import { recordedOf } from '#store/event-log.ts';
import { logMigrations, pictureMigrations, replicaMigrations } from '#store/migrations.ts';
import { openStore, type Store } from '#store/open-store.ts';
import { Picture } from '#store/picture.ts';
import { SqliteEventLog } from '#store/sqlite-event-log.ts';

/** The log that a stopped server left in its folder, and what each record folds to, as text. */
export function readServerLog(folder: string) {
  const file = openStore(join(folder, 'log.db'), logMigrations);
  try {
    const events = new SqliteEventLog(file).readAfter(0, 10_000_000);
    const fold = new Picture(openStore(':memory:', pictureMigrations));
    fold.apply(events.map(recordedOf));
    const truth = new Map(
      [...fold.all()].map(([stream, entry]) => [stream, JSON.stringify(entry)]),
    );
    const answers = new Map(
      file
        .prepare<[], { id: string; answer: string }>('SELECT command_id AS id, answer FROM answer')
        .all()
        .map(({ id, answer }) => [id, answer]),
    );
    return { events, truth, answers };
  } finally {
    file.close();
  }
}

/** The key of a desk's files, as the desk's own keystore gives it. */
export async function storeKeyOf(folder: string): Promise<Buffer> {
  const keystore = await openFileKeystore(join(folder, 'keystore'));
  const sealed = readFileSync(join(folder, 'identity.sealed'));
  const { storeKey } = z
    .object({ storeKey: z.string() })
    .parse(JSON.parse(await keystore.unseal(sealed)));
  return Buffer.from(storeKey, 'hex');
}

/** The name of the replica that a desk opens: the newest. */
export function replicaFileOf(folder: string): string {
  const numbers = readdirSync(folder).flatMap((name) =>
    Number(/^replica-(\d+)\.db$/.exec(name)?.[1] ?? []),
  );
  return join(folder, `replica-${Math.max(...numbers)}.db`);
}

/** What a stopped desk left in its folder, against what the server's log says. */
export async function compareDesk(folder: string, truth: ReadonlyMap<string, string>) {
  const key = await storeKeyOf(folder);
  const replica = new Replica(openStore(replicaFileOf(folder), replicaMigrations, { key }));
  const outbox = openStore(join(folder, 'outbox.db'), outboxMigrations, { key });
  try {
    return {
      cursor: replica.cursor.seq,
      differs: firstDifference(truth, replica.picture),
      outboxWaiting: waitingIn(outbox),
    };
  } finally {
    outbox.close();
    replica.close();
  }
}

export const waitingIn = (outbox: Store): number =>
  outbox.prepare<[], number>('SELECT count(*) FROM outbox WHERE answer IS NULL').pluck().get() ??
  -1;

/** The first record of which a desk makes something else than the log says; undefined where there is none. */
function firstDifference(truth: ReadonlyMap<string, string>, picture: Picture) {
  const seen = new Set<string>();
  for (const [stream, entry] of picture.all()) {
    seen.add(stream);
    const [desk, log] = [JSON.stringify(entry), truth.get(stream)];
    if (desk !== log) return { stream, desk, log };
  }
  const missing = [...truth.keys()].find((stream) => !seen.has(stream));
  return missing === undefined ? undefined : { stream: missing, desk: 'not there' };
}
