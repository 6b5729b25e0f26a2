import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { unownedKinds } from '#domain/unowned.ts';
import type { SeatRow, UnownedRow } from '#protocol/view.ts';
import { ActionsContext } from '../../app/actions.ts';
import { createWindowStore, WindowContext } from '../../app/window-store.ts';
import { UnownedCount } from '../../ui/UnownedCount.tsx';
import { selectUnowned, unownedWords } from './unowned.ts';
import { UnownedPanel } from './UnownedPanel.tsx';

const row = (
  kind: UnownedRow['kind'],
  order: number,
  more: Partial<UnownedRow> = {},
): UnownedRow => ({
  id: `${kind} ${order}`,
  kind,
  subject: 'HC-20261123-0412',
  what: 'DOM grade 1, 12 High Street',
  since: 0,
  owner: undefined,
  grade: undefined,
  order,
  ...more,
});
const storeOf = (rows: readonly UnownedRow[], role = 'supervisor') =>
  createWindowStore({
    unowned: new Map(rows.map((it) => [it.id, it])),
    seat: { id: 'seat', desk: 'SUP', user: { id: 'u', role } } as unknown as SeatRow,
  });

test('the panel tells what, which, who had it and since when, the worst first', () => {
  const owner = { user: 'u-d1', name: 'Carys', desk: 'D1' };
  const store = storeOf([row('incident-left', 1, { owner }), row('emergency-unowned', 0)]);
  expect(selectUnowned(store.getState()).map(({ kind }) => kind)).toEqual([
    'emergency-unowned',
    'incident-left',
  ]);
  const html = renderToStaticMarkup(
    <WindowContext value={store}>
      <ActionsContext value={{} as never}>
        <UnownedPanel />
      </ActionsContext>
    </WindowContext>,
  );
  expect(html.indexOf('Emergency that nobody owns')).toBeGreaterThan(0);
  expect(html.indexOf('Incident, its owner is off duty')).toBeGreaterThan(
    html.indexOf('Emergency that nobody owns'),
  );
  expect(html).toContain('HC-20261123-0412');
  expect(html).toContain('Carys D1');
});

test('every kind has words of its own', () => {
  expect(new Set(unownedKinds.map(unownedWords)).size).toBe(unownedKinds.length);
});

test('the count stands in the seat bar of a supervisor, and says nothing to the others', () => {
  const shown = (role: string, rows: readonly UnownedRow[]) =>
    renderToStaticMarkup(
      <WindowContext value={storeOf(rows, role)}>
        <UnownedCount />
      </WindowContext>,
    );
  const one = [row('incident-unowned', 0)];
  expect(shown('supervisor', one)).toContain('<b>1</b>');
  expect(shown('supervisor', one)).toContain('is-warning');
  expect(shown('supervisor', [])).toContain('<b>0</b>');
  expect(shown('dispatcher', one)).toBe('');
});
