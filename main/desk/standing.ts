import type { Role } from '#domain/facts.ts';
import { dutyStream, userStream, type DeskId, type UserId } from '#domain/ids.ts';
import type { Desk, Seat } from './desk.ts';

/** What the log says of whoever sits here: that their account was closed, or that their role is another. */
export class Standing {
  readonly #desk: Desk;
  /** What the log last said of who sits here: only what it says anew counts against their sign-in. */
  #heard: Role | undefined;
  /** They have been on duty here, by the log or by what waits to go there, since they sat down. */
  #isOnDutyHere: boolean;

  /** `isSitting`: somebody sat here already when the desk ended, and was on duty. */
  constructor(desk: Desk, isSitting = false) {
    this.#desk = desk;
    this.#isOnDutyHere = isSitting;
  }

  isDisabled(user: UserId): boolean {
    return this.#known(user)?.isDisabled === true;
  }

  /** Somebody in the role that the log gives them; it may be another one since they last signed in here. */
  inRole(seat: Seat): Seat {
    const role = this.#known(seat.user.id)?.role ?? seat.user.role;
    return { ...seat, user: { ...seat.user, role } };
  }

  /** Somebody has sat down, or nobody is left. */
  sat(seat: Seat | undefined): void {
    this.#heard = seat && this.#known(seat.user.id)?.role;
    this.#isOnDutyHere = false;
  }

  /** Where somebody is on duty, by the log and what this desk has yet to bring to it. */
  dutyDesk(user: UserId): DeskId | undefined {
    const { entity } = this.#desk.room.get(dutyStream(user));
    return entity.kind === 'duty' ? entity.at?.desk : undefined;
  }

  /**
   * The desk at which whoever sits here has signed in since; undefined where they have not. Only after they
   * were on duty here: where that could not be stored, what is known is of before they sat down.
   */
  wentTo(seat: Seat): DeskId | undefined {
    const desk = this.dutyDesk(seat.user.id);
    if (desk === this.#desk.desk) this.#isOnDutyHere = true;
    return this.#isOnDutyHere && desk !== undefined && desk !== this.#desk.desk ? desk : undefined;
  }

  /** The log may have gone on: `closed`, or in which role they sit from now on; undefined: as they were. */
  hear(seat: Seat): 'closed' | Seat | undefined {
    const user = this.#known(seat.user.id);
    if (user?.isDisabled === true) return 'closed';
    if (user?.role === this.#heard) return undefined;
    this.#heard = user?.role;
    return user?.role === seat.user.role ? undefined : this.inRole(seat);
  }

  #known(user: UserId) {
    const entity = this.#desk.read(
      ({ picture }) => picture.get(userStream(user)),
      undefined,
    )?.entity;
    return entity?.kind === 'user' ? entity : undefined;
  }
}
