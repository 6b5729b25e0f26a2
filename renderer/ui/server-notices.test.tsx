import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import type { Notice } from '#protocol/server-notices.ts';
import type { SeatRow } from '#protocol/view.ts';
import { createWindowStore, WindowContext } from '../app/window-store.ts';
import { ServerNotices } from './ServerNotices.tsx';

const NOW = new Date(2026, 10, 25, 23, 0).getTime();
const notice = (about: string, more: Partial<Notice> = {}): Notice => ({
  about,
  level: 'warning',
  since: new Date(2026, 10, 25, 21, 40).getTime() as Notice['since'],
  text: `about ${about}`,
  ...more,
});

const shown = (notices: readonly Notice[] | undefined) =>
  renderToStaticMarkup(
    <WindowContext value={createWindowStore({ seat: { notices } as SeatRow, now: NOW })}>
      <ServerNotices />
    </WindowContext>,
  );

test('what people have to know of the machines stands in words with since when, and nothing where all is well', () => {
  expect(shown(undefined)).toBe('');
  expect(shown([notice('disk', { text: "The server's disk is 94 % full" })])).toContain(
    'The server&#x27;s disk is 94 % full since 21:40',
  );
  const yesterday = new Date(2026, 10, 24, 9, 5).getTime() as Notice['since'];
  expect(shown([notice('clock', { since: yesterday })])).toContain('since 24 Nov 09:05');
});

test('an urgent one is marked by more than its colour, and what does not fit is counted', () => {
  const lines = shown(['a', 'b', 'c', 'd', 'e'].map((about) => notice(about, { level: 'urgent' })));
  expect(lines.match(/<li/g)).toHaveLength(4);
  expect(lines).toContain('<b>!!</b> about a since 21:40: tell the people who run it now');
  expect(lines).toContain('and 2 more');
});
