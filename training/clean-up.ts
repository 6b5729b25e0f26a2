import { unlessUnknown, type Doors } from './doors.ts';
import { runOfDesk, runOfKey, runOfPerson } from './staff.ts';

/** What was shut out of a force that a made-up one has worked, by the runs that it was of. */
export interface CleanedUp {
  readonly runs: readonly string[];
  readonly people: number;
  readonly desks: number;
  readonly keys: number;
  /** Runs that are at work now: nothing of them was touched. */
  readonly atWork: readonly string[];
}

/**
 * Shuts out what training rooms have left that were killed: their people, desks and keys, by the names that
 * only they have. A run with a desk that is joined is at work and is left alone. What is open in the room
 * stays open: people may have taken it.
 */
export async function cleanUp(
  doors: Doors,
  { as, password }: { readonly as: string; readonly password: string },
): Promise<CleanedUp> {
  const { token } = await doors.signIn({ name: as, password });
  try {
    const [users, desks, keys] = await Promise.all([
      doors.users(token),
      doors.desks(token),
      doors.apiKeys(token),
    ]);
    const atWork = new Set(
      desks.flatMap(({ desk, state }) => (state === 'joined' ? (runOfDesk(desk) ?? []) : [])),
    );
    const ofARun = (run: string | undefined) => run !== undefined && !atWork.has(run);
    const people = users.filter(
      ({ name, state }) => state !== 'closed' && ofARun(runOfPerson(name)),
    );
    const enrolled = desks.filter(
      ({ desk, state }) => state !== 'revoked' && ofARun(runOfDesk(desk)),
    );
    const good = keys.filter(
      ({ name, revokedAt }) => revokedAt === undefined && ofARun(runOfKey(name)),
    );
    // Somebody else may be cleaning up too.
    for (const { name } of people) await unlessUnknown(doors.disableUser(token, name));
    for (const { desk } of enrolled) await unlessUnknown(doors.revokeDesk(token, desk));
    for (const { name } of good) await unlessUnknown(doors.revokeApiKey(token, name));
    const runs = new Set([
      ...people.map(({ name }) => runOfPerson(name) ?? ''),
      ...enrolled.map(({ desk }) => runOfDesk(desk) ?? ''),
      ...good.map(({ name }) => runOfKey(name) ?? ''),
    ]);
    return {
      runs: [...runs].toSorted(),
      people: people.length,
      desks: enrolled.length,
      keys: good.length,
      atWork: [...atWork].toSorted(),
    };
  } finally {
    await doors.signOut(token);
  }
}
