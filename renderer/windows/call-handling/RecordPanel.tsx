import { hhmmss } from '../../app/clock.ts';
import {
  progressOf,
  selectFormContact,
  selectFormIncidentId,
  selectRaiseId,
} from '../../app/selectors.ts';
import { useWindow } from '../../app/window-store.ts';
import { Countdown } from '../../ui/Clock.tsx';
import { EntryField } from '../../ui/EntryField.tsx';
import { GradeBadge } from '../../ui/GradeBadge.tsx';
import { LogLines } from '../../ui/LogLines.tsx';
import { Mark } from '../../ui/Mark.tsx';
import { OthersHere } from '../../ui/OthersHere.tsx';
import { Panel } from '../../ui/Panel.tsx';
import { StatusChip } from '../../ui/StatusChip.tsx';

/** What the form has become: the reference in large figures, its mark, who has accepted it, and the log. */
export function RecordPanel() {
  const incidentId = useWindow(selectFormIncidentId);
  const raiseId = useWindow(selectRaiseId);
  const contact = useWindow(selectFormContact);
  const incident = useWindow(({ incidents, incidentDetails }) =>
    incidentId === undefined
      ? undefined
      : (incidents.get(incidentId) ?? incidentDetails.get(incidentId)),
  );
  const sent = useWindow((state) => state.sent.get(raiseId ?? ''));
  const isThisOne =
    sent !== undefined && (sent.reference === undefined || sent.reference === incidentId);
  const mark = incident?.mark ?? (isThisOne ? sent.mark : undefined);
  const others = contact?.incidentIds.filter((id) => id !== incidentId) ?? [];
  const id = incidentId ?? contact?.id;
  return (
    <Panel title={incidentId === undefined ? 'Log' : 'Incident'} className="record">
      <div className={incidentId === undefined ? 'reference-box is-empty' : 'reference-box'}>
        {incidentId !== undefined && (
          <output className="reference" data-testid="reference" aria-label="Reference">
            {incidentId}
          </output>
        )}
        {incidentId === undefined && (
          <span className="reference reference-none">
            {sent?.mark === 'sending' ? 'Raising…' : 'No incident raised'}
          </span>
        )}
        {mark !== undefined && <Mark mark={mark} />}
      </div>
      {incident && (
        <div className="incident-facts">
          <GradeBadge grade={incident.grade} isNamed />
          <b className="mono">{incident.openingCode}</b>
          <span>{progressOf(incident)}</span>
          <AcceptedBy incidentId={incident.id} />
          {incident.units.map((unit) => (
            <span key={unit.id}>
              <b className="mono">{unit.id}</b> <StatusChip code={unit.statusCode} isAssigned />
            </span>
          ))}
        </div>
      )}
      {others.length > 0 && <p className="muted others">Also linked: {others.join(', ')}</p>}
      <OthersHere
        stream={
          incidentId !== undefined ? `incident/${incidentId}` : contact && `contact/${contact.id}`
        }
      />
      <LogLines
        label={incidentId === undefined ? 'Log of the contact' : 'Log of the incident'}
        about={id}
      />
      <EntryField
        about={
          incidentId !== undefined
            ? { kind: 'incident', id: incidentId }
            : contact && { kind: 'contact', id: contact.id }
        }
        target={
          incidentId !== undefined
            ? `Add to the log of ${incidentId}`
            : contact
              ? 'Add to this contact'
              : 'What is typed in the form is kept as a note until it is raised'
        }
        keys="F9"
      />
    </Panel>
  );
}

/** The clock of the hand-over: who has accepted it, or how long nobody has. */
function AcceptedBy({ incidentId }: { readonly incidentId: string }) {
  const row = useWindow(
    ({ incidents, incidentDetails, handovers }) =>
      (incidents.get(incidentId) ?? incidentDetails.get(incidentId))?.handover ??
      [...handovers.values()].find((it) => it.incidentId === incidentId),
  );
  const owner = useWindow(
    ({ incidents, incidentDetails }) =>
      (incidents.get(incidentId) ?? incidentDetails.get(incidentId))?.owner,
  );
  const isPast = useWindow(({ now }) => row !== undefined && !row.accepted && now > row.deadlineAt);
  const accepted = row?.accepted;
  if (accepted)
    return (
      <span className="is-ok" data-testid="handover-state">
        ✓ Accepted by {accepted.name} {accepted.desk} at {hhmmss(accepted.at)}
      </span>
    );
  if (row)
    return (
      <span
        className={isPast ? 'handover-open is-late' : 'handover-open'}
        data-testid="handover-state"
      >
        {isPast ? '! Not accepted by dispatch: tell them' : 'Waits for dispatch'}{' '}
        <Countdown to={row.deadlineAt} label="Hand-over" />
      </span>
    );
  return owner ? (
    <span className="is-ok" data-testid="handover-state">
      ✓ With {owner.name} {owner.desk}
    </span>
  ) : null;
}
