import type { ShiftHandoverRow } from '#protocol/view.ts';
import type { ActionPorts } from './actions.ts';
import type { DeskLine } from './desk-line.ts';
import { me } from './selectors.ts';
import type { WindowState, WindowStore } from './window-store.ts';

/** Something that this person owns, and can give to the next shift. */
export interface Owned {
  readonly id: string;
  readonly kind: 'contact' | 'incident' | 'emergency';
  readonly of: string;
  readonly what: string;
}

/** Emergencies first, then incidents by grade, then contacts. What waits for the floor is nobody's own. */
export function selectOwned(state: WindowState): readonly Owned[] {
  const user = me(state);
  if (user === undefined) return [];
  const owned = (kind: Owned['kind'], of: string, what: string): Owned => ({
    id: `${kind} ${of}`,
    kind,
    of,
    what,
  });
  const emergencies = [...state.units.values()]
    .filter(({ emergency }) => emergency?.owner?.user === user)
    .map(({ id }) => owned('emergency', id, `Emergency of ${id}`));
  const incidents = [...state.incidents.values()]
    .filter((row) => row.owner?.user === user && row.closedAt === undefined)
    .toSorted((left, right) => left.grade - right.grade || left.id.localeCompare(right.id))
    .map(({ id, openingCode, grade, place }) =>
      owned('incident', id, `${openingCode} grade ${grade}, ${place.text}`),
    );
  const contacts = [...state.contacts.values()]
    .filter((row) => row.owner?.user === user && row.state !== 'finished')
    .map(({ id, channel, details }) =>
      owned(
        'contact',
        id,
        ['Contact on', channel, details.place?.text ?? details.informant].filter(Boolean).join(' '),
      ),
    );
  return [...emergencies, ...incidents, ...contacts];
}

/** Whom it may go to: everybody on duty who may own it, then whoever is next in a role. */
export interface Receiver {
  readonly id: string;
  readonly name: string;
  readonly to:
    | { readonly kind: 'person'; readonly user: string }
    | { readonly kind: 'role'; readonly role: 'call-handler' | 'dispatcher' | 'supervisor' };
}

const roles = ['dispatcher', 'supervisor', 'call-handler'] as const;

export function selectReceivers(state: WindowState): readonly Receiver[] {
  const isDispatched = selectOwned(state).some(({ kind }) => kind !== 'contact');
  const may = roles.filter((role) => !(isDispatched && role === 'call-handler'));
  const people = [...state.roster.values()]
    .filter(({ id, role }) => id !== me(state) && may.some((it) => it === role))
    .toSorted((left, right) => left.name.localeCompare(right.name))
    .map(({ id, name, desk, role }): Receiver => ({
      id: `person ${id}`,
      name: `${name}, ${(role ?? '').replace('-', ' ')} at ${desk}`,
      to: { kind: 'person', user: id },
    }));
  const anybody = may.map((role): Receiver => ({
    id: `role ${role}`,
    name: `Whoever is ${role.replace('-', ' ')} next`,
    to: { kind: 'role', role },
  }));
  return [...people, ...anybody];
}

/** The one to answer: offered to this person or their role, the oldest first. */
export const selectIncomingShift = ({
  shiftHandovers,
}: WindowState): ShiftHandoverRow | undefined =>
  [...shiftHandovers.values()]
    .filter(({ isForMe }) => isForMe)
    .toSorted((left, right) => left.offeredAt - right.offeredAt)[0];

export const selectOwnShift = ({ shiftHandovers }: WindowState): ShiftHandoverRow | undefined =>
  [...shiftHandovers.values()].find(({ isMine, state }) => isMine && state === 'open');

/** The last one of this person's that has ended, while it is still news. */
export const selectEndedShift = ({
  shiftHandovers,
  now,
}: WindowState): ShiftHandoverRow | undefined =>
  [...shiftHandovers.values()]
    .filter(({ ended }) => ended !== undefined && now - ended.at < NEWS_MS)
    .toSorted((left, right) => (right.ended?.at ?? 0) - (left.ended?.at ?? 0))[0];

const NEWS_MS = 5 * 60_000; // long enough to be read after a call; the log has it for good

/** How many of what: "3 incidents, 1 emergency". */
export function countsOf(items: readonly { readonly kind: Owned['kind'] }[]): string {
  const words = ['emergency', 'incident', 'contact'] as const;
  return words
    .flatMap((kind) => {
      const count = items.filter((it) => it.kind === kind).length;
      if (count === 0) return [];
      const many = kind === 'emergency' ? 'emergencies' : `${kind}s`;
      return [`${count} ${count === 1 ? kind : many}`];
    })
    .join(', ');
}

/** What can be done about a change of shift and a seat that is left, in every window. */
export function createShiftActions(store: WindowStore, line: DeskLine, ports: ActionPorts) {
  const state = () => store.getState();
  const set = (change: Partial<WindowState>) => store.setState(change);
  let goBack = () => {};
  const close = () => {
    set({ seatAsk: undefined });
    goBack();
    goBack = () => {};
  };
  const open = (seatAsk: NonNullable<WindowState['seatAsk']>) => {
    if (!state().seatAsk) goBack = ports.caretBack();
    set({ seatAsk });
  };
  return {
    openShift(): void {
      if (selectOwned(state()).length === 0) {
        line.notice('plain', 'You own nothing to hand over', 'shift');
        return;
      }
      open({ is: 'shift', without: new Set() });
      const [first] = selectReceivers(state());
      if (first) set({ selected: { ...state().selected, 'shift-to': first.id } });
      ports.focus('list', 'shift-to');
    },

    /** Takes an item off the list, or puts it on again. */
    toggleShiftItem(id: string): void {
      const { seatAsk } = state();
      if (seatAsk?.is !== 'shift') return;
      const without = new Set(seatAsk.without);
      if (!without.delete(id)) without.add(id);
      set({ seatAsk: { ...seatAsk, without } });
    },

    offerShift(receiver: Receiver): void {
      const { seatAsk } = state();
      if (seatAsk?.is !== 'shift') return;
      const items = selectOwned(state())
        .filter(({ id }) => !seatAsk.without.has(id))
        .map(({ kind, of }) => ({ kind, id: of }));
      if (items.length === 0) {
        line.notice('plain', 'Every item is taken off the list: Space puts one on again', 'shift');
        return;
      }
      line.send('offer-shift-handover', { to: receiver.to, items });
      close();
    },

    acceptShift(): boolean {
      const incoming = selectIncomingShift(state());
      if (!incoming) return false;
      line.send('accept-shift-handover', { shiftHandoverId: incoming.id });
      return true;
    },

    /** It goes back with a reason, so that whoever offered it knows what to do. */
    openDecline(): boolean {
      const incoming = selectIncomingShift(state());
      if (!incoming) return false;
      open({ is: 'decline', id: incoming.id });
      return true;
    },

    declineShift(reason: string): void {
      const { seatAsk } = state();
      if (seatAsk?.is !== 'decline' || reason.trim() === '') return;
      const body = { shiftHandoverId: seatAsk.id, reason: reason.trim() };
      line.send('decline-shift-handover', body);
      close();
    },

    withdrawShift(): boolean {
      const own = selectOwnShift(state());
      if (!own) return false;
      line.send('withdraw-shift-handover', { shiftHandoverId: own.id });
      return true;
    },

    /**
     * Whether whoever sits here may sign out by this press. What they own is never left behind by a single
     * key: it is asked in place what becomes of it, and the second press leaves it with the floor.
     */
    maySignOut(): boolean {
      const may = state().seatAsk?.is === 'sign-out' || selectOwned(state()).length === 0;
      if (may) set({ seatAsk: undefined });
      else open({ is: 'sign-out' });
      return may;
    },

    closeSeatAsk(): boolean {
      if (!state().seatAsk) return false;
      close();
      return true;
    },

    lock(): void {
      void line.lock();
    },
  };
}
