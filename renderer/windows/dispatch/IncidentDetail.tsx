import { hhmmss } from '../../app/clock.ts';
import { callerText, channelWords } from '../../app/form.ts';
import { isAttended, progressOf } from '../../app/selectors.ts';
import { useWindow } from '../../app/window-store.ts';
import { Countdown } from '../../ui/Clock.tsx';
import { EntryField } from '../../ui/EntryField.tsx';
import { GradeBadge } from '../../ui/GradeBadge.tsx';
import { ActionKey } from '../../ui/KeyCap.tsx';
import { LogLines } from '../../ui/LogLines.tsx';
import { Mark } from '../../ui/Mark.tsx';
import { OthersHere } from '../../ui/OthersHere.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { StatusChip } from '../../ui/StatusChip.tsx';
import { useDispatchActions } from './dispatch-actions.ts';

/** The incident that is selected: what is known, who goes, and its running log. */
export function IncidentDetail() {
  const actions = useDispatchActions();
  const id = useWindow((state) => state.selected.incidents);
  const detail = useWindow(({ incidentDetails }) => incidentDetails.get(id ?? ''));
  const row = useWindow(({ incidents, incidentDetails }) =>
    id === undefined ? undefined : (incidents.get(id) ?? incidentDetails.get(id)),
  );
  const codeName = useWindow(
    ({ reference }) =>
      reference?.openingCodes.rows.find(({ code }) => code === row?.openingCode)?.name ?? '',
  );
  const resultName = useWindow(
    ({ reference }) =>
      reference?.results.rows.find(({ code }) => code === row?.result)?.name ?? row?.result,
  );
  const qualifierNames = useWindow(({ reference }) =>
    (detail?.qualifiers ?? [])
      .map((code) => reference?.qualifiers.rows.find((it) => it.code === code)?.name ?? code)
      .join(', '),
  );
  if (id === undefined)
    return (
      <Panel title="Incident" className="detail">
        <p className="muted detail-none">
          Choose an incident with the arrow keys, or find one with F7.
        </p>
      </Panel>
    );
  return (
    <Panel title="Incident" className="detail">
      <div className="reference-box">
        <output className="reference" data-testid="reference" aria-label="Reference">
          {id}
        </output>
        {row && <Mark mark={row.mark} />}
      </div>
      {row && (
        <>
          <div className="incident-facts">
            <GradeBadge grade={row.grade} isNamed />
            <span>
              <b className="mono">{row.openingCode}</b> {codeName}
            </span>
            {row.closingCode !== undefined && (
              <span>
                closed as <b className="mono">{row.closingCode}</b>
              </span>
            )}
            <b>{progressOf(row)}</b>
            {row.attendBy !== null && !isAttended(row) && row.closedAt === undefined && (
              <span>
                attend in <Countdown to={row.attendBy} label="Attend in" />
              </span>
            )}
            {row.readOnly !== undefined && (
              <span className="is-warning">read-only: update needed</span>
            )}
          </div>
          <dl className="facts">
            <dt>Where</dt>
            <dd>
              <b>{row.place.text}</b>{' '}
              {row.place.isVerified ? (
                <span className="is-ok">
                  ✓ with position{row.place.source !== undefined && `: ${row.place.source}`}
                </span>
              ) : (
                <span className="is-warning">△ not verified</span>
              )}
            </dd>
            {row.narrative !== '' && (
              <>
                <dt>What</dt>
                <dd className="narrative-text">{row.narrative}</dd>
              </>
            )}
            {qualifierNames !== '' && (
              <>
                <dt>Qualifiers</dt>
                <dd>{qualifierNames}</dd>
              </>
            )}
            <dt>Raised</dt>
            <dd>
              {`${hhmmss(row.raisedAt)} by ${row.raisedBy.name} ${row.raisedBy.desk}`.trim()};{' '}
              {row.owner ? (
                `with ${row.owner.name} ${row.owner.desk}`
              ) : (
                <span className="is-warning">nobody has accepted it</span>
              )}
            </dd>
            {detail && detail.contacts.length > 0 && (
              <>
                <dt>Callers</dt>
                <dd>
                  {detail.contacts.map((contact) => (
                    <span key={contact.id} className="caller">
                      {channelWords[contact.channel]} <b>{callerText(contact)}</b>{' '}
                      {contact.details.informant}{' '}
                      {contact.details.callbackNumber !== callerText(contact) &&
                        contact.details.callbackNumber}
                    </span>
                  ))}
                </dd>
              </>
            )}
            {resultName !== undefined && (
              <>
                <dt>Result</dt>
                <dd>{resultName}</dd>
              </>
            )}
            {row.units.length > 0 && (
              <>
                <dt>Units</dt>
                <dd>
                  {row.units.map((unit) => (
                    <span key={unit.id} className="on-incident">
                      <b className="mono">{unit.id}</b>{' '}
                      <StatusChip code={unit.statusCode} isAssigned />
                    </span>
                  ))}
                </dd>
              </>
            )}
          </dl>
          <div className="detail-keys">
            {row.closedAt === undefined ? (
              <>
                <ActionKey keys="A" label="Assign" onPress={actions.assign} />
                <ActionKey keys="R" label="Clear" onPress={actions.clear} />
                <ActionKey keys="U" label="Release" onPress={actions.release} />
                <ActionKey keys="G" label="Grade" onPress={actions.regrade} />
                <ActionKey keys="L" label="Link" onPress={actions.link} />
                <ActionKey keys="X" label="Close" onPress={actions.close} />
              </>
            ) : (
              <ActionKey keys="O" label="Reopen" onPress={actions.reopen} />
            )}
          </div>
        </>
      )}
      <OthersHere stream={`incident/${id}`} />
      <LogLines label={`Log of ${id}`} about={id} />
      <EntryField about={{ kind: 'incident', id }} target={`Add to the log of ${id}`} keys="F9" />
    </Panel>
  );
}
