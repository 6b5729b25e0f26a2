import process from 'node:process';
import { OutboxFolder, unsent } from './outbox-folder.ts';
import { commandId } from './room.ts';

/*
 * A process that does nothing but keep commands, and tells each once it is stored: `path key first`. It is
 * made to be killed.
 */
const [path = '', key = '', first = '1'] = process.argv.slice(2);
const { outbox } = OutboxFolder.at(path, Buffer.from(key, 'hex')).open();
const keep = (n: number) => {
  const put = outbox.put(unsent(n), []);
  if (put.outcome === 'stored') {
    const { outboxId, deskSeq } = put.stamped;
    process.stdout.write(`${JSON.stringify({ id: commandId(n), outboxId, deskSeq })}\n`);
  }
  setImmediate(() => keep(n + 1));
};
keep(Number(first));
