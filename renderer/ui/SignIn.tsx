import { useState, type SubmitEvent } from 'react';
import { useActions } from '../app/actions.ts';
import { hhmmss } from '../app/clock.ts';
import { useWindow } from '../app/window-store.ts';
import { KeyCap } from './KeyCap.tsx';
import { NameField, NewPasswordField, PasswordField } from './PersonFields.tsx';

/** In place, where the work will be: name, password and, the first time, a password of one's own. */
export function SignIn() {
  const { signIn } = useActions();
  const { isAsking, needsNewPassword, problem } = useWindow((state) => state.signIn);
  const desk = useWindow(({ seat }) => seat?.desk);
  const hint = useWindow(({ seat }) => seat?.signInHint);
  const moved = useWindow(({ seat }) => seat?.moved);
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [newPassword, setNewPassword] = useState('');
  const [isShown, setShown] = useState(false);

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void signIn(name, password, newPassword);
  };
  return (
    <main className="sign-in">
      <form onSubmit={submit} aria-label="Sign in">
        <h2>Sign in {desk !== undefined && <>at {desk}</>}</h2>
        {moved?.how === 'went-to' && (
          <p role="status" data-testid="went-to">
            {moved.name} signed in at {moved.desk} at {hhmmss(moved.at)}. What was typed here goes
            there.
          </p>
        )}
        {hint !== undefined && <p className="muted">{hint}</p>}
        <NameField
          value={name}
          onChange={setName}
          isFirst
          marks={{ 'data-testid': 'sign-in-name' }}
        />
        <PasswordField
          value={password}
          onChange={setPassword}
          isShown={isShown}
          marks={{ 'data-testid': 'sign-in-password' }}
        />
        {needsNewPassword && (
          <NewPasswordField
            value={newPassword}
            onChange={setNewPassword}
            isFirst
            isShown={isShown}
            marks={{ 'data-testid': 'sign-in-new-password' }}
          />
        )}
        <label className="check">
          <input
            type="checkbox"
            checked={isShown}
            onChange={(event) => setShown(event.target.checked)}
          />
          Show what I type
        </label>
        <p className="problem" role="alert" data-testid="sign-in-problem">
          {problem}
        </p>
        <button type="submit" className="action is-main" disabled={isAsking}>
          <KeyCap keys="Enter" />
          {isAsking ? 'Signing in…' : needsNewPassword ? 'Change and sign in' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}
