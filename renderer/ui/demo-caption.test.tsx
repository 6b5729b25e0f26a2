import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import type { SeatRow } from '#protocol/view.ts';
import { ActionsContext, type createActions } from '../app/actions.ts';
import { createWindowStore, WindowContext, type WindowState } from '../app/window-store.ts';
import { DemoCaption } from './DemoCaption.tsx';

const shown = (state: Partial<WindowState>) =>
  renderToStaticMarkup(
    <WindowContext value={createWindowStore(state)}>
      <ActionsContext value={{ toggleCaption: () => {} } as ReturnType<typeof createActions>}>
        <DemoCaption />
      </ActionsContext>
    </WindowContext>,
  );
const seat = (more: Partial<SeatRow>) => ({ mode: 'online', ...more }) as SeatRow;

test('what a demo plays is said in a line that names itself a demo, and only where there is a demo', () => {
  expect([shown({}), shown({ seat: seat({}) })]).toEqual(['', '']);
  const line = shown({ seat: seat({ caption: 'Step 4 <b>' }) });
  expect(line).toContain('aria-label="Caption of the demo"');
  expect(line).toContain('<strong>DEMO</strong>');
  expect(line).toContain('Step 4 &lt;b&gt;');
  // Nobody's reader is interrupted by it, and nothing in it takes the focus.
  expect(line).not.toMatch(/role="(status|alert)"|aria-live|autofocus/);
  expect(line).toContain('tabindex="-1"');
});

test('a caption that was hidden stays hidden while its words change', () => {
  for (const caption of ['Step 4', 'Step 5'])
    expect(shown({ seat: seat({ caption }), isCaptionHidden: true })).toBe('');
});
