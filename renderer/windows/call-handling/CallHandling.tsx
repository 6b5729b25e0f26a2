import { useWindow } from '../../app/window-store.ts';
import { FoundPanel } from '../../ui/FoundPanel.tsx';
import { SeatFrame } from '../../ui/SeatFrame.tsx';
import { TrayPanel } from '../../ui/TrayPanel.tsx';
import { useCallActions } from './call-actions.ts';
import { ContactForm } from './ContactForm.tsx';
import { CrimesPanel } from './CrimesPanel.tsx';
import { QueuePanel } from './QueuePanel.tsx';
import { RecordPanel } from './RecordPanel.tsx';

/** The call handler's window: the queue, what is being said, and what became of it. */
export function CallHandling() {
  return (
    <SeatFrame title="Call handling">
      <Work />
    </SeatFrame>
  );
}

function Work() {
  const isFinding = useWindow(({ prompt }) => prompt === 'find');
  const { chooseFound, forgetFound, closePrompt } = useCallActions();
  const close = () => {
    forgetFound();
    closePrompt();
  };
  return (
    <main className="work work-call">
      <div className="column column-queue">
        <QueuePanel />
        <TrayPanel keys="Alt+4" />
      </div>
      <div className="column column-form">
        <ContactForm />
        {isFinding ? (
          <FoundPanel
            onChoose={chooseFound}
            onClose={close}
            enterWords="Enter links the contact to the incident, or opens the contact"
          />
        ) : (
          <CrimesPanel />
        )}
      </div>
      <div className="column column-record">
        <RecordPanel />
      </div>
    </main>
  );
}
