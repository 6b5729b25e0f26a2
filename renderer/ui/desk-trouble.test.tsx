import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import type { SeatRow } from '#protocol/view.ts';
import { createWindowStore, WindowContext } from '../app/window-store.ts';
import { DeskTrouble } from './DeskTrouble.tsx';

const shown = (seat: Partial<SeatRow> | undefined) =>
  renderToStaticMarkup(
    <WindowContext value={createWindowStore({ seat: seat as SeatRow | undefined })}>
      <DeskTrouble />
    </WindowContext>,
  );

test('what is wrong with the files of a desk is said in its own words in every window, and nothing where all is well', () => {
  expect([shown(undefined), shown({ mode: 'online' })]).toEqual(['', '']);
  const line = shown({ trouble: 'outbox.db was damaged <b>' });
  expect(line).toContain('role="status"');
  expect(line).toContain('! outbox.db was damaged &lt;b&gt;');
});
