import { useEffect, useState, type SubmitEvent } from 'react';
import { useActions } from '../app/actions.ts';
import { hhmmss } from '../app/clock.ts';
import { caretBack } from '../app/focus.ts';
import { selectEmergencies } from '../app/selectors.ts';
import { useWindow } from '../app/window-store.ts';
import { KeyCap } from './KeyCap.tsx';
import { NameField, PasswordField } from './PersonFields.tsx';

/** Over a window whose person has left for a moment. What goes on behind it goes on; nothing of it can be read. */
export function LockCover() {
  const { signIn } = useActions();
  const { isAsking, problem } = useWindow((state) => state.signIn);
  const locked = useWindow(({ seat }) => seat?.lockedAt);
  const desk = useWindow(({ seat }) => seat?.desk);
  const person = useWindow(({ seat }) => seat?.user?.displayName);
  const user = useWindow(({ seat }) => seat?.user?.name);
  const [name, setName] = useState(user ?? '');
  const [password, setPassword] = useState('');
  // Looked at before the cover takes the focus; when it goes, the caret is where it was.
  const [goBack] = useState(() => caretBack(document.activeElement));
  useEffect(() => goBack, [goBack]);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void signIn(name, password, '');
  };
  return (
    <main className="sign-in lock-cover" data-testid="lock-cover">
      <form onSubmit={submit} aria-label="Unlock">
        <h2>
          {desk} is locked by {person}
        </h2>
        <p className="muted">
          {locked !== undefined && <>Since {hhmmss(locked)}. </>}
          Calls and clocks go on. Another name signs that person in here instead; what was typed is
          kept for {person}.
        </p>
        <NameField value={name} onChange={setName} marks={{ 'data-testid': 'unlock-name' }} />
        <PasswordField
          value={password}
          onChange={setPassword}
          isFirst
          marks={{ 'data-testid': 'unlock-password' }}
        />
        <p className="problem" role="alert" data-testid="unlock-problem">
          {problem}
        </p>
        <button type="submit" className="action is-main" disabled={isAsking}>
          <KeyCap keys="Enter" />
          {isAsking ? 'Unlocking…' : 'Unlock'}
        </button>
      </form>
    </main>
  );
}

/** An officer in danger is told through a lock as well, without who, where or why. */
export function LockedEmergencies() {
  const count = useWindow((state) => selectEmergencies(state).length);
  if (count === 0) return null;
  return (
    <div className="emergencies" role="alert" aria-live="assertive" aria-label="Emergencies">
      <div className="emergency" data-testid="locked-emergency">
        <span className="emergency-word">Emergency</span>
        <b>
          {count === 1 ? 'One officer is' : `${count} officers are`} in danger: unlock this desk
        </b>
      </div>
    </div>
  );
}
