import { DamagedFileError } from './file-trouble.ts';
import { openStore, type Store } from './open-store.ts';

/**
 * Opens a small store and looks at all of it; `use` prepares what will be asked of it. Throws
 * `DamagedFileError`, or what SQLite says.
 */
export function openSound(
  file: string,
  migrations: readonly string[],
  options: { readonly key?: Uint8Array; readonly use?: (db: Store) => void } = {},
): Store {
  const db = openStore(file, migrations, options);
  try {
    const told = db.pragma('integrity_check(1)', { simple: true });
    if (told !== 'ok') throw new DamagedFileError(String(told));
    options.use?.(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
