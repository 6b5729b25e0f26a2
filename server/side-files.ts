import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { EpochMs } from '#domain/ids.ts';
import { DamagedFileError, fileTrouble, isDamage } from '#store/file-trouble.ts';
import { putAside } from '#store/file-parts.ts';
import { openSound } from '#store/open-sound.ts';
import { openStore, type Store } from '#store/open-store.ts';
import { accountMigrations } from './auth/account-migrations.ts';
import { Accounts } from './auth/accounts.ts';
import { DraftCopies, draftMigrations } from './gateway/draft-copies.ts';
import type { Recorder } from './log/recorder-port.ts';

const FIRST_EVENTS = 200; // among them is the first administrator, of every folder that was ever served

/**
 * Opens the file of who may come in. One that is damaged, or was taken away from a log that knows
 * people, stops the start: a server that made a new one would let nobody in but whoever reads its lines.
 */
export function openAccounts(dataDir: string, recorder: Recorder): Store {
  const file = join(dataDir, 'accounts.db');
  const remedy =
    'Nothing was changed. Keep the file, put accounts.db of the last back-up in its place, and start ' +
    'again; whoever was added or changed since then is to be added or changed again.';
  try {
    const isKnown = () =>
      recorder.readAfter(0, FIRST_EVENTS).some(({ header }) => header.type === 'user.added');
    if (!(existsSync(file) && statSync(file).size > 0) && isKnown())
      throw new DamagedFileError('it is missing or empty, and the log knows people');
    return openSound(file, accountMigrations, {
      use: (db) => void new Accounts(db, () => 0 as EpochMs),
    });
  } catch (error) {
    throw fileTrouble(file, remedy, error);
  }
}

/**
 * Opens the copies of the desks' drafts. A damaged file is put aside as it is and a new one begun: each
 * desk has its own drafts still, and copies them again as they change. That is told in one line.
 */
export function openDrafts(dataDir: string, told: (line: string) => void): Store {
  const file = join(dataDir, 'drafts.db');
  try {
    return openSound(file, draftMigrations, { use: (db) => void new DraftCopies(db) });
  } catch (error) {
    if (!isDamage(error)) throw fileTrouble(file, '', error);
    const aside = putAside(file, 'put-aside');
    told(
      `drafts.db in ${dataDir} is damaged; a new one was begun and the old one is ${aside}. ` +
        'The desks have their own drafts; what was typed at a desk that is gone may be in the old file.',
    );
    return openStore(file, draftMigrations);
  }
}
