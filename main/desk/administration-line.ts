import type { CommandId, EpochMs } from '#domain/ids.ts';
import type { Administer, Administered } from '#protocol/administer.ts';
import type { Result } from '#protocol/query.ts';
import type { DeskUp } from '#protocol/up.ts';
import type { Seat } from './desk.ts';

type Outcome = Result['outcome'];

export interface AdministrationPorts {
  /** Sends a frame where there is a line to the server; says whether there was. */
  readonly send: (frame: DeskUp) => boolean;
  readonly now: () => EpochMs;
}

const ANSWER_WITHIN_MS = 12_000; // a password's seal behind a queue of sign-ins; the window waits longer

const refused = (reason: string, message: string): Outcome => ({
  kind: 'refused',
  reason,
  message,
});

/**
 * What an administrator asks at this desk, on its way to the server and back. Nothing of it is stored here:
 * without a server nothing is done, and an answer, which may hold a secret, is passed on and forgotten. What
 * was sent and has no answer is neither done nor failed: that is said, and it is never sent a second time.
 */
export class AdministrationLine {
  readonly #ports: AdministrationPorts;
  readonly #waiting = new Map<CommandId, (outcome: Outcome) => void>();

  constructor(ports: AdministrationPorts) {
    this.#ports = ports;
  }

  /** Always answers. */
  async ask({ id, doing }: Omit<Administer, 'frame'>, { user, grant }: Seat): Promise<Outcome> {
    if (this.#waiting.has(id))
      return refused('already-asked', 'This is on its way already. Wait for its answer.');
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.#waiting.set(id, resolve);
    const notKnown = () =>
      resolve(
        refused(
          'not-known',
          'The server did not answer: not known whether it was done. Look at the list.',
        ),
      );
    const timer = setTimeout(notKnown, ANSWER_WITHIN_MS);
    try {
      const frame = {
        frame: 'desk-administer',
        id,
        doing,
        actor: user.id,
        grant: grant.id,
      } as const;
      if (!this.#ports.send(frame))
        return refused('server-away', 'Administration needs the server; nothing was done.');
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  /** The server's answer; one that nobody waits for any more is let go. */
  heard({ id, outcome }: Administered): void {
    this.#waiting.get(id)?.(
      outcome.kind === 'done'
        ? { kind: 'rows', rows: [outcome.answer], asAt: this.#ports.now() }
        : outcome,
    );
  }

  /** The line to the server has ended: what is on it may have been done or not. */
  lost(): void {
    for (const resolve of this.#waiting.values())
      resolve(
        refused(
          'not-known',
          'The line was lost before the answer: not known whether it was done. Look at the list.',
        ),
      );
  }
}
