import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** OWASP ASVS 5.0, appendix C: N = 2^17, r = 8, p = 1. One derivation takes 128 MiB. */
export const SCRYPT_COST = 2 ** 17;
const SCRYPT_MEMORY_MAX = 256 * 1024 * 1024;
const DERIVING_MAX = 2; // 128 MiB each, and two of the four threads that files and names need as well
const DERIVING_WAITING_MAX = 64; // two rooms signing in at once, about 15 s of waiting for the last

/** What is kept of a password. */
export interface Sealed {
  readonly salt: Uint8Array;
  readonly verifier: Uint8Array;
}

/** Makes of a password what is kept of it, and compares. */
export class Passwords {
  readonly #cost: number;
  readonly #waiting: (() => void)[] = [];
  #deriving = 0;

  constructor(cost: number) {
    this.#cost = cost;
  }

  /** Whether so many wait that one more would wait too long. */
  get isBusy(): boolean {
    return this.#waiting.length >= DERIVING_WAITING_MAX;
  }

  async seal(password: string): Promise<Sealed> {
    const salt = randomBytes(16);
    return { salt, verifier: await this.derive(password, salt) };
  }

  /** On a thread of libuv's, a few at a time: the log, the sockets and the files go on meanwhile. */
  async derive(password: string, salt: Uint8Array = NO_SALT): Promise<Buffer> {
    while (this.#deriving >= DERIVING_MAX)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#deriving += 1;
    const options = { N: this.#cost, r: 8, p: 1, maxmem: SCRYPT_MEMORY_MAX };
    try {
      return await new Promise((resolve, reject) => {
        scrypt(password.normalize('NFKC'), salt, 32, options, (error, key) =>
          error ? reject(error) : resolve(key),
        );
      });
    } finally {
      this.#deriving -= 1;
      this.#waiting.shift()?.();
    }
  }
}

/** Whether what was derived is what is kept. Where nothing is kept it costs the same, and the answer is not used. */
export const isSame = (derived: Uint8Array, kept: Uint8Array = NO_VERIFIER): boolean =>
  timingSafeEqual(derived, kept);

const NO_SALT = new Uint8Array(16);
const NO_VERIFIER = new Uint8Array(32);

const DICTATED = 'abcdefghjkmnpqrstvwxyz0123456789'; // no letter that is heard or read as another

/** A first password, which is read out or copied by hand: 80 bits in groups of four. */
export const newPassword = (): string =>
  [...randomBytes(16)]
    .map((byte) => DICTATED[byte % DICTATED.length])
    .join('')
    .replaceAll(/.{4}(?=.)/g, '$&-');
