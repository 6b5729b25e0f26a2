import { useState, type SubmitEvent } from 'react';
import { KeyCap } from '../../ui/KeyCap.tsx';
import { useLiveActions } from './live-actions.ts';
import { useLive } from './live-store.ts';

const PASSWORD_MIN = 12;

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
        <label>
          Name
          <input
            // The one thing to do here; nobody is reading yet whose focus it could take.
            // oxlint-disable-next-line jsx-a11y/no-autofocus
            autoFocus
            data-field="name"
            autoComplete="username"
            spellCheck={false}
            maxLength={64}
            required
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <label>
          Password
          <input
            data-field="password"
            type="password"
            autoComplete="current-password"
            maxLength={256}
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </label>
        {needsNewPassword && (
          <label>
            New password, at least {PASSWORD_MIN} characters
            <input
              // Asked for by the answer to one's own Enter.
              // oxlint-disable-next-line jsx-a11y/no-autofocus
              autoFocus
              data-field="new-password"
              type="password"
              autoComplete="new-password"
              minLength={PASSWORD_MIN}
              maxLength={256}
              required
              value={newPassword}
              onChange={(event) => setNewPassword(event.target.value)}
            />
          </label>
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
