import { join } from 'node:path';
import { fileTrouble } from './file-trouble.ts';
import { takeAlone } from './open-store.ts';

const WAIT_MS = 2_000; // one that was killed a moment ago may still be on its way out

/**
 * Holds a data folder, so that never two write one log: a server, an import, a rebuild. Throws what an
 * operator can act on where another process has it. A process that dies by SIGKILL has let it go.
 */
export function holdFolder(dataDir: string): Disposable {
  const held = take(join(dataDir, 'in-use.lock'));
  if (held) return held;
  throw new Error(
    `another Holdfast process uses this folder: ${dataDir}. ` +
      'Stop it first, or name another folder; nothing was changed.',
  );
}

function take(file: string): Disposable | undefined {
  try {
    return takeAlone(file, WAIT_MS);
  } catch (error) {
    throw fileTrouble(file, 'It holds nothing: remove it and start again.', error);
  }
}
