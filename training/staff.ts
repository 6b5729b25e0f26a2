import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { Asked } from '#domain/commands.ts';
import { deskId, type DeskId, type IncidentId, type UserId } from '#domain/ids.ts';
import { count, type Counts } from './counts.ts';
import type { Doors, SignedIn } from './doors.ts';
import type { ForceRecord } from './force-record.ts';
import { RobotLine } from './robot-line.ts';

const RENEW_MS = 30 * 60_000; // before a grant ends: a robot has no shift to go home from
const AT_ONCE = 4; // sign-ins, each of which costs the server a key derivation

/** Somebody of the made-up force at a desk of its own. */
export class Robot {
  readonly name: string;
  readonly desk: DeskId;
  readonly user: UserId;
  readonly #line: RobotLine;
  readonly #counts: Counts;
  readonly #signIn: () => Promise<SignedIn>;
  #grant: Promise<SignedIn['grant']>;
  #notAfter: number;

  constructor(
    who: { readonly name: string; readonly desk: DeskId; readonly signedIn: SignedIn },
    line: RobotLine,
    ports: { readonly counts: Counts; readonly signIn: () => Promise<SignedIn> },
  ) {
    this.name = who.name;
    this.desk = who.desk;
    this.user = who.signedIn.user.id;
    this.#grant = Promise.resolve(who.signedIn.grant);
    this.#notAfter = who.signedIn.grant.notAfter;
    this.#line = line;
    this.#counts = ports.counts;
    this.#signIn = ports.signIn;
  }

  /** Asks, and resolves with whether it was recorded. */
  async ask(asked: Asked): Promise<boolean> {
    const { id: grant } = await this.#goodGrant();
    return count(this.#counts, await this.#line.ask(asked, { user: this.user, grant }));
  }

  /** Raises an incident under the next reference of this desk; that, or undefined where it was refused. */
  async raise(asked: Extract<Asked, { type: 'raise-incident' }>): Promise<IncidentId | undefined> {
    const { id: grant } = await this.#goodGrant();
    const reference = await this.#line.takeReference();
    const answer = await this.#line.ask(asked, { user: this.user, grant }, reference);
    return count(this.#counts, answer) ? reference : undefined;
  }

  end(): void {
    this.#line.end();
  }

  #goodGrant(): Promise<SignedIn['grant']> {
    if (this.#notAfter - this.#line.now < RENEW_MS) {
      this.#notAfter = Number.POSITIVE_INFINITY; // it is asked for once
      this.#grant = this.#signIn().then(({ grant }) => {
        this.#notAfter = grant.notAfter;
        return grant;
      });
    }
    return this.#grant;
  }
}

export interface Hiring {
  readonly doors: Doors;
  /** Of the administrator. */
  readonly token: string;
  /** Tells this training room from an earlier one on the same server: a few letters and digits. */
  readonly run: string;
  readonly handlers: number;
  readonly dispatchers: number;
  readonly timeZone: string;
  readonly record: ForceRecord;
  readonly counts: Counts;
  readonly failed: (error: Error) => void;
}

export interface Staff {
  readonly handlers: readonly Robot[];
  readonly dispatchers: readonly Robot[];
}

/** Adds the made-up force's own people and desks through the doors of an administrator, and sits them down. */
export async function hire(hiring: Hiring): Promise<Staff> {
  const roles = [
    ...Array.from({ length: hiring.handlers }, () => 'call-handler' as const),
    ...Array.from({ length: hiring.dispatchers }, () => 'dispatcher' as const),
  ];
  const all: Robot[] = [];
  for (let first = 0; first < roles.length; first += AT_ONCE)
    all.push(
      ...(await Promise.all(
        roles.slice(first, first + AT_ONCE).map((role, n) => hireOne(hiring, role, first + n + 1)),
      )),
    );
  return { handlers: all.slice(0, hiring.handlers), dispatchers: all.slice(hiring.handlers) };
}

/** The names of the people and desks of a training room, from 1 on. */
export const nameOf = (run: string, n: number) => `training-${run}-${n}`;
export const deskNameOf = (run: string, n: number) => deskId.parse(`TR${n}-${run}`);

/** The key by which it hands its contacts in. */
export const keyNameOf = (run: string) => `training ${run} (made up)`;

/** The training room that a person, a desk or a key is of, by its name; undefined for anybody else's. */
export const runOfPerson = (name: string) => /^training-([0-9a-f]{6})-\d{1,3}$/.exec(name)?.[1];
export const runOfDesk = (desk: string) => /^TR\d{1,3}-([0-9a-f]{6})$/.exec(desk)?.[1];
export const runOfKey = (name: string) => /^training ([0-9a-f]{6}) \(made up\)$/.exec(name)?.[1];

async function hireOne(
  { doors, token, run, timeZone, record, counts, failed }: Hiring,
  role: 'call-handler' | 'dispatcher',
  n: number,
): Promise<Robot> {
  const name = nameOf(run, n);
  const desk = deskNameOf(run, n);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const spki = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const { force } = await doors.enrol(token, desk, spki);
  const words = role === 'dispatcher' ? 'Dispatcher' : 'Handler';
  const displayName = `${words} ${n} (made up)`;
  const { password: first } = await doors.addUser(token, { name, displayName, role });
  const password = randomBytes(18).toString('base64url'); // known to this process only
  const signedIn = await doors.signIn({ name, password: first, newPassword: password, desk });
  const line = new RobotLine({
    url: doors.syncUrl,
    desk,
    key: privateKey,
    force,
    timeZone,
    record,
    failed,
  });
  await line.joined;
  const robot = new Robot({ name, desk, signedIn }, line, {
    counts,
    signIn: () => doors.signIn({ name, password, desk }),
  });
  await robot.ask({ type: 'start-duty', body: {} });
  return robot;
}
