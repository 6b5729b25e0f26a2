import type { ReactNode } from 'react';
import { selectIsOfTheFloor } from '../app/selectors.ts';
import { useWindow } from '../app/window-store.ts';
import { Announcer } from './Announcer.tsx';
import { DeskTrouble } from './DeskTrouble.tsx';
import { LookBar } from './LookBar.tsx';
import { ModeFrame } from './ModeFrame.tsx';
import { NoticeStrip } from './NoticeStrip.tsx';
import { SeatBar } from './SeatBar.tsx';
import { ServerNotices } from './ServerNotices.tsx';
import { SignIn } from './SignIn.tsx';

/** What stands around the work of every window, and in its place while nobody who may do it sits here. */
export function SeatFrame({
  title,
  children,
}: {
  readonly title: string;
  readonly children: ReactNode;
}) {
  return (
    <ModeFrame>
      <SeatBar title={title} />
      <LookBar />
      <NoticeStrip />
      <DeskTrouble />
      <ServerNotices />
      <Inside>{children}</Inside>
      <Announcer />
    </ModeFrame>
  );
}

function Inside({ children }: { readonly children: ReactNode }) {
  const isKnown = useWindow(({ seat }) => seat !== undefined);
  const isSignedIn = useWindow(({ seat }) => seat?.user !== undefined);
  const isOfTheFloor = useWindow(selectIsOfTheFloor);
  if (!isKnown) return <main className="sign-in" />;
  if (!isSignedIn) return <SignIn />;
  return isOfTheFloor ? children : <NotOfTheFloor />;
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
