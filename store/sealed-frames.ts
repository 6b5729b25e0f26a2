import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { assert } from '#domain/lib/assert.ts';
import { syncFolder } from './sync-file.ts';

/*
 * A file of sealed frames, one after another, then zeros that are reserved for those to come:
 *
 *     mark 4 | file 8 | number 8 | length 4 | nonce 12 | ciphertext | tag 16
 *
 * Each frame is encrypted and authenticated by itself, with the file's own random name and its number in
 * it: one that was changed, moved, doubled or brought from another file is no frame. What comes after a
 * bad one is found again by its mark. Behind the last frame there is always a zero, and the file always
 * ends on a whole reserve: a file that was cut shows it.
 */
const MARK = Buffer.from('HFfr', 'latin1');
const PLACE_BYTES = 24;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = PLACE_BYTES + NONCE_BYTES;
const BODY_MAX_BYTES = 64 << 20; // far more than any change of a desk; a damaged length asks for no more
const RESERVE_BYTES = 1 << 18; // a file that grows takes twice as long to sync as one that is written over

const algorithm = 'chacha20-poly1305';
const options = { authTagLength: TAG_BYTES } as const;

/** Not the store's own key, since another cipher is used with it. `key` has 32 bytes. */
const sealingKey = (key: Uint8Array) =>
  Buffer.from(hkdfSync('sha256', key, new Uint8Array(), 'holdfast sealed frames', 32));

export interface ReadFrames {
  /** What could be opened, in the order in which it was written. */
  readonly bodies: readonly Buffer[];
  /** Every frame that was ever written to the file is here, as far as the file itself can tell. */
  readonly isWhole: boolean;
}

/** Reads a file of sealed frames, as much of it as is what was written. Throws where the file cannot be read. */
export function readFrames(path: string, key: Uint8Array): ReadFrames {
  const bytes = readFileSync(path);
  const sealing = sealingKey(key);
  const bodies: Buffer[] = [];
  let [at, next, isWhole] = [0, 0, bytes.length > 0];
  while (at < bytes.length) {
    const frame = frameAt(bytes, at, sealing);
    if (frame && frame.number >= next) {
      isWhole &&= frame.number === next;
      next = frame.number + 1;
      bodies.push(frame.body);
      at = frame.end;
      continue;
    }
    const isEnd = isReserve(bytes, at);
    isWhole &&= isEnd && bytes.length % RESERVE_BYTES === 0;
    if (isEnd) break;
    const found = bytes.indexOf(MARK, at + 1);
    at = found < 0 ? bytes.length : found;
    isWhole = false;
  }
  // A frame that ends where the file does has lost what stood behind it.
  return { bodies, isWhole: isWhole && at < bytes.length };
}

function isReserve(bytes: Buffer, from: number): boolean {
  for (let at = from; at < bytes.length; at += 1) if (bytes[at] !== 0) return false;
  return true;
}

function frameAt(bytes: Buffer, at: number, key: Buffer) {
  if (at + HEAD_BYTES + TAG_BYTES > bytes.length) return undefined;
  if (bytes.compare(MARK, 0, MARK.length, at, at + MARK.length) !== 0) return undefined;
  const place = bytes.subarray(at, at + PLACE_BYTES);
  const length = place.readUInt32BE(20);
  const end = at + HEAD_BYTES + length + TAG_BYTES;
  if (length > BODY_MAX_BYTES || end > bytes.length) return undefined;
  const nonce = bytes.subarray(at + PLACE_BYTES, at + HEAD_BYTES);
  const decipher = createDecipheriv(algorithm, key, nonce, options);
  decipher.setAAD(place, { plaintextLength: length });
  decipher.setAuthTag(bytes.subarray(end - TAG_BYTES, end));
  try {
    const text = decipher.update(bytes.subarray(at + HEAD_BYTES, end - TAG_BYTES));
    decipher.final();
    return { number: Number(place.readBigUInt64BE(12)), body: text, end };
  } catch {
    return undefined; // it is not what was written
  }
}

/** Writes a file of sealed frames. One process at a time has a file open. */
export class SealedFrames implements Disposable {
  readonly #fd: number;
  readonly #key: Buffer;
  readonly #name = randomBytes(8);
  readonly #path: string;
  readonly #inode: bigint;
  #bytes = 0;
  #count = 0;
  #reserved = 0;

  private constructor(path: string, fd: number, key: Uint8Array) {
    this.#path = path;
    this.#fd = fd;
    this.#inode = fstatSync(fd, { bigint: true }).ino;
    this.#key = sealingKey(key);
  }

  /**
   * Makes a file of these bodies in the place of the one at `path`. It is on the disk when this returns;
   * whatever ends the process before, there is the old file or the new one, whole. Throws what the disk says.
   */
  static replace(path: string, key: Uint8Array, bodies: Iterable<Uint8Array>): SealedFrames {
    const fresh = `${path}.new`;
    const frames = new SealedFrames(path, openSync(fresh, 'w', 0o600), key);
    try {
      for (const body of bodies) frames.#write(body);
      fsyncSync(frames.#fd);
      renameSync(fresh, path);
      syncFolder(dirname(path));
      return frames;
    } catch (error) {
      frames[Symbol.dispose]();
      rmSync(fresh, { force: true }); // a full disk needs the room
      throw error;
    }
  }

  /** How long the frames are, in bytes, without what is reserved. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a frame. It is on the disk when this returns. Throws what the disk says; then the file is not to be added to. */
  append(body: Uint8Array): void {
    this.#write(body);
    fdatasyncSync(this.#fd);
    if (!this.isInPlace)
      throw new Error('its file was removed, or somebody else keeps theirs in its place');
  }

  /** Whether what is written here is what is found under its name: a file that was removed takes all that is written to it. */
  get isInPlace(): boolean {
    return statSync(this.#path, { bigint: true, throwIfNoEntry: false })?.ino === this.#inode;
  }

  #write(body: Uint8Array): void {
    assert(body.length <= BODY_MAX_BYTES, 'a frame has its limit');
    const place = Buffer.alloc(PLACE_BYTES);
    MARK.copy(place);
    this.#name.copy(place, 4);
    place.writeBigUInt64BE(BigInt(this.#count), 12);
    place.writeUInt32BE(body.length, 20);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(algorithm, this.#key, nonce, options);
    cipher.setAAD(place, { plaintextLength: body.length });
    const text = cipher.update(body);
    cipher.final();
    const frame = Buffer.concat([place, nonce, text, cipher.getAuthTag()]);
    while (this.#reserved <= this.#bytes + frame.length) {
      writeAll(this.#fd, Buffer.alloc(RESERVE_BYTES), this.#reserved);
      this.#reserved += RESERVE_BYTES;
      fsyncSync(this.#fd); // its length, too
    }
    writeAll(this.#fd, frame, this.#bytes);
    this.#bytes += frame.length;
    this.#count += 1;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

function writeAll(fd: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length;)
    done += writeSync(fd, bytes, done, bytes.length - done, at + done);
}
