import { useWindow } from '../../app/window-store.ts';
import { FoundPanel } from '../../ui/FoundPanel.tsx';
import { SeatFrame } from '../../ui/SeatFrame.tsx';
import { TrayPanel } from '../../ui/TrayPanel.tsx';
import { CommandLine } from './CommandLine.tsx';
import { useDispatchActions } from './dispatch-actions.ts';
import { EmergencyBlock } from './EmergencyBlock.tsx';
import { HandoverPanel } from './HandoverPanel.tsx';
import { IncidentDetail } from './IncidentDetail.tsx';
import { IncidentsPanel } from './IncidentsPanel.tsx';
import { UnitsPanel } from './UnitsPanel.tsx';

/** The dispatcher's window: what is open, who can go, and what has to be accepted. */
export function Dispatch() {
  return (
    <SeatFrame title="Dispatch">
      <Work />
    </SeatFrame>
  );
}

function Work() {
  const isFinding = useWindow(({ prompt }) => prompt === 'find');
  const { chooseFound, closeFind } = useDispatchActions();
  return (
    <>
      <EmergencyBlock />
      <main className="work work-dispatch">
        <div className="column column-incidents">
          <HandoverPanel />
          <IncidentsPanel />
        </div>
        <div className="column column-detail">
          {isFinding && (
            <FoundPanel
              onChoose={chooseFound}
              onClose={closeFind}
              enterWords="Enter shows the incident"
            />
          )}
          <IncidentDetail />
        </div>
        <div className="column column-units">
          <UnitsPanel />
          <TrayPanel keys="Alt+4" />
        </div>
      </main>
      <CommandLine />
    </>
  );
}
