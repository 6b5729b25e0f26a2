import { expect, test } from 'vitest';
import { commandTypes } from '#domain/commands.ts';
import { roles, type Role } from '#domain/facts.ts';
import type { DeskId, EpochMs, UserId } from '#domain/ids.ts';
import type { GrantAt } from './grants.ts';
import { judge, judgeClaim, type Actor, type Claim } from './policy.ts';

const actors: readonly Actor[] = [...roles, 'system', 'outside'];

test('every command against every actor: who may ask what', () => {
  const matrix = Object.fromEntries(
    actors.map((actor) => [
      actor,
      commandTypes.filter((type) => judge(type, actor) === undefined).length,
    ]),
  );
  expect({ commands: commandTypes.length, ...matrix }).toEqual({
    commands: 44,
    'call-handler': 20,
    dispatcher: 31,
    supervisor: 31,
    investigator: 2,
    administrator: 3,
    auditor: 2,
    system: 13,
    outside: 4,
  });
});

test('an outside system may hand in contacts, call events and statuses, and nothing else', () => {
  expect(commandTypes.filter((type) => judge(type, 'outside') === undefined)).toEqual([
    'offer-contact',
    'end-contact',
    'abandon-contact',
    'set-unit-status',
  ]);
});

test('a command without a row is refused, whoever asks', () => {
  const unknown = ['drop-log', 'constructor', '__proto__', 'toString', ''];
  const allowed = unknown.flatMap((type) =>
    actors.filter((actor) => judge(type, actor) === undefined),
  );
  expect(allowed).toEqual([]);
});

const claim: Claim = {
  type: 'take-contact',
  actor: 'u-ash' as UserId,
  grant: 'g-1',
  desk: 'CH1' as DeskId,
  socketDesk: 'CH1' as DeskId,
  occurredAt: 2_000 as EpochMs,
};
const valid = {
  outcome: 'valid',
  isSinceRevoked: false,
  grant: {
    id: 'g-1',
    user: 'u-ash' as UserId,
    role: 'call-handler',
    desk: 'CH1',
    issuedAt: 1_000 as EpochMs,
    notAfter: 9_000 as EpochMs,
    revokedAt: null,
    isOffline: false,
  },
} as const satisfies GrantAt;

test.each<[string, Partial<Claim>, GrantAt, object]>([
  ['in order', {}, valid, { outcome: 'permitted' }],
  ['from another desk than it says', { socketDesk: 'CH2' as DeskId }, valid, no('wrong-desk')],
  [
    'under the grant of another desk',
    {},
    { ...valid, grant: { ...valid.grant, desk: 'CH2' } },
    no('wrong-desk'),
  ],
  ['under the grant of another person', { actor: 'u-ben' as UserId }, valid, no('wrong-actor')],
  ['under no known grant', {}, { outcome: 'unknown-grant' }, no('unknown-grant')],
  ['after the grant', {}, { outcome: 'grant-expired' }, no('grant-expired')],
  ['after the grant was taken back', {}, { outcome: 'grant-revoked' }, no('grant-revoked')],
  ['not of the role', { type: 'assign-unit' }, valid, no('not-permitted')],
  [
    'before the grant was taken back',
    {},
    { ...valid, isSinceRevoked: true },
    { outcome: 'permitted', flag: 'since-revoked' },
  ],
  [
    'by a clock that is a little off',
    { occurredAt: 999 as EpochMs },
    valid,
    { outcome: 'permitted', flag: 'outside-grant' },
  ],
  [
    'after a sign-in that the server did not see',
    {},
    { ...valid, grant: { ...valid.grant, isOffline: true } },
    { outcome: 'permitted', flag: 'offline-sign-in' },
  ],
])('a command %s', (_, more, at, expected) => {
  expect(judgeClaim({ ...claim, ...more }, { grantAt: () => at, roleOf: () => undefined })).toEqual(
    expected,
  );
});

test('under a grant that was lost with the server’s disk: judged by the account, for a shift after the restore', () => {
  const shift = 12 * 3_600_000;
  const unknown = { outcome: 'unknown-grant' } as const;
  const judged = (role: Role | undefined, restoredAt: number | undefined, more = {}) =>
    judgeClaim({ ...claim, ...more }, { grantAt: () => unknown, roleOf: () => role }, restoredAt);
  const { occurredAt } = claim;
  const kept = { outcome: 'permitted', flag: 'lost-grant' };
  for (const restoredAt of [occurredAt - shift, occurredAt, occurredAt + shift])
    expect(judged('supervisor', restoredAt)).toEqual(kept);
  expect(judged('supervisor', occurredAt - shift - 1)).toEqual(no('unknown-grant'));
  expect(judged('supervisor', undefined)).toEqual(no('unknown-grant'));
  expect(judged(undefined, occurredAt)).toEqual(no('unknown-grant')); // closed, or of nobody
  expect(judged('auditor', occurredAt)).toEqual(no('unknown-grant'));
  expect(judged('supervisor', occurredAt, { socketDesk: 'D9' })).toEqual(no('wrong-desk'));
});

function no(reason: string) {
  return { outcome: 'forbidden', reason };
}
