import { randomBytes } from 'node:crypto';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { IncidentId } from '#domain/ids.ts';
import { verifyChain } from '#store/chain.ts';
import { readDesk, readServerLog } from '../support/desk-files.ts';
import { OneDesk } from '../support/one-desk.ts';
import { raise } from '../support/room.ts';
import type { WindowClient } from '../support/window-client.ts';

const PAGE_BYTES = 4_096;
const COPY = join('outbox-copy', 'outbox.copy');

function flipBit(file: string, at: number) {
  const bytes = readFileSync(file);
  bytes.set([(bytes[at] ?? 0) ^ 1], at);
  writeFileSync(file, bytes);
}

const state = (window: WindowClient, id: string, wanted: 'stored-here' | 'recorded') =>
  window.until(wanted, () => window.acks.get(id)?.some((answer) => answer.state === wanted));

/** A desk with something recorded, something waiting, a draft, and somebody at it; stopped, or killed. */
async function workedDesk(room: OneDesk, { isKilled }: { readonly isKilled: boolean }) {
  const window = await room.startDesk();
  await room.signIn(window);
  const first = window.ask(raise({ narrative: 'before' }));
  const stored = await window.answerTo(first);
  const reference = (stored.state === 'stored-here' ? stored.reference : '') as IncidentId; // just raised
  await state(window, first, 'recorded');
  await window.until('settled', () => window.seat?.waiting === 0);
  await room.stopServer();
  const waiting = [1, 2, 3].map((n) =>
    window.ask({ type: 'add-log-entry', body: { incidentId: reference, text: `line ${n}` } }),
  );
  const raised = window.ask(raise({ narrative: 'while the server was away' }));
  for (const id of [...waiting, raised]) await state(window, id, 'stored-here');
  await window.keepDraft('call-1', 'half a sentence');
  // What SIGKILL leaves: what was written since the start is in the WAL.
  const crashed = join(room.folder, 'crashed');
  cpSync(room.deskFolder, crashed, { recursive: true });
  await room.stopDesk();
  if (isKilled) {
    rmSync(room.deskFolder, { recursive: true });
    cpSync(crashed, room.deskFolder, { recursive: true });
  }
  return { ids: [first, ...waiting, raised], reference };
}

/** The desk starts, alone, with all that it had; then the server comes, and nothing is lost or doubled. */
async function worksOn(room: OneDesk, { ids, reference }: Awaited<ReturnType<typeof workedDesk>>) {
  const window = await room.startDesk();
  window.follow('drafts');
  await window.until('the seat', () => window.seat?.mode === 'alone');
  const { user, waiting, trouble } = window.seat ?? {};
  await window.until('the draft', () => window.rows('drafts').length === 1);
  const after = window.ask(raise({ narrative: 'after' }));
  const answer = await window.answerTo(after);
  await room.startServer();
  await state(window, after, 'recorded');
  await window.until(
    'all of it',
    () => window.seat?.mode === 'online' && window.seat.waiting === 0,
  );
  const { events, answers, broken } = await room.compare(window.acks);
  return {
    said: trouble,
    user: user?.name,
    waiting,
    isOtherNumber: answer.state === 'stored-here' && answer.reference !== reference,
    chain: verifyChain(events).outcome,
    recorded: [...ids, after].map((id) => answers.get(id)?.state),
    entries: events.filter(({ header }) => header.type === 'incident.entry-added').length,
    broken,
    head: events.length,
  };
}

const asIfNothing = (head: number, said: RegExp) => ({
  said: expect.stringMatching(said),
  user: 'ch1',
  waiting: 4,
  isOtherNumber: true,
  chain: 'intact',
  recorded: [1, 2, 3, 4, 5, 6].map(() => 'recorded'),
  entries: 3,
  broken: [],
  head,
});

test.each<[string, boolean, (folder: string) => void]>([
  [
    'with a flipped bit in a page',
    false,
    (folder) => flipBit(join(folder, 'outbox.db'), PAGE_BYTES * 3 + 2_000),
  ],
  [
    'with a flipped bit in its first page',
    false,
    (folder) => flipBit(join(folder, 'outbox.db'), 2_000),
  ],
  [
    'that ends half-way',
    true,
    (folder) => {
      rmSync(join(folder, 'outbox.db-wal'));
      truncateSync(join(folder, 'outbox.db'), PAGE_BYTES * 3 + 100);
    },
  ],
  [
    'of random bytes',
    false,
    (folder) => writeFileSync(join(folder, 'outbox.db'), randomBytes(PAGE_BYTES * 4)),
  ],
  [
    'that is missing',
    true,
    (folder) =>
      ['', '-wal', '-shm'].forEach((it) => rmSync(join(folder, `outbox.db${it}`), { force: true })),
  ],
  ['whose WAL is missing', true, (folder) => rmSync(join(folder, 'outbox.db-wal'))],
])(
  'a desk with an outbox %s starts, has all that it had, and says so',
  async (_what, isKilled, spoil) => {
    await using room = await OneDesk.start();
    const worked = await workedDesk(room, { isKilled });
    spoil(room.deskFolder);
    const end = await worksOn(room, worked);
    expect(end).toEqual(
      asIfNothing(end.head, /^outbox\.db was .* everything came back from its second copy\.$/),
    );
  },
);

test.each<[string, (file: string) => void]>([
  ['with a flipped bit', (file) => flipBit(file, 200)],
  ['that is cut', (file) => truncateSync(file, 4_000)],
  ['that is missing', (file) => rmSync(file)],
])('a second copy %s stops nobody, is made anew, and it is said', async (_what, spoil) => {
  await using room = await OneDesk.start();
  const worked = await workedDesk(room, { isKilled: true });
  spoil(join(room.deskFolder, COPY));
  const end = await worksOn(room, worked);
  expect(end).toEqual(
    asIfNothing(end.head, /^The second copy of outbox\.db was .* nothing was lost\.$/),
  );
  rmSync(join(room.deskFolder, 'outbox.db'));
  const { answers } = readServerLog(room.serverFolder);
  await room.startDesk();
  await room.stopDesk();
  // It was the whole of it: the answers of all six are here again.
  const { outbox } = await readDesk(room.deskFolder);
  const kept = outbox
    .filter(({ answer }) => answer?.state === 'recorded')
    .map(({ commandId }) => commandId);
  expect(kept.filter((id) => worked.ids.includes(id)).length).toBe(worked.ids.length);
  expect(answers.size).toBeGreaterThan(0);
});

test('where both are lost the desk starts, says what may be lost, and the old files stand beside the new ones', async () => {
  await using room = await OneDesk.start();
  const { reference } = await workedDesk(room, { isKilled: false });
  const broken = randomBytes(PAGE_BYTES);
  for (const file of ['outbox.db', COPY]) writeFileSync(join(room.deskFolder, file), broken);
  await room.startServer();
  const window = await room.startDesk();
  await window.until('it is said', () => window.seat?.trouble?.includes('others may be lost'));
  await room.signIn(window);
  const answer = await window.answerTo(window.ask(raise({ narrative: 'anew' })));
  expect(answer.state === 'stored-here' && answer.reference !== reference).toBe(true);
  const aside = (folder: string) =>
    readdirSync(join(room.deskFolder, folder))
      .filter((name) => name.includes('.corrupt-'))
      .map((name) => room.read(join(folder, name)).equals(broken));
  expect([aside('.'), aside('outbox-copy')]).toEqual([[true], [true]]);
  expect(existsSync(join(room.deskFolder, COPY))).toBe(true);
});
