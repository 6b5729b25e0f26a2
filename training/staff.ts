import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { Asked } from '#domain/commands.ts';
import { deskId, type DeskId, type IncidentId, type UserId } from '#domain/ids.ts';
import type { Answer } from '#protocol/ack.ts';
import { count, type Counts } from './counts.ts';
import type { Doors, SignedIn } from './doors.ts';
import type { ForceRecord } from './force-record.ts';
import type { Robot } from './robot.ts';
import { RobotLine } from './robot-line.ts';

const RENEW_MS = 30 * 60_000; // before a grant ends: a robot has no shift to go home from
const AT_ONCE = 4; // sign-ins, each of which costs the server a key derivation

/** Somebody of the made-up force at a desk of its own. */
export class SeatedRobot implements Robot {
  readonly name: string;
  readonly desk: DeskId;
  readonly user: UserId;
  readonly #line: RobotLine;
  readonly #counts: Counts;
  readonly #record: ForceRecord;
  readonly #signIn: () => Promise<SignedIn>;
  #grant: Promise<SignedIn['grant']>;
  #notAfter: number;

  constructor(
    who: { readonly name: string; readonly desk: DeskId; readonly signedIn: SignedIn },
    line: RobotLine,
    ports: {
      readonly counts: Counts;
      readonly record: ForceRecord;
      readonly signIn: () => Promise<SignedIn>;
    },
  ) {
    this.name = who.name;
    this.desk = who.desk;
    this.user = who.signedIn.user.id;
    this.#grant = Promise.resolve(who.signedIn.grant);
    this.#notAfter = who.signedIn.grant.notAfter;
    this.#line = line;
    this.#counts = ports.counts;
    this.#record = ports.record;
    this.#signIn = ports.signIn;
  }

  async ask(asked: Asked): Promise<boolean> {
    const { id: grant } = await this.#goodGrant();
    return this.#heard(await this.#line.ask(asked, { user: this.user, grant }));
  }

  async raise(asked: Extract<Asked, { type: 'raise-incident' }>): Promise<IncidentId | undefined> {
    const { id: grant } = await this.#goodGrant();
    const reference = await this.#line.takeReference();
    const answer = await this.#line.ask(asked, { user: this.user, grant }, reference);
    return (await this.#heard(answer)) ? reference : undefined;
  }

  /**
   * A line that catches up gets an answer before the events of it: a robot that went on at once would not see
   * that a contact is its own, and would leave it to nobody.
   */
  async #heard(answer: Answer): Promise<boolean> {
    const isRecorded = count(this.#counts, answer);
    if (answer.state === 'recorded')
      await this.#record.until(() => this.#record.seq >= answer.lastSeq);
    return isRecorded;
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
  readonly handlers: readonly SeatedRobot[];
  readonly dispatchers: readonly SeatedRobot[];
  readonly supervisors: readonly SeatedRobot[];
}

/** Somebody has to take what was left standing too long. */
export const SUPERVISORS = 1;

/** How many people and desks a training room adds. */
export const headsOf = ({ handlers, dispatchers }: Pick<Hiring, 'handlers' | 'dispatchers'>) =>
  handlers + dispatchers + SUPERVISORS;

export const everybodyOf = ({ handlers, dispatchers, supervisors }: Staff) => [
  ...handlers,
  ...dispatchers,
  ...supervisors,
];

/** Adds the made-up force's own people and desks through the doors of an administrator, and sits them down. */
export async function hire(hiring: Hiring): Promise<Staff> {
  const roles = [
    ...Array.from({ length: hiring.handlers }, () => 'call-handler' as const),
    ...Array.from({ length: hiring.dispatchers }, () => 'dispatcher' as const),
    ...Array.from({ length: SUPERVISORS }, () => 'supervisor' as const),
  ];
  const all: SeatedRobot[] = [];
  for (let first = 0; first < roles.length; first += AT_ONCE)
    all.push(
      ...(await Promise.all(
        roles.slice(first, first + AT_ONCE).map((role, n) => hireOne(hiring, role, first + n + 1)),
      )),
    );
  const { handlers, dispatchers } = hiring;
  return {
    handlers: all.slice(0, handlers),
    dispatchers: all.slice(handlers, handlers + dispatchers),
    supervisors: all.slice(handlers + dispatchers),
  };
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
const words = {
  'call-handler': 'Handler',
  dispatcher: 'Dispatcher',
  supervisor: 'Supervisor',
} as const;

async function hireOne(
  { doors, token, run, timeZone, record, counts, failed }: Hiring,
  role: keyof typeof words,
  n: number,
): Promise<SeatedRobot> {
  const name = nameOf(run, n);
  const desk = deskNameOf(run, n);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const spki = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const { force } = await doors.enrol(token, desk, spki);
  const displayName = `${words[role]} ${n} (made up)`;
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
  const robot = new SeatedRobot({ name, desk, signedIn }, line, {
    counts,
    record,
    signIn: () => doors.signIn({ name, password, desk }),
  });
  await robot.ask({ type: 'start-duty', body: {} });
  return robot;
}
