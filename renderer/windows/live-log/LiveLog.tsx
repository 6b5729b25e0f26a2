import type { ReactNode } from 'react';
import { age, hhmmss } from '../../app/clock.ts';
import { useLook } from '../../app/look.ts';
import { ActionKey } from '../../ui/KeyCap.tsx';
import { FindPanel } from './FindPanel.tsx';
import { IncidentHead } from './IncidentHead.tsx';
import { LiveLines } from './LiveLines.tsx';
import { useLiveActions } from './live-actions.ts';
import { useLive, type LiveState } from './live-store.ts';
import { Paper } from './Paper.tsx';
import { ReasonForm } from './ReasonForm.tsx';
import { SeatSignIn } from './SeatSignIn.tsx';

const IDLE_WARN_MS = 120_000; // time enough to come back to the keys

/** The investigator's window: finds an incident, says why, follows it live, and prints it. It writes nothing. */
export function LiveLog() {
  const link = useLive((state) => state.link);
  const isSignedIn = useLive(({ session }) => session !== undefined);
  return (
    <>
      <div className={`frame frame-live-${link}`} data-testid="live-log" data-link={link}>
        <Bar />
        {isSignedIn ? <Work /> : link === 'signed-out' ? <SeatSignIn /> : <Starting />}
      </div>
      <Paper />
    </>
  );
}

const roleWords: Readonly<Record<string, string>> = {
  investigator: 'Investigator',
  supervisor: 'Supervisor',
};

function Bar() {
  const { signOut } = useLiveActions();
  const { nextTheme, smaller, larger } = useLook();
  const session = useLive((state) => state.session);
  const force = useLive(({ seat }) => seat?.force);
  const time = useLive(({ now }) => hhmmss(now));
  return (
    <header className="seat-bar">
      <h1>
        Holdfast <span className="window-name">Live log</span>
      </h1>
      {force !== undefined && <span className="muted force-name">{force}</span>}
      <strong className="read-only" data-testid="read-only">
        Read-only seat of the server; nothing is stored on this computer
      </strong>
      <span className="seat-gap" />
      <ActionKey keys="Alt+T" label="Theme" onPress={nextTheme} />
      <ActionKey keys="Alt+-" label="Smaller" onPress={smaller} />
      <ActionKey keys="Alt+=" label="Larger" onPress={larger} />
      {session && (
        <>
          <span className="person">
            {session.displayName}{' '}
            <span className="muted">{roleWords[session.role] ?? session.role}</span>
          </span>
          <ActionKey keys="Alt+Q" label="Sign out" onPress={signOut} />
        </>
      )}
      <time className="clock">{time}</time>
    </header>
  );
}

/** How the line stands, in words; where it is lost, with the age of what is shown. */
export function selectLinkWords({ link, heardAt, now }: LiveState): string {
  switch (link) {
    case 'live':
      return 'Live: new lines appear as they are recorded';
    case 'lost':
      return heardAt === 0
        ? 'The server does not answer; trying again'
        : `Line lost: showing what was known at ${hhmmss(heardAt)}, ${age(now - heardAt)} ago; trying again`;
    case 'starting':
    case 'joining':
      return 'Joining the server…';
    case 'signed-out':
      return 'Signed out';
    default:
      return link satisfies never;
  }
}

function Strip() {
  const link = useLive((state) => state.link);
  const words = useLive(selectLinkWords);
  const notice = useLive((state) => state.notice);
  const ends = useLive(({ session, touchedAt, now }) => {
    if (!session) return '';
    const leftMs = Math.min(touchedAt + session.idleMs, session.until) - now;
    if (leftMs > IDLE_WARN_MS) return '';
    const isByLength = session.until - now <= IDLE_WARN_MS;
    return `This seat signs out in ${age(leftMs)}${isByLength ? '' : ' unless a key is pressed'}`;
  });
  return (
    <div className="strip">
      <span
        className={`mode ${link === 'live' ? '' : 'mode-alone'}`}
        data-testid="link"
        role="status"
      >
        {words}
      </span>
      <span className="strip-lines" role="status" aria-live="polite">
        {ends !== '' && <b className="is-warning">{ends}</b>}
        {notice !== '' && <b className="notice-bad">{notice}</b>}
      </span>
    </div>
  );
}

function Starting() {
  const words = useLive(selectLinkWords);
  return (
    <main className="sign-in">
      <p role="status">{words}</p>
    </main>
  );
}

function Work() {
  return (
    <>
      <Strip />
      <main className="work work-live">
        <FindPanel />
        <Shown />
      </main>
    </>
  );
}

function Shown(): ReactNode {
  const asking = useLive((state) => state.asking?.incident);
  const followed = useLive((state) => state.followed);
  if (asking !== undefined) return <ReasonForm key={asking} incident={asking} />;
  if (!followed)
    return (
      <section className="panel live-none" aria-label="Incident">
        <p className="muted">
          Find an incident, choose it, and say why you look at it. What you look at, when and why is
          put on record before anything is shown.
        </p>
      </section>
    );
  return (
    <section className="panel live-incident" aria-label={`Incident ${followed.incident}`}>
      <IncidentHead followed={followed} />
      <LiveLines incident={followed.incident} />
    </section>
  );
}
