import { generateKeyPairSync } from 'node:crypto';
import { NewForce, PASSWORD } from '../../support/new-force.ts';
import type { LoadDesk } from './load-line.ts';

const AT_ONCE = 8;
const WRITER = 'writer';

/** A new force in a real `serve` process, with enrolled desks that a load process can speak for. */
export class LoadForce implements AsyncDisposable {
  readonly force: NewForce;
  #desks = 0;
  #hasPerson = false;

  private constructor(force: NewForce) {
    this.force = force;
  }

  static async start(): Promise<LoadForce> {
    return new LoadForce(await NewForce.start());
  }

  /** Where desks connect. */
  get syncUrl(): string {
    return `${this.force.url.replace(/^http/, 'ws')}/sync`;
  }

  /** Enrols so many more desks, each with a key of its own; at the first `writers` of them somebody sits. */
  async enrol(count: number, writers = 0): Promise<readonly LoadDesk[]> {
    const desks: LoadDesk[] = [];
    for (let at = 0; at < count; at += AT_ONCE)
      desks.push(
        ...(await Promise.all(
          Array.from({ length: Math.min(AT_ONCE, count - at) }, () => this.#enrolOne()),
        )),
      );
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

  async #enrolOne(): Promise<LoadDesk> {
    this.#desks += 1;
    const desk = `L${this.#desks}`;
    const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const { code } = await this.force.admin('/api/desks/codes', {});
    const { status, answer } = await this.force.ask('POST', '/api/desks/enrol', {
      code,
      desk,
      publicKey,
    });
    if (status !== 200) throw new Error(JSON.stringify(answer));
    return { desk, privateKey };
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
