import type { Role } from '#domain/facts.ts';
import { userStream, type UserId } from '#domain/ids.ts';
import type { Desk, Seat } from './desk.ts';

/** What the log says of whoever sits here: that their account was closed, or that their role is another. */
export class Standing {
  readonly #desk: Desk;
  /** What the log last said of who sits here: only what it says anew counts against their sign-in. */
  #heard: Role | undefined;

  constructor(desk: Desk) {
    this.#desk = desk;
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
