import { join } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { handoverIdOf } from '#domain/decide.ts';
import type { CommandId, IncidentId, UnitId } from '#domain/ids.ts';
import type { CrimeNear, FoundPlace } from '#protocol/query.ts';
import type { ConflictRow, PresenceRow, RosterRow, TrayRow } from '#protocol/view.ts';
import { logMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { DemoRoom } from '../support/demo-room.ts';
import { toldBy, WindowClient } from '../support/window-client.ts';

const HT22 = 'HT22' as UnitId;
const AWAY_MS = 6_000; // longer than a command may take before it counts as late

async function seat(room: DemoRoom, index: number, name: string) {
  const window = new WindowClient(room.facts.desks[index] ?? '');
  await window.join();
  expect(await window.signIn(name, 'made-up-password')).toMatchObject({ kind: 'rows' });
  for (const view of ['seat', 'roster', 'presence', 'conflicts', 'tray', 'units'] as const)
    window.follow(view);
  await window.until(`${name} is online`, () => window.seat?.mode === 'online');
  await window.until(`${name} has numbers`, () => (window.seat?.referencesLeft ?? 0) > 0);
  return window;
}

/** Asks again with each word of the desk, until there are rows: the history comes after the log. */
async function found<Row>(window: WindowClient, ask: () => Promise<readonly Row[]>) {
  for (;;) {
    const rows = await ask();
    if (rows.length > 0) return rows;
    const { seat: before } = window;
    await window.until('the desk says something new', () => window.seat !== before);
  }
}

const consultations = (room: DemoRoom) => {
  const db = openStore(join(room.dataDir, 'server', 'log.db'), logMigrations);
  const rows = db
    .prepare<[], { what: string; desk: string; subject: string; outcome: string }>(
      `SELECT what, desk, subject, outcome FROM audit WHERE operation = 'consultation' ORDER BY seq`,
    )
    .all();
  db.close();
  return rows;
};

test('what a desk knows of streets, crimes and colleagues, and what becomes of it when the server dies', async () => {
  await using room = await DemoRoom.start();
  const ch2 = new WindowClient(room.facts.desks[1] ?? '');
  await ch2.join();
  ch2.follow('seat');
  const ch1 = await seat(room, 0, 'ch1');
  const d1 = await seat(room, 2, 'd1');
  const sup = await seat(room, 3, 'sup');

  // The rows of the import have come to the desk, and a street is found by the beginnings of its words.
  const places = await found(ch1, () => ch1.query<FoundPlace>('places', { text: '12 hig str' }));
  expect(places[0]).toMatchObject({
    text: '12 High Street',
    source: 'street of recorded crimes',
  });
  const { lat = 0, lon = 0 } = places[0] ?? {};
  const near = { lat, lon, metres: 500 };
  const crimes = await ch1.query<CrimeNear>('crimes-near', near);
  expect(crimes.length).toBeGreaterThan(0);
  for (const { month, metres } of crimes) {
    expect(month).toMatch(/^\d{4}-\d{2}$/);
    expect(metres).toBeLessThanOrEqual(500);
  }

  // Who is on duty, and what they have before them.
  const names = (window: WindowClient) =>
    window
      .rows<RosterRow>('roster')
      .map(({ name, desk }) => `${name} ${desk}`)
      .toSorted();
  const all = ['Asha Lane CH1', 'Carys Holt D1', 'Dev Marsh SUP'];
  for (const window of [ch1, d1, sup])
    await window.until('all are on duty', () => names(window).join() === all.join());
  const [incident] = await d1.query<{ id: string }>('find', { text: 'van' });
  const about = `incident/${incident?.id ?? ''}`;
  d1.signal({ about, isTyping: true });
  const seen = () => ch1.rows<PresenceRow>('presence').find(({ id }) => id === 'D1');
  await ch1.until('CH1 sees what D1 writes in', () => seen()?.about === about);
  expect(seen()).toMatchObject({ who: { name: 'Carys Holt' }, isTyping: true });

  // The server dies: what colleagues had before them is not known any more, what was recorded is.
  room.killServer();
  await Promise.all(
    [ch1, d1, sup].map((window) => window.until('alone', () => window.seat?.mode === 'alone')),
  );
  await ch1.until('nothing is claimed of D1', () => seen() === undefined);
  expect(await ch1.query<CrimeNear>('crimes-near', near)).toEqual(crimes);
  expect(names(ch1)).toEqual(all);

  // SUP stands a unit down; D1, who cannot know, sends it; SUP is told, D1 has it in the tray.
  const raised = ch1.ask({
    type: 'raise-incident',
    body: {
      place: { text: '12 High Street', isVerified: false },
      openingCode: 'SUS',
      grade: 2,
      qualifiers: [],
      narrative: '',
    },
  });
  await ch1.answerTo(raised);
  sup.ask({ type: 'book-off-unit', body: { unitId: HT22 } });
  const incidentId = (incident?.id ?? '') as IncidentId;
  const sent = d1.ask({ type: 'assign-unit', body: { incidentId, unitId: HT22 } });
  expect(await d1.answerTo(sent)).toEqual({ state: 'stored-here' });
  await setTimeout(AWAY_MS); // time itself is what makes a command late
  process.kill(room.facts.pids.desks[2] ?? 0, 'SIGSTOP');
  await room.startServer();
  await sup.until('SUP has drained', () => sup.seat?.mode === 'online' && sup.seat.waiting === 0);
  process.kill(room.facts.pids.desks[2] ?? 0, 'SIGCONT');
  await d1.until('D1 has it in the tray', () => d1.rows<TrayRow>('tray').length === 1);
  const [conflict] = await sup.until('SUP is told', () => {
    const rows = sup.rows<ConflictRow>('conflicts');
    return rows.length > 0 && rows;
  });
  expect(conflict).toMatchObject({
    what: 'assign unit',
    subject: 'HT22',
    reason: 'unit-off-duty',
    by: { name: 'Carys Holt', desk: 'D1' },
    other: 'SUP',
  });
  expect(d1.rows<ConflictRow>('conflicts')).toEqual([]);
  sup.ask({ type: 'settle-conflict', body: { commandId: (conflict?.id ?? '') as CommandId } });
  await sup.until('it is dealt with', () => sup.rows<ConflictRow>('conflicts').length === 0);
  d1.ask({
    type: 'accept-handover',
    body: { handoverId: handoverIdOf(raised as CommandId) }, // made as one by the client
  });

  // Everybody goes home.
  ch1.signOut();
  await d1.until('CH1 is off duty', () => names(d1).join() === all.slice(1).join());

  // The audit has every look, also the one while the server was dead, each once.
  await d1.until('all is recorded', () => d1.seat?.waiting === 0 && d1.seat.mode === 'online');
  for (;;) {
    if (consultations(room).filter(({ what }) => what === 'crimes-near').length > 0) break;
    const { seat: before } = sup;
    await sup.until('the desk says something new', () => sup.seat !== before);
  }
  // CH2's desk, at which nobody sat, has heard it all too.
  await ch2.until('CH2 has all', () => ch2.seat?.cursor === d1.seat?.head);
  await room.stop();
  const looks = consultations(room);
  const of = (what: string) => looks.filter((row) => row.what === what);
  expect(of('find')).toEqual([
    {
      what: 'find',
      desk: 'D1',
      subject: expect.stringContaining(incidentId),
      outcome: expect.stringMatching(/^shown \d+$/),
    },
  ]);
  expect(of('crimes-near').map(({ desk }) => desk)).toContain('CH1');
  const { broken } = await room.compare(toldBy([ch1, d1, sup]));
  expect(broken).toEqual([]);
});
