import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';

const CONNECT_WITHIN_MS = 2_000;

/** Whether somebody answers at a port. */
export function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const told = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.setTimeout(CONNECT_WITHIN_MS, () => told(false));
    socket.once('connect', () => told(true));
    socket.once('error', () => told(false));
  });
}

const LISTENS = '0A'; // the state of a socket in /proc/net/tcp

/** The process that listens at a port, as far as this account may see it: `1234 (nginx)`. Linux only. */
export function portHolder(port: number): string | undefined {
  const inodes = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
      linesOf(file).flatMap((line) => {
        const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
        const isIts = Number.parseInt(local.split(':')[1] ?? '', 16) === port;
        return isIts && state === LISTENS && inode !== undefined ? [`socket:[${inode}]`] : [];
      }),
    ),
  );
  if (inodes.size === 0) return undefined;
  const pid = namesIn('/proc').find(
    (name) =>
      /^\d+$/.test(name) &&
      namesIn(`/proc/${name}/fd`).some((fd) => inodes.has(linkOf(`/proc/${name}/fd/${fd}`))),
  );
  return pid && `${pid} (${linesOf(`/proc/${pid}/comm`)[0] ?? ''})`;
}

// A process may end while it is looked at, or be another account's: then nothing is known of it.
const quietly = <T>(read: () => T, otherwise: T): T => {
  try {
    return read();
  } catch {
    return otherwise;
  }
};
const linesOf = (file: string) => quietly(() => readFileSync(file, 'utf8').trim().split('\n'), []);
const namesIn = (folder: string) => quietly(() => readdirSync(folder), []);
const linkOf = (path: string) => quietly(() => readlinkSync(path), '');
