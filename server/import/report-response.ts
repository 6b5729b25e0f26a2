import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SEATTLE } from '#domain/dispatched-call.ts';
import { responseTimes, type ResponseReport } from '#domain/response-times.ts';
import { allCalls } from '#store/dispatched-calls.ts';
import { holdFolder } from '#store/hold-folder.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { logTrouble } from '../log/open-writer.ts';

export type LabelledReport = ResponseReport & {
  readonly label: string;
  readonly timeZone: string;
};

/** Times to attend from the dispatch records that a training force holds. Throws where it holds none. */
export function reportResponse(dataDir: string): LabelledReport {
  // Looked at and not made: a folder that was spelt wrong is no empty force.
  if (!existsSync(join(dataDir, 'log.db'))) throw new Error(`there is no log in ${dataDir}`);
  using stack = new DisposableStack();
  stack.use(holdFolder(dataDir));
  try {
    const log = stack.adopt(openStore(join(dataDir, 'log.db'), logMigrations), (it) => it.close());
    const report = responseTimes(allCalls(log));
    if (report.all.rows === 0)
      throw new Error(`${dataDir} holds no dispatch records: holdfast import cad FILE… first`);
    const { label, timeZone } = SEATTLE; // no other log takes any in
    return { label, timeZone, ...report };
  } catch (error) {
    throw logTrouble(dataDir, error);
  }
}
