import { useState, type SubmitEvent } from 'react';
import { KeyCap } from '../../ui/KeyCap.tsx';
import { NameField, NewPasswordField, PasswordField } from '../../ui/PersonFields.tsx';
import { useLiveActions } from './live-actions.ts';
import { useLive } from './live-store.ts';

/** Name, password and, the first time, a password of one's own. */
export function SeatSignIn() {
  const { signIn } = useLiveActions();
  const { isAsking, needsNewPassword, problem } = useLive(
    ({ isAsking: asks, needsNewPassword: needs, problem: what }) => ({
      isAsking: asks,
      needsNewPassword: needs,
      problem: what,
    }),
  );
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [newPassword, setNewPassword] = useState('');
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    signIn(name, password, newPassword);
  };
  return (
    <main className="sign-in">
      <form onSubmit={submit} aria-label="Sign in">
        <h2>Sign in at the live log</h2>
        <p className="muted">For investigators and supervisors. Every look is put on record.</p>
        <NameField value={name} onChange={setName} isFirst marks={{ 'data-field': 'name' }} />
        <PasswordField
          value={password}
          onChange={setPassword}
          marks={{ 'data-field': 'password' }}
        />
        {needsNewPassword && (
          <NewPasswordField
            value={newPassword}
            onChange={setNewPassword}
            isFirst
            marks={{ 'data-field': 'new-password' }}
          />
        )}
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
