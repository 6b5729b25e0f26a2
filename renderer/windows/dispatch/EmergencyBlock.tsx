import type { UnitRow } from '#protocol/view.ts';
import { hhmmss } from '../../app/clock.ts';
import { selectEmergencies } from '../../app/selectors.ts';
import { useWindow } from '../../app/window-store.ts';
import { Since } from '../../ui/Clock.tsx';
import { ActionKey } from '../../ui/KeyCap.tsx';
import { useStatusName } from '../../ui/StatusChip.tsx';
import { useDispatchActions } from './dispatch-actions.ts';

/** An officer in danger, across the whole window. White and hazard edge until somebody owns it by name. */
export function EmergencyBlock() {
  const rows = useWindow(selectEmergencies);
  return (
    <section className="emergencies" aria-label="Emergencies">
      {rows.map((row) => (
        <Emergency key={row.id} row={row} />
      ))}
    </section>
  );
}

function Emergency({ row }: { readonly row: UnitRow }) {
  const { ownEmergency, standDown, select } = useDispatchActions();
  const incident = useWindow(({ incidents }) => incidents.get(row.incidentId ?? ''));
  const status = useStatusName(row.statusCode);
  const owner = row.emergency?.owner;
  const at = row.emergency?.at ?? 0;
  return (
    <div
      className={owner ? 'emergency is-owned' : 'emergency'}
      data-testid="emergency"
      data-unit={row.id}
      data-owned={owner !== undefined}
    >
      <span className="emergency-word">Emergency</span>
      <span className="emergency-unit">{row.id}</span>
      <span className="emergency-facts">
        <b>{row.officers.length > 0 ? row.officers.join(', ') : 'officers not known'}</b>
        <span>
          {incident
            ? `last known: on ${incident.id}, ${incident.place.text}`
            : 'last known: on no incident; position not known'}
          {`, ${row.statusCode} ${status.toLowerCase()}`}
        </span>
      </span>
      <span className="emergency-since">
        since {hhmmss(at)}, <Since at={at} />
      </span>
      {owner ? (
        <>
          <b data-testid="emergency-owner">
            Owned by {owner.name} {owner.desk}
          </b>
          <ActionKey keys="Alt+0" label="Stand down" onPress={standDown} />
        </>
      ) : (
        <ActionKey keys="F12" label="Own it" onPress={ownEmergency} isMain />
      )}
      {row.incidentId !== undefined && (
        <ActionKey
          keys="Alt+5"
          label="Show incident"
          onPress={() => row.incidentId !== undefined && select('incidents', row.incidentId)}
        />
      )}
    </div>
  );
}
