import { age, hhmmss } from '../app/clock.ts';
import { useActions } from '../app/actions.ts';
import { useWindow, type WindowState } from '../app/window-store.ts';
import { Clock } from './Clock.tsx';
import { ActionKey } from './KeyCap.tsx';
import { OnDuty } from './OnDuty.tsx';
import { UnownedCount } from './UnownedCount.tsx';

export const roleWords = {
  'call-handler': 'Call handler',
  dispatcher: 'Dispatcher',
  supervisor: 'Supervisor',
  investigator: 'Investigator',
  administrator: 'Administrator',
  auditor: 'Auditor',
} as const;

/** The mode in words. What is lost is said with what still works. */
export function selectModeWords({ link, linkSince, seat }: WindowState): string {
  if (link === 'connecting') return 'Connecting to this desk…';
  if (link === 'turned-away') return 'This window is not let in: open it again from Holdfast';
  if (link === 'restarting')
    return `Desk restarting… since ${hhmmss(linkSince)}; keep working, nothing typed is lost`;
  if (!seat) return 'Waiting for this desk…';
  if (seat.mode === 'online') return 'Online';
  const known =
    seat.asAt > 0 ? `showing what was known at ${hhmmss(seat.asAt)}` : 'nothing received yet';
  // What the desk says in words is shown; what a socket says is for the technical log.
  const why = /^(the|this) /.test(seat.reason) ? seat.reason : 'server not answering';
  return `Alone: ${why}, since ${hhmmss(seat.since)}, ${known}; keep working`;
}

export const selectModeName = ({ link, seat }: WindowState) =>
  link === 'open' ? (seat?.mode ?? 'connecting') : link;

/** The mode in words, as wide as the words are. */
export function ModeWords() {
  const name = useWindow(selectModeName);
  const words = useWindow(selectModeWords);
  const reason = useWindow(({ seat }) => seat?.reason);
  return (
    <span className={`mode mode-${name}`} data-testid="mode" data-mode={name} title={reason}>
      {words}
    </span>
  );
}

/** Which release this is; where the server's is another one, both. */
export function Versions({
  desk,
  server,
}: {
  readonly desk: string;
  readonly server: string | undefined;
}) {
  const isOne = server === undefined || server === desk;
  return (
    <span
      className={isOne ? 'fact' : 'fact is-warning'}
      data-testid="version"
      title="Which release of Holdfast is at work"
    >
      {isOne ? `v${desk}` : `desk ${desk}, server ${server}`}
    </span>
  );
}

/** Who sits where, how old the picture is, and what waits. Always in sight. */
export function SeatBar({ title }: { readonly title: string }) {
  const { maySignOut, signOut, lock } = useActions();
  const seat = useWindow((state) => state.seat);
  const dataAge = useWindow(({ now, seat: at }) =>
    at === undefined || at.asAt === 0 ? '–' : age(now - at.asAt),
  );
  const unsaved = useWindow(
    ({ sent }) => [...sent.values()].filter(({ mark }) => mark === 'sending').length,
  );
  return (
    <header className="seat-bar">
      <h1>
        Holdfast <span className="window-name">{title}</span>
      </h1>
      {seat && <strong className="desk-name">{seat.desk}</strong>}
      {seat?.user && (
        <span className="person">
          {seat.user.displayName} <span className="muted">{roleWords[seat.user.role]}</span>
        </span>
      )}
      {seat?.user && <OnDuty />}
      <span className="seat-gap" />
      {unsaved > 0 && (
        <span className="fact is-warning" data-testid="unsent">
          not stored yet <b>{unsaved}</b>
        </span>
      )}
      {seat && (
        <>
          <span className="fact">
            data <b className="fixed-age">{dataAge}</b>
          </span>
          <span className="fact" title="Commands stored here that the server has not answered">
            unsent <b>{seat.waiting}</b>
          </span>
          <UnownedCount />
          <span className={seat.tray > 0 ? 'fact is-warning' : 'fact'}>
            tray <b>{seat.tray}</b>
          </span>
          <span className={seat.referencesLeft < 5 ? 'fact is-warning' : 'fact'}>
            numbers <b>{seat.referencesLeft}</b>
          </span>
          <Versions desk={seat.version} server={seat.serverVersion} />
          {seat.isDemo && <strong className="demo-label">DEMO</strong>}
        </>
      )}
      {seat?.user && seat.lockedAt === undefined && (
        <>
          <ActionKey keys="Alt+L" label="Lock" onPress={lock} />
          <ActionKey keys="Alt+Q" label="Sign out" onPress={() => maySignOut() && void signOut()} />
        </>
      )}
      <Clock />
    </header>
  );
}
