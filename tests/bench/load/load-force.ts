import { generateKeyPairSync } from 'node:crypto';
import { NewForce, PASSWORD } from '../../support/new-force.ts';
import type { LoadDesk } from './load-line.ts';

const AT_ONCE = 8;
const WRITER = 'writer';

/** A running server, and the word of its administrator. */
export type Site = Pick<NewForce, 'url' | 'ask' | 'admin'>;

/** Where the desks of a site connect. */
export const syncUrlOf = ({ url }: Pick<Site, 'url'>) => `${url.replace(/^http/, 'ws')}/sync`;

/** Enrols so many desks, each with a key of its own; their names begin with `name`. */
export async function enrolDesks(
  site: Site,
  name: string,
  count: number,
): Promise<readonly LoadDesk[]> {
  const desks: LoadDesk[] = [];
  for (let at = 0; at < count; at += AT_ONCE)
    desks.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(AT_ONCE, count - at) }, (_none, n) =>
          enrolOne(site, `${name}${at + n + 1}`),
        ),
      )),
    );
  return desks;
}

async function enrolOne(site: Site, desk: string): Promise<LoadDesk> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const { code } = await site.admin('/api/desks/codes', {});
  const { status, answer } = await site.ask('POST', '/api/desks/enrol', { code, desk, publicKey });
  if (status !== 200) throw new Error(JSON.stringify(answer));
  return { desk, privateKey };
}

/** A new force in a real `serve` process, with enrolled desks that a load process can speak for. */
export class LoadForce implements AsyncDisposable {
  readonly force: NewForce;
  #groups = 0;
  #hasPerson = false;

  private constructor(force: NewForce) {
    this.force = force;
  }

  static async start(): Promise<LoadForce> {
    return new LoadForce(await NewForce.start());
  }

  /** The same over a force that somebody else started, and ends. */
  static over(force: NewForce): LoadForce {
    return new LoadForce(force);
  }

  get syncUrl(): string {
    return syncUrlOf(this.force);
  }

  /** Enrols so many more desks; at the first `writers` of them somebody sits. */
  async enrol(count: number, writers = 0): Promise<readonly LoadDesk[]> {
    this.#groups += 1;
    const desks = await enrolDesks(this.force, `L${this.#groups}-`, count);
    if (writers > 0 && !this.#hasPerson) {
      await this.force.addUser(WRITER, 'call-handler');
      this.#hasPerson = true;
    }
    return Promise.all(
      desks.map(async (desk, at) =>
        at < writers ? { ...desk, writer: await this.#sitDown(desk.desk) } : desk,
      ),
    );
  }

  /** One person, who signs in at every desk that writes: what a password costs is not what is measured. */
  async #sitDown(desk: string) {
    const body = { name: WRITER, password: PASSWORD, desk };
    const { status, answer } = await this.force.ask('POST', '/api/session', body);
    if (status !== 200) throw new Error(JSON.stringify(answer));
    const { user, grant } = answer as { user: { id: string }; grant: { id: string } }; // as the server tells it
    return { user: user.id, grant: grant.id };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.force[Symbol.asyncDispose]();
  }
}
