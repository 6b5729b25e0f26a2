import { createHash } from 'node:crypto';

/** What is kept of a token, a code or a key. */
// Of a random 128 or 256 bits a plain hash is enough, and looking it up tells nothing by its timing.
export const hashOf = (secret: string) => createHash('sha256').update(secret).digest('hex');
