import type { DeskId, EpochMs } from '#domain/ids.ts';
import type { Administered, DeskAdminister } from '#protocol/administer.ts';
import type { Accounts } from '../auth/accounts.ts';
import { judgeDoing, type DoingRefusal } from '../auth/policy.ts';
import type { Administering } from './administering.ts';
import { Refused } from './refused.ts';
import type { Turnaways } from './turnaways.ts';

export interface DeskAdministerPorts {
  readonly accounts: Accounts;
  readonly administering: Administering;
  readonly now: () => EpochMs;
  /** Puts on record what was refused at the door. */
  readonly turnedAway: (row: Parameters<Turnaways['add']>[0]) => void;
  readonly failed: (error: unknown) => void;
}

const AT_ONCE_MAX = 8; // of one desk: a person waits for one, and a window reads a list meanwhile
const MESSAGE_MAX = 400; // of a refusal, in its schema

const words: Readonly<Record<DoingRefusal, string>> = {
  'unknown-grant': 'The server does not know this sign-in: sign out, sign in and do it again.',
  'grant-expired': 'Your sign-in has run out: sign in again. Nothing was done.',
  'grant-revoked': 'Your sign-in was taken back. Nothing was done.',
  'wrong-desk': 'Your sign-in is of another desk: sign in here. Nothing was done.',
  'wrong-actor': 'This sign-in is another person’s. Nothing was done.',
  'not-permitted': 'Only an administrator may do this. Nothing was done.',
};

/** What the windows of one desk ask of the administration: judged as at now, then done as over HTTP. */
export class DeskAdministering {
  readonly #ports: DeskAdministerPorts;
  #atOnce = 0;

  constructor(ports: DeskAdministerPorts) {
    this.#ports = ports;
  }

  /** Always answers, also where it could not be done. */
  async ask(frame: DeskAdminister, desk: DeskId): Promise<Administered> {
    const { id, doing, actor } = frame;
    const answer = (outcome: Administered['outcome']): Administered => ({
      frame: 'administered',
      id,
      outcome,
    });
    const refuse = (reason: string, message: string) =>
      answer({ kind: 'refused', reason, message: message.slice(0, MESSAGE_MAX) });
    const { accounts, administering, now } = this.#ports;
    const refusal = judgeDoing({ ...frame, what: doing.what, desk, at: now() }, accounts);
    if (refusal !== undefined) {
      // A desk speaks for who has sat at it, and for nobody else.
      const who = accounts.hasSatAt(actor, desk) ? actor : 'unknown';
      const row = { actor: who, desk, what: doing.what, subject: who };
      this.#ports.turnedAway({ ...row, outcome: `refused ${refusal}` });
      return refuse(refusal, words[refusal]);
    }
    if (this.#atOnce >= AT_ONCE_MAX)
      return refuse('busy', 'This desk has asked for a lot at once. Nothing was done: try again.');
    this.#atOnce += 1;
    try {
      const done = await administering.do({ user: actor, desk, doing: id }, doing);
      return answer({ kind: 'done', answer: { ...done } });
    } catch (error) {
      if (error instanceof Refused) return refuse(error.reason, error.message);
      this.#ports.failed(error);
      return refuse(
        'not-known',
        'The server failed at it: not known whether it was done. Look at the list.',
      );
    } finally {
      this.#atOnce -= 1;
    }
  }
}
