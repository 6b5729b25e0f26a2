import { expect, test } from 'vitest';
import type { UserId } from '#domain/ids.ts';
import type { DraftCopy } from '#protocol/draft.ts';
import { DraftsDue } from './drafts-due.ts';

const user = 'u-ch1' as UserId;
const row = (id: string) => ({
  id,
  revision: 3,
  savedAt: 0,
  content: { about: 'new', fields: { narrative: id } },
});

/** A server that takes so many frames of a desk. */
function server(most = Number.POSITIVE_INFINITY) {
  const heard: DraftCopy[] = [];
  return {
    heard,
    send: (copy: DraftCopy) => heard.length < most && heard.push(copy) > 0,
  };
}

test('of drafts that the server has yet to copy a thousand are remembered, the oldest goes first, and fifty go at once', () => {
  const due = new DraftsDue();
  for (let n = 1; n <= 1_100; n += 1) due.changed(user, `d${n}`, 'dropped');
  const { heard, send } = server();
  const sizes: number[] = [];
  for (let n = 0; n < 25; n += 1) {
    due.tell(() => [], send);
    sizes.push(heard.length);
  }
  expect(sizes.slice(0, 3)).toEqual([50, 100, 150]);
  expect(heard).toHaveLength(1_000);
  expect([heard[0]?.draftId, heard.at(-1)?.draftId]).toEqual(['d101', 'd1100']);
});

test('the end of a draft is told before the one that was begun anew, and what the line did not take is told again', () => {
  const due = new DraftsDue();
  due.changed(user, 'pad', 'dropped');
  due.changed(user, 'pad', 'kept');
  const down = server(1);
  due.tell(() => [row('pad')], down.send);
  expect(down.heard.map(({ content }) => content)).toEqual([null]);
  const up = server();
  due.tell(() => [row('pad')], up.send);
  due.tell(() => [row('pad')], up.send);
  expect(up.heard.map(({ revision }) => revision)).toEqual([Number.MAX_SAFE_INTEGER, 3]);
});
