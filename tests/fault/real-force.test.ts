import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ContactId } from '#domain/ids.ts';
import type { ContactRow } from '#protocol/view.ts';
import { Holdfast, runHoldfast } from '../support/holdfast.ts';
import { WindowClient } from '../support/window-client.ts';

const ADMIN = 'the administrators own';
const OWN = 'a password of her own';

// From an empty folder to a call that is taken, by nothing but what a force's own people can do.
test('a stranger sets up a force: administrator, people, a desk, a key, and a first call is taken', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-force-'));
  using _ = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  const serve = ['serve', '--json', '--data', join(folder, 'server'), '--port'];
  await using before = await Holdfast.start([...serve, '0']);
  const { server: url, firstAdministrator: first } = JSON.parse(before.line) as {
    server: string;
    firstAdministrator: { name: string; password: string };
  };
  expect(before.told).toContain('The first administrator is "admin"');
  expect(before.told).toContain(first.password);

  // It is told once: the next start makes no other.
  await before.stop();
  await using server = await Holdfast.start([...serve, new URL(url).port]);
  expect(JSON.parse(server.line)).toEqual({ server: url, liveLog: `${url}/live-log/` });
  expect(server.told).toBe('');

  const admin = async (words: readonly string[], stdin = `${ADMIN}\n`) => {
    const args = ['admin', ...words, '--server', url, '--as', 'admin', '--json'];
    const { code, stdout, stderr } = await runHoldfast(args, stdin);
    const answer = (stdout === '' ? {} : JSON.parse(stdout)) as Record<string, string>;
    return { code, answer, stderr };
  };
  const addAsha = ['add-user', 'ash', '--display-name', 'Asha Lane', '--role', 'call-handler'];
  const tooSoon = await admin(addAsha, `${first.password}\n`);
  expect([tooSoon.code, tooSoon.stderr]).toEqual([
    1,
    'holdfast: this is a first password: change it with "holdfast admin password"\n',
  ]);
  expect((await admin(['password'], `${first.password}\n${ADMIN}\n`)).code).toBe(0);
  const wrong = await admin(addAsha, `${first.password}\n`);
  expect([wrong.code, wrong.stderr]).toEqual([
    1,
    'holdfast: The name or the password is not right. (wrong-name-or-password)\n',
  ]);

  const added = await admin(addAsha);
  expect([added.code, added.answer]).toMatchObject([0, { user: { name: 'ash' } }]);
  const { code = '' } = (await admin(['desk-code'])).answer;
  const { key = '' } = (await admin(['api-key', 'telephony'])).answer;

  const deskArgs = ['desk', '--headless', '--json', '--server', url, '--name', 'CH1', '--data'];
  await using desk = await Holdfast.start([...deskArgs, join(folder, 'desk'), '--enrol', code]);
  const { desk: address } = JSON.parse(desk.line) as { desk: string };
  const window = new WindowClient(address);
  await window.join();
  window.follow('seat');
  window.follow('contacts');
  const password = added.answer['password'] ?? '';
  expect(await window.signIn('ash', password)).toMatchObject({
    kind: 'refused',
    reason: 'password-change-needed',
  });
  expect(await window.signIn('ash', password, OWN)).toMatchObject({ kind: 'rows' });

  const posted = await fetch(`${url}/api/contacts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ externalId: 'call-1', channel: '999', number: '07700 900142' }),
  });
  expect(posted.status).toBe(201);
  const { contactId } = (await posted.json()) as { contactId: ContactId };
  const find = () => window.rows<ContactRow>('contacts').find(({ id }) => id === contactId);
  await window.until('the call is offered', find);
  const taken = window.ask({ type: 'take-contact', body: { contactId } });
  expect(await window.answerTo(taken)).toEqual({ state: 'stored-here' });
  const row = await window.until('it is recorded', () => {
    const found = find();
    return found?.owner && found.mark === 'recorded' && found;
  });
  expect(row).toMatchObject({ state: 'answered', owner: { name: 'Asha Lane', desk: 'CH1' } });

  // An administrator looks at who is here, and changes what they may do, where they sit.
  const inWords = async (words: readonly string[]) => {
    const args = ['admin', ...words, '--server', url, '--as', 'admin'];
    return (await runHoldfast(args, `${ADMIN}\n`)).stdout;
  };
  expect(await inWords(['users'])).toMatch(
    /^admin \(Administrator\): administrator, active, last sign-in: \S+Z\nash \(Asha Lane\): call-handler, active, last sign-in: \S+Z\n$/,
  );
  expect(await inWords(['desks'])).toMatch(/^CH1: joined, enrolled: \S+Z, last seen: \S+Z\n$/);
  const sessions = (await admin(['sessions'])).answer['sessions'] as unknown as readonly {
    id: string;
    user: { name: string };
    desk: string;
    signIn: string;
  }[]; // as INTERFACES.md says
  expect(sessions.map(({ user, desk: at, signIn }) => `${user.name} ${at} ${signIn}`)).toEqual([
    'ash CH1 online',
    'ash CH1 offline',
    'admin browser online',
  ]);
  expect(await inWords(['set-role', 'ash', '--role', 'dispatcher'])).toBe(
    'ash is dispatcher from now on, also where they are signed in\n',
  );
  await window.until('the other role', () => window.seat?.user?.role === 'dispatcher');
  const nobody = () => window.until('nobody sits there', () => window.seat && !window.seat.user);
  expect((await admin(['revoke-session', sessions[0]?.id ?? ''])).answer).toEqual({ revoked: 1 });
  await nobody();
  expect(await window.signIn('ash', OWN)).toMatchObject({ kind: 'rows' });
  expect(await inWords(['disable-user', 'ash'])).toBe(
    'ash can no longer sign in, and is signed out everywhere\n',
  );
  await nobody();
  expect(await window.signIn('ash', OWN)).toMatchObject({ reason: 'disabled' });
  expect(await inWords(['reopen-user', 'ash'])).toBe(
    'ash can sign in again, with the password they had\n',
  );
  const reset = (await admin(['reset-password', 'ash'])).answer['password'] ?? '';
  expect(await window.signIn('ash', OWN)).toMatchObject({ reason: 'wrong-name-or-password' });
  expect(await window.signIn('ash', reset, `${OWN} again`)).toMatchObject({ kind: 'rows' });
  expect(await inWords(['unlock-user', 'ash'])).toBe(
    'ash was not locked (active); nothing was changed\n',
  );
  const last = await admin(['set-role', 'admin', '--role', 'auditor']);
  expect([last.code, last.stderr]).toMatchObject([
    1,
    expect.stringContaining('last-administrator'),
  ]);

  // The code was good once, and a desk whose key is taken back is out.
  const again = await runHoldfast([
    ...deskArgs.with(6, 'CH2'),
    join(folder, 'other'),
    '--enrol',
    code,
  ]);
  expect([again.code, again.stderr]).toMatchObject([1, expect.stringContaining('code-not-valid')]);
  expect((await admin(['revoke-desk', 'CH1'])).code).toBe(0);
  await window.until('the desk is alone', () => window.seat?.mode === 'alone');
  window.close();
  expect(await desk.stop()).toBe(0);
  expect(await server.stop()).toBe(0);
});

test('a command line that is not understood is told so, before any password is asked for', async () => {
  const on = ['--server', 'http://127.0.0.1:9', '--as', 'admin'];
  const codes = async (...lines: readonly (readonly string[])[]) => {
    const ended = await Promise.all(lines.map((line) => runHoldfast(line, 'x\n')));
    return ended.map(({ code }) => code);
  };
  expect(
    await codes(
      ['admin', ...on],
      ['admin', 'add-user', ...on],
      ['admin', 'add-user', 'ash', '--role', 'chief', ...on],
      ['admin', 'desk-code', '--as', 'admin'],
      ['admin', 'desk-code', ...on],
    ),
  ).toEqual([2, 2, 2, 2, 1]);
});
