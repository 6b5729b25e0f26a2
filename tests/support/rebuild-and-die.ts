import process from 'node:process';
import { rebuildFolder } from '#server/log/open-writer.ts';

/** Makes the read model of a folder again and dies by SIGKILL at a step of it: `rebuild-and-die.ts DIR STEP`. */
const [, , dataDir, at] = process.argv;
rebuildFolder(dataDir ?? '', (step) => {
  if (step === at) process.kill(process.pid, 'SIGKILL');
});
