import { selectIsOfTheFloor } from '../../app/selectors.ts';
import { useWindow } from '../../app/window-store.ts';
import { FoundPanel } from '../../ui/FoundPanel.tsx';
import { SeatFrame } from '../../ui/SeatFrame.tsx';
import { TrayPanel } from '../../ui/TrayPanel.tsx';
import { CommandLine } from '../dispatch/CommandLine.tsx';
import { useDispatchActions } from '../dispatch/dispatch-actions.ts';
import { EmergencyBlock } from '../dispatch/EmergencyBlock.tsx';
import { HandoverPanel } from '../dispatch/HandoverPanel.tsx';
import { IncidentDetail } from '../dispatch/IncidentDetail.tsx';
import { DesksPanel } from './DesksPanel.tsx';
import { DutyPanel } from './DutyPanel.tsx';
import { LevelsPanel } from './LevelsPanel.tsx';
import { PastTargetPanel } from './PastTargetPanel.tsx';
import { selectIsOverseer } from './supervisor-actions.ts';
import { UnownedPanel } from './UnownedPanel.tsx';

/** The supervisor's window: the room as a whole, what is wrong first. */
export function Supervisor() {
  return (
    <SeatFrame title="Supervisor" isFor={selectIsOverseer} otherwise={<NotAnOverseer />}>
      <Work />
    </SeatFrame>
  );
}

/** An administrator answers for the desks and is not of the floor: what the room does is not shown to them. */
function Work() {
  const isOfTheFloor = useWindow(selectIsOfTheFloor);
  if (!isOfTheFloor)
    return (
      <main className="work work-desks">
        <div className="column">
          <DesksPanel />
          <LevelsPanel />
        </div>
      </main>
    );
  return (
    <>
      <EmergencyBlock />
      <main className="work work-supervisor">
        <div className="column">
          <DesksPanel />
          <Below />
        </div>
        <div className="column">
          <HandoverPanel />
          <PastTargetPanel />
          <Unowned />
          <DutyPanel />
          <TrayPanel keys="Alt+4" />
        </div>
      </main>
      <CommandLine />
    </>
  );
}

/** What nobody owns, between what is late and who could take it; Enter shows the incident. */
function Unowned() {
  const { select } = useDispatchActions();
  const open = useWindow(({ incidents }) => incidents);
  return (
    <UnownedPanel
      keys="Alt+8"
      onChoose={({ subject }) => {
        if (open.has(subject)) select('incidents', subject);
      }}
    />
  );
}

/** The figures, and in their place what the supervisor has opened. */
function Below() {
  const isFinding = useWindow(({ prompt }) => prompt === 'find');
  const isOpen = useWindow(({ selected }) => selected.incidents !== undefined);
  const { chooseFound, closeFind } = useDispatchActions();
  if (isFinding)
    return (
      <FoundPanel
        onChoose={chooseFound}
        onClose={closeFind}
        enterWords="Enter shows the incident"
      />
    );
  return isOpen ? <IncidentDetail /> : <LevelsPanel />;
}

function NotAnOverseer() {
  return (
    <main className="sign-in">
      <p role="status" data-testid="not-an-overseer">
        This window is for supervisors: your role does not see how the desks are. Open Dispatch or
        Call handling, or sign out with <b>Alt+Q</b>.
      </p>
    </main>
  );
}
