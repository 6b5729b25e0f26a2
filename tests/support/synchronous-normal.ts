import Database from 'better-sqlite3';
import CipherDatabase from 'better-sqlite3-multiple-ciphers';

/**
 * Loaded before a program (`node --import`), it makes a liar of both drivers: whoever asks for
 * `synchronous = FULL` gets NORMAL, and FULL is what they read. It shows that what looks for the disk
 * can see that nobody waited for it.
 */
for (const { prototype } of [Database, CipherDatabase]) {
  // oxlint-disable-next-line typescript/unbound-method -- called with `this` below
  const { pragma } = prototype;
  prototype.pragma = function lie(this: Database.Database, source, options) {
    if (source === 'synchronous = FULL') return pragma.call(this, 'synchronous = NORMAL');
    if (source !== 'synchronous') return pragma.call(this, source, options);
    const told: unknown = pragma.call(this, source, options);
    return told === 1 ? 2 : told;
  };
}
