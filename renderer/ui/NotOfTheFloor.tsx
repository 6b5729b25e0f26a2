/** For who signs in with a role that has no work here: an empty board would read as a quiet night. */
export function NotOfTheFloor() {
  return (
    <main className="sign-in">
      <p role="status" data-testid="not-of-the-floor">
        Your role does not see the room here. Sign out with <b>Alt+Q</b> and leave the desk to a
        call handler, a dispatcher or a supervisor.
      </p>
    </main>
  );
}
