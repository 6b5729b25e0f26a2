import { expect, test } from 'vitest';
import type { IncidentRow, ReferenceRow } from '#protocol/view.ts';
import { loadReferenceData } from '#store/load-reference-data.ts';
import { raise } from '../support/room.ts';
import { OneDesk } from '../support/one-desk.ts';
import type { WindowClient } from '../support/window-client.ts';

const PASSWORD = 'made-up-password';

/** A desk with somebody signed in, and what an administrator asks of its server. */
async function administered() {
  const one = await OneDesk.start();
  const window = await one.startDesk();
  await one.signIn(window);
  const url = one.server?.baseUrl ?? '';
  const adm = { name: 'adm', displayName: 'Made-up', role: 'administrator', password: PASSWORD };
  await one.server?.addUser({ ...adm, role: 'administrator', mustChange: false });
  const ask = async (path: string, body: object, token?: string) => {
    const response = await fetch(`${url}/api/${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
    return (await response.json()) as Record<string, unknown>;
  };
  const { token } = await ask('session', { name: 'adm', password: PASSWORD });
  return { one, window, ask: (path: string, body: object) => ask(path, body, token as string) };
}

const nobody = (window: WindowClient) =>
  window.until('nobody sits there', () => window.seat?.user === undefined && window.seat);

test('a desk that is joined hears at once of another role, and of a session that is taken back', async () => {
  const { one, window, ask } = await administered();
  await using _ = one;
  expect(window.seat?.user?.role).toBe('supervisor');
  await ask('users/role', { name: 'ch1', role: 'dispatcher' });
  // The person goes on working where they sit.
  await window.until('the other role', () => window.seat?.user?.role === 'dispatcher');
  expect(await ask('sessions/revoke', { name: 'ch1' })).toEqual({ revoked: 2 });
  await nobody(window);
  // The password is good still; the role is the new one.
  expect(await window.signIn('ch1', PASSWORD)).toMatchObject({ kind: 'rows' });
  await window.until('they are back', () => window.seat?.user?.role === 'dispatcher');
});

test('who was closed is signed out at the desk, and sits there again once the account is open again', async () => {
  const { one, window, ask } = await administered();
  await using _ = one;
  await ask('users/disable', { name: 'ch1' });
  await nobody(window);
  expect(await window.signIn('ch1', PASSWORD)).toMatchObject({ reason: 'disabled' });
  await ask('users/reopen', { name: 'ch1' });
  expect(await window.signIn('ch1', PASSWORD)).toMatchObject({ kind: 'rows' });
  await window.until('they stay', () => window.seat?.user?.name === 'ch1');
});

test('a desk that was away learns when it comes back that a password was reset', async () => {
  const { one, window, ask } = await administered();
  await using _ = one;
  one.line.pass = () => undefined; // it hears nothing any more
  await window.until('the desk is alone', () => window.seat?.mode === 'alone');
  const { password } = await ask('users/reset', { name: 'ch1' });
  expect(window.seat?.user?.name).toBe('ch1');
  one.line.pass = (frame) => frame;
  await nobody(window);
  expect(await window.signIn('ch1', PASSWORD)).toMatchObject({ kind: 'refused' });
  expect(await window.signIn('ch1', password as string)).toMatchObject({
    reason: 'password-change-needed',
  });
  const own = 'another one of her own';
  expect(await window.signIn('ch1', password as string, own)).toMatchObject({ kind: 'rows' });
});

test('a list that is taken over is in every window at once, and the next incident is decided by it', async () => {
  const { one, window, ask } = await administered();
  await using _ = one;
  window.follow('reference-data');
  window.follow('incidents');
  const shown = () => window.rows<ReferenceRow>('reference-data')[0]?.data.grades.rows[0];
  const before = await window.until('the grades', shown);
  const { grades } = loadReferenceData();
  const rows = grades.rows.map((row) =>
    row.grade === 1
      ? { ...row, name: 'At once', attendWithinMs: 60_000, attendWithinRuralMs: 60_000 }
      : row,
  );
  expect(before).toEqual(grades.rows[0]);
  const text = JSON.stringify({ ...grades, rows });
  expect(
    await ask('reference-data/grades', { text, insteadOf: 0, note: 'the new promise' }),
  ).toMatchObject({ list: 'grades', revision: 1 });
  await window.until('the new name', () => shown()?.name === 'At once');
  const id = window.ask(raise());
  expect(await window.answerTo(id)).toMatchObject({ state: 'stored-here' });
  const [incident] = await window.until('the incident', () => {
    const found = window.rows<IncidentRow>('incidents');
    return found.length > 0 && found;
  });
  expect((incident?.attendBy ?? 0) - (incident?.raisedAt ?? 0)).toBe(60_000);
});
