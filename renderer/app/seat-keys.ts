import type { Actions } from './actions.ts';
import type { KeyTable } from './keys.ts';

/** The keys of the seat, the same in every window. They work in a text too: none of them is a letter alone. */
export const seatKeys = (
  actions: Pick<
    Actions,
    | 'openShift'
    | 'acceptShift'
    | 'openDecline'
    | 'withdrawShift'
    | 'maySignOut'
    | 'signOut'
    | 'lock'
    | 'readNotices'
    | 'toggleCaption'
  >,
): KeyTable => ({
  'Alt+g': () => actions.openShift(),
  'Alt+y': () => actions.acceptShift(),
  'Alt+u': () => actions.openDecline(),
  'Alt+w': () => actions.withdrawShift(),
  'Alt+l': () => actions.lock(),
  'Alt+x': actions.readNotices,
  'Alt+b': () => actions.toggleCaption(),
  'Alt+q': () => {
    if (actions.maySignOut()) void actions.signOut();
  },
});
