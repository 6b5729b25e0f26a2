import type { ReactNode } from 'react';
import { selectIsOfTheFloor } from '../app/selectors.ts';
import { useWindow, type WindowState } from '../app/window-store.ts';
import { DeskTrouble } from './DeskTrouble.tsx';
import { ModeFrame } from './ModeFrame.tsx';
import { NoticeStrip } from './NoticeStrip.tsx';
import { SeatBar } from './SeatBar.tsx';
import { SignIn } from './SignIn.tsx';

/** What stands around the work of every window, and in its place while nobody who may do it sits here. */
export function SeatFrame({
  title,
  isFor = selectIsOfTheFloor,
  notFor = <NotOfTheFloor />,
  children,
}: {
  readonly title: string;
  /** Whether who sits here has work in this window. */
  readonly isFor?: (state: WindowState) => boolean;
  /** What anybody else is told. */
  readonly notFor?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <ModeFrame>
      <SeatBar title={title} />
      <NoticeStrip />
      <DeskTrouble />
      <Inside isFor={isFor} notFor={notFor}>
        {children}
      </Inside>
    </ModeFrame>
  );
}

function Inside({
  isFor,
  notFor,
  children,
}: {
  readonly isFor: (state: WindowState) => boolean;
  readonly notFor: ReactNode;
  readonly children: ReactNode;
}) {
  const isKnown = useWindow(({ seat }) => seat !== undefined);
  const isSignedIn = useWindow(({ seat }) => seat?.user !== undefined);
  const isForThem = useWindow(isFor);
  if (!isKnown) return <main className="sign-in" />;
  if (!isSignedIn) return <SignIn />;
  return isForThem ? children : notFor;
}

/** For who signs in with a role that has no work here: an empty board would read as a quiet night. */
function NotOfTheFloor() {
  return (
    <main className="sign-in">
      <p role="status" data-testid="not-of-the-floor">
        Your role does not see the room here. Sign out with <b>Alt+Q</b> and leave the desk to a
        call handler, a dispatcher or a supervisor.
      </p>
    </main>
  );
}
