import type { ContactRow, IncidentDetail } from '#protocol/view.ts';
import { age, hhmmss, when } from '../../app/clock.ts';
import { callerText, channelWords } from '../../app/form.ts';
import { GradeBadge } from '../../ui/GradeBadge.tsx';
import { ActionKey } from '../../ui/KeyCap.tsx';
import { useLiveActions } from './live-actions.ts';
import { useLive, type Followed, type LiveState } from './live-store.ts';

export const selectCodeName = (code: string | undefined) => (state: LiveState) =>
  state.reference?.openingCodes.rows.find((row) => row.code === code)?.name ?? '';
export const selectStatusName = (code: number) => (state: LiveState) =>
  state.reference?.unitStatuses.rows.find((row) => row.code === code)?.name ?? `Status ${code}`;

/** How a caller stands in a head: channel, number, and who they said they are. */
export const contactWords = ({ channel, caller, details }: ContactRow): string =>
  [
    channelWords[channel],
    callerText({ caller }),
    details.informant,
    details.callbackNumber !== callerText({ caller }) && details.callbackNumber,
  ]
    .filter(Boolean)
    .join(' ');

/** Where an incident stands, in words. */
export const stateWords = ({ closedAt, closingCode }: IncidentDetail, now: number): string =>
  closedAt === undefined ? 'Open' : `Closed ${when(closedAt, now)} as ${closingCode ?? '–'}`;

/** What is known of the incident. It stays in sight above the log. */
export function IncidentHead({ followed }: { readonly followed: Followed }) {
  const { leave, print, goToLog } = useLiveActions();
  const detail = useLive((state) => state.detail);
  return (
    <>
      <div className="reference-box">
        <output className="reference" data-testid="reference" aria-label="Reference">
          {followed.incident}
        </output>
        <Age />
        <span className="live-head-keys">
          <ActionKey keys="L" label="Log" onPress={goToLog} />
          <ActionKey keys="P" label="Print" onPress={print} />
          <ActionKey keys="X" label="Leave" onPress={leave} />
        </span>
      </div>
      {detail ? (
        <Facts detail={detail} />
      ) : (
        <p className="detail-none muted" role="status">
          Putting your reason on record…
        </p>
      )}
    </>
  );
}

/** Nothing while the line is there; else since when it may be old. */
function Age() {
  const heardAt = useLive((state) => (state.link === 'live' ? 0 : state.heardAt));
  const old = useLive(({ now }) => (heardAt === 0 ? '' : age(now - heardAt)));
  if (heardAt === 0) return null;
  return (
    <span className="panel-age" data-testid="panel-age">
      as at {hhmmss(heardAt)} ({old})
    </span>
  );
}

function Facts({ detail }: { readonly detail: IncidentDetail }) {
  const { grade, openingCode, place, narrative, raisedAt, raisedBy, owner, units } = detail;
  const codeName = useLive(selectCodeName(openingCode));
  const now = useLive((state) => state.now - (state.now % 60_000));
  const qualifiers = useLive(({ reference }) =>
    detail.qualifiers
      .map((code) => reference?.qualifiers.rows.find((row) => row.code === code)?.name ?? code)
      .join(', '),
  );
  const result = useLive(
    ({ reference }) =>
      reference?.results.rows.find(({ code }) => code === detail.result)?.name ?? detail.result,
  );
  return (
    <>
      <div className="incident-facts">
        <GradeBadge grade={grade} isNamed />
        <span>
          <b className="mono">{openingCode}</b> {codeName}
        </span>
        <b data-testid="incident-state">{stateWords(detail, now)}</b>
        {detail.attendBy !== null && detail.closedAt === undefined && (
          <span>attend by {when(detail.attendBy, now)}</span>
        )}
        {detail.readOnly !== undefined && (
          <span className="is-warning">some of it is sealed or cannot be read here</span>
        )}
      </div>
      <dl className="facts" data-testid="facts">
        <dt>Where</dt>
        <dd>
          <b>{place.text}</b>{' '}
          <span className={place.isVerified ? 'is-ok' : 'is-warning'}>
            {place.isVerified ? '✓ with position' : '△ not verified'}
          </span>
        </dd>
        {narrative !== '' && (
          <>
            <dt>What</dt>
            <dd className="narrative-text">{narrative}</dd>
          </>
        )}
        {qualifiers !== '' && (
          <>
            <dt>Qualifiers</dt>
            <dd>{qualifiers}</dd>
          </>
        )}
        <dt>Raised</dt>
        <dd>
          {when(raisedAt, now)} by {raisedBy.name};{' '}
          {owner ? `with ${owner.name} ${owner.desk}` : 'nobody has accepted it'}
        </dd>
        {detail.contacts.length > 0 && (
          <>
            <dt>Contacts</dt>
            <dd>
              {detail.contacts.map((contact) => (
                <span key={contact.id} className="caller">
                  {contactWords(contact)}
                </span>
              ))}
            </dd>
          </>
        )}
        {result !== undefined && (
          <>
            <dt>Result</dt>
            <dd>{result}</dd>
          </>
        )}
        <dt>Units</dt>
        <dd data-testid="units">
          {units.length === 0 ? (
            <span className="muted">none on it now</span>
          ) : (
            units.map(({ id, statusCode }) => (
              <span key={id} className="on-incident">
                <b className="mono">{id}</b> <UnitStatus code={statusCode} />
              </span>
            ))
          )}
        </dd>
      </dl>
    </>
  );
}

function UnitStatus({ code }: { readonly code: number }) {
  const name = useLive(selectStatusName(code));
  return (
    <span className="chip">
      <b>{code}</b> {name}
    </span>
  );
}
