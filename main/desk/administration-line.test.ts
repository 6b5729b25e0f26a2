import { expect, test } from 'vitest';
import type { CommandId, EpochMs } from '#domain/ids.ts';
import type { DeskUp } from '#protocol/up.ts';
import { AdministrationLine } from './administration-line.ts';
import type { Seat } from './desk.ts';

const seat = { user: { id: 'u-adm' }, grant: { id: 'g-1' } } as unknown as Seat;
const id = '0199aaaa-0000-7000-8000-000000000001' as CommandId;
const doing = { what: 'unlock-user', name: 'ash' } as const;

/** A line to a server that answers nothing by itself. */
function line({ isThere = true } = {}) {
  const sent: DeskUp[] = [];
  const it = new AdministrationLine({
    now: () => 5 as EpochMs,
    send: (frame) => {
      if (isThere) sent.push(frame);
      return isThere;
    },
  });
  return { it, sent };
}

test('what is asked goes out as whoever sits there, and its answer comes back as it is', async () => {
  const { it, sent } = line();
  const asking = it.ask({ id, doing }, seat);
  expect(sent).toEqual([{ frame: 'desk-administer', id, doing, actor: 'u-adm', grant: 'g-1' }]);
  it.heard({ frame: 'administered', id, outcome: { kind: 'done', answer: { isChanged: true } } });
  expect(await asking).toEqual({ kind: 'rows', rows: [{ isChanged: true }], asAt: 5 });
});

test('without a line to the server nothing is done, and that is said', async () => {
  const { it, sent } = line({ isThere: false });
  expect([await it.ask({ id, doing }, seat), sent]).toEqual([
    {
      kind: 'refused',
      reason: 'server-away',
      message: 'Administration needs the server; nothing was done.',
    },
    [],
  ]);
});

test('what was on a line that ended is not known, and a late answer to it is let go', async () => {
  const { it, sent } = line();
  const asking = it.ask({ id, doing }, seat);
  expect(await it.ask({ id, doing }, seat)).toMatchObject({ reason: 'already-asked' });
  it.lost();
  expect(await asking).toMatchObject({ kind: 'refused', reason: 'not-known' });
  it.heard({ frame: 'administered', id, outcome: { kind: 'done', answer: {} } });
  const again = it.ask({ id, doing }, seat);
  it.heard({ frame: 'administered', id, outcome: { kind: 'done', answer: { isChanged: false } } });
  expect([await again, sent.length]).toMatchObject([{ rows: [{ isChanged: false }] }, 2]);
});
