import type { ReactNode } from 'react';
import { selectIsOfTheFloor } from '../app/selectors.ts';
import { useWindow, type WindowState } from '../app/window-store.ts';
import { Announcer } from './Announcer.tsx';
import { DemoCaption } from './DemoCaption.tsx';
import { DeskTrouble } from './DeskTrouble.tsx';
import { LockCover, LockedEmergencies } from './LockCover.tsx';
import { LookBar } from './LookBar.tsx';
import { ModeFrame } from './ModeFrame.tsx';
import { NoticeStrip } from './NoticeStrip.tsx';
import { SeatBar } from './SeatBar.tsx';
import { ServerNotices } from './ServerNotices.tsx';
import { ShiftPanel } from './ShiftPanel.tsx';
import { ShiftStrip } from './ShiftStrip.tsx';
import { SignIn } from './SignIn.tsx';

/** What stands around the work of every window, and in its place while nobody who may do it sits here. */
export function SeatFrame({
  title,
  isFor = selectIsOfTheFloor,
  otherwise = <NotOfTheFloor />,
  children,
}: {
  readonly title: string;
  /** Whose work it is, and what is said to anybody else; without a word it is the floor's. */
  readonly isFor?: (state: WindowState) => boolean;
  readonly otherwise?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <ModeFrame>
      <DemoCaption />
      <SeatBar title={title} />
      <LookBar />
      <Locked />
      <Covered>
        <NoticeStrip />
        <DeskTrouble />
        <ServerNotices />
        <Shift />
        <Inside isFor={isFor} otherwise={otherwise}>
          {children}
        </Inside>
        <Announcer />
      </Covered>
    </ModeFrame>
  );
}

const selectIsLocked = ({ seat }: WindowState) =>
  seat?.user !== undefined && seat.lockedAt !== undefined;

/** What is covered stays as it is, with all that is typed in it: it is only neither seen nor reached. */
function Covered({ children }: { readonly children: ReactNode }) {
  const isLocked = useWindow(selectIsLocked);
  return (
    <div className={isLocked ? 'covered is-locked' : 'covered'} inert={isLocked}>
      {children}
    </div>
  );
}

function Locked() {
  const isLocked = useWindow(selectIsLocked);
  if (!isLocked) return null;
  return (
    <div className="lock">
      <LockedEmergencies />
      <LockCover />
    </div>
  );
}

/** For whoever works in the room: the others own nothing. */
function Shift() {
  const isOfTheFloor = useWindow(selectIsOfTheFloor);
  if (!isOfTheFloor) return null;
  return (
    <>
      <ShiftStrip />
      <ShiftPanel />
    </>
  );
}

function Inside({
  isFor,
  otherwise,
  children,
}: {
  readonly isFor: (state: WindowState) => boolean;
  readonly otherwise: ReactNode;
  readonly children: ReactNode;
}) {
  const isKnown = useWindow(({ seat }) => seat !== undefined);
  const isSignedIn = useWindow(({ seat }) => seat?.user !== undefined);
  const isTheirs = useWindow(isFor);
  if (!isKnown) return <main className="sign-in" />;
  if (!isSignedIn) return <SignIn />;
  return isTheirs ? children : otherwise;
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
