import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { GENESIS } from '#store/chain.ts';
import { isDamage } from '#store/file-trouble.ts';
import { logMigrations } from '#store/migrations.ts';
import { peekStore, schemaOf, takeAlone } from '#store/open-store.ts';
import { soundPage, SqliteEventLog } from '#store/sqlite-event-log.ts';
import { accountMigrations } from '../../server/auth/account-migrations.ts';
import { isLoopback } from '../../server/gateway/http.ts';
import { logTrouble } from '../../server/log/open-writer.ts';
import { refuseCopy } from '../../server/log/place.ts';
import { sizeWords } from '../../server/ops/disk-room.ts';
import { needed } from '../config/read-settings.ts';
import type { Settings } from '../config/settings.ts';
import { fault, fine, looked, warning, wordsOf, type Finding } from './finding.ts';
import { checkCertificate, checkDurable, checkFolder, checkRoom } from './machine-checks.ts';
import { isListening, portHolder } from './port-holder.ts';

const LOOKED_AT = 2_000; // events at each end of a log: some tens of milliseconds, and what a crash may catch
const WAL_WARN_BYTES = 64 * 1024 ** 2; // SQLite begins it again at 4 MB where nothing holds it up
const HOUR_MS = 3_600_000;

/** A running server's or desk's folder is held; the lock is asked for and let go at once. */
export function isHeld(dataDir: string): boolean {
  const file = join(dataDir, 'in-use.lock');
  if (!existsSync(file)) return false;
  const free = takeAlone(file, 0);
  free?.[Symbol.dispose]();
  return free === undefined;
}

/** All that can be said of a server's installation, beside one that runs and without it. */
export async function checkServer(
  settings: Settings<'serve'>,
  now: number,
): Promise<readonly Finding[]> {
  const { host, port, tlsCert, tlsKey, backups } = settings;
  const dataDir = needed('doctor serve', 'data', settings.data);
  const limits = { warnPercent: settings.diskWarnPercent, fullPercent: settings.diskFullPercent };
  const findings: Finding[] = [];
  const add = async (...given: Parameters<typeof looked>) => {
    findings.push(...(await looked(...given)));
  };
  const isThere = existsSync(dataDir);
  await add('folder', 'see to the folder of --data', () => checkFolder('folder', dataDir));
  if (isThere) {
    await add('disk', 'see to its disk', () => checkDurable('disk', dataDir));
    await add('room', 'see to its disk', () => checkRoom('room', dataDir, limits));
  }
  await add('port', 'give another --port', () => checkPort(dataDir, { host, port }));
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    findings.push(fault('certificate', 'there is only one of the two', 'give tlsCert and tlsKey'));
  else if (tlsCert !== undefined && tlsKey !== undefined)
    await add('certificate', 'put both files in place, readable for this account', () =>
      checkCertificate({ certFile: tlsCert, keyFile: tlsKey }, now),
    );
  else if (!isLoopback(host))
    findings.push(
      fault(
        'certificate',
        `it would listen on ${host} without TLS, and refuses to`,
        'give tlsCert and tlsKey, or listen on 127.0.0.1',
      ),
    );
  const isNew = !['log.db', 'picture.db', 'accounts.db'].some((it) =>
    existsSync(join(dataDir, it)),
  );
  if (isThere) {
    if (isNew) findings.push(fine('log', 'there is none yet; the first start begins it'));
    else {
      await add('log', 'see docs/OPERATIONS.md, "Restore"', () =>
        checkLog(dataDir, `force-${settings.force}`),
      );
      await add('accounts', 'put accounts.db of the last back-up in its place', () =>
        checkAccounts(dataDir),
      );
      await add('wal', 'see to its disk', () => checkWal(dataDir));
    }
  }
  if (backups === undefined)
    findings.push(
      warning('back-up', 'nobody said where back-ups are put', 'set "backups" to their folder'),
    );
  else {
    await add('back-up', 'make one: holdfast backup', () =>
      checkBackups(backups, { hours: settings.backupHours, isNew, now }),
    );
    if (existsSync(backups))
      await add('back-up room', 'see to its disk', () =>
        checkRoom('back-up room', backups, limits),
      );
  }
  return findings;
}

async function checkPort(
  dataDir: string,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Finding> {
  const check = 'port';
  const at = `${host}:${port}`;
  const isRunning = existsSync(dataDir) && isHeld(dataDir);
  if (port === 0) return fine(check, 'any free one is taken');
  if (await isListening(host, port)) {
    const who = portHolder(port);
    const holder = who === undefined ? 'a process that this account may not see' : `process ${who}`;
    return isRunning
      ? fine(check, `a server runs over this folder, and ${holder} answers at ${at}`)
      : fault(check, `${at} is taken by ${holder}`, 'end that, or give another port');
  }
  return isRunning
    ? warning(
        check,
        `a process holds this folder, and nobody answers at ${at}`,
        'wait until it has started; or it was started with another port, or is an import',
      )
    : fine(check, `${at} is free, and nobody uses the folder`);
}

/** Both ends of the log by its chain, whether this program may serve it, and what waits for a person. */
function checkLog(dataDir: string, logId: string): readonly Finding[] {
  const check = 'log';
  const restore =
    'keep the folder as it is; docs/OPERATIONS.md, "Restore"; the desks work on alone meanwhile';
  try {
    const db = peekStore(join(dataDir, 'log.db'));
    try {
      const schema = schemaOf(db);
      if (schema > logMigrations.length)
        return [
          fault(
            check,
            `a newer release wrote it (schema ${schema}, this program knows ${logMigrations.length})`,
            'start the newer release; docs/OPERATIONS.md, "Roll back"',
          ),
        ];
      if (schema < logMigrations.length)
        return [
          fine(check, `schema ${schema}; the next start brings it to ${logMigrations.length}`),
        ];
      refuseCopy(dataDir, db);
      const known = db.prepare<[], string>('SELECT log_id FROM log_meta').pluck().get();
      if (known !== undefined && known !== logId)
        return [
          fault(check, `it is the log of ${known}, and "force" says ${logId}`, 'set "force" right'),
        ];
      const events = new SqliteEventLog(db);
      const { seq } = events.head;
      const first = events.readAfter(0, LOOKED_AT);
      soundPage(0, first);
      if (seq > 0 && (first[0]?.header.seq !== 1 || first[0].header.prevHash !== GENESIS))
        return [fault(check, 'it does not begin with its first event', restore)];
      const from = Math.max(0, seq - LOOKED_AT);
      soundPage(from, events.readAfter(from, LOOKED_AT));
      const aside = db.prepare<[], number>('SELECT count(*) FROM tail_aside').pluck().get() ?? 0;
      return [
        fine(check, `${seq} events; both ends are what was written (all of it: holdfast verify)`),
        ...(aside === 0
          ? []
          : [
              warning(
                'set aside',
                `${aside} events that desks had could not be added after a restore`,
                'somebody has to read the table tail_aside of log.db and key what is missing',
              ),
            ]),
      ];
    } finally {
      db.close();
    }
  } catch (error) {
    const trouble = logTrouble(dataDir, error);
    return [fault(check, wordsOf(trouble), isDamage(trouble) ? restore : 'see to that first')];
  }
}

function checkAccounts(dataDir: string): Finding {
  const db = peekStore(join(dataDir, 'accounts.db'));
  try {
    const told = db.pragma('quick_check(1)', { simple: true });
    const schema = schemaOf(db);
    if (told !== 'ok')
      return fault('accounts', `accounts.db is damaged: ${wordsOf(told)}`, 'see "Restore"');
    if (schema > accountMigrations.length)
      return fault(
        'accounts',
        `a newer release wrote accounts.db (schema ${schema}, this program knows ${accountMigrations.length})`,
        'start the newer release; docs/OPERATIONS.md, "Roll back"',
      );
    return fine('accounts', 'accounts.db can be read');
  } finally {
    db.close();
  }
}

function checkWal(dataDir: string): Finding {
  const file = join(dataDir, 'log.db-wal');
  const bytes = existsSync(file) ? statSync(file).size : 0;
  if (existsSync(`${file}.as-found`))
    return warning(
      'wal',
      'a start after a crash did not come to its end; log.db-wal.as-found is what the crash left',
      'leave the file where it is and start the server; if that fails, keep the whole folder',
    );
  return bytes > WAL_WARN_BYTES
    ? warning(
        'wal',
        `log.db-wal has ${sizeWords(bytes)}: something keeps the log open and is not done with it`,
        'end what reads the log for long; a restart of the server brings it down too',
      )
    : fine('wal', `log.db-wal has ${sizeWords(bytes)}`);
}

const manifest = z.object({ madeAt: z.number(), seq: z.number() });

/** The newest back-up by what it says of itself; what is still being made, or is no back-up, does not count. */
function checkBackups(
  folder: string,
  {
    hours: most,
    isNew,
    now,
  }: { readonly hours: number; readonly isNew: boolean; readonly now: number },
): Finding {
  const check = 'back-up';
  const todo = `holdfast backup --to ${join(folder, 'NAME')}`;
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const made = names.flatMap((name) => {
    try {
      const text = readFileSync(join(folder, name, 'backup.json'), 'utf8');
      return [{ name, ...manifest.parse(JSON.parse(text)) }];
    } catch {
      return []; // no back-up
    }
  });
  const [newest] = made.toSorted((a, b) => b.madeAt - a.madeAt);
  if (!newest) return (isNew ? warning : fault)(check, `there is no back-up in ${folder}`, todo);
  const hours = Math.floor((now - newest.madeAt) / HOUR_MS);
  const found = `${newest.name} is the newest of ${made.length}, ${hours} h old, up to event ${newest.seq}`;
  return hours >= most ? warning(check, found, todo) : fine(check, found);
}
