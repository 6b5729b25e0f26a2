import process from 'node:process';
import { expect, test } from 'vitest';
import type { ContactId, IncidentId, UnitId } from '#domain/ids.ts';
import { handoverIdOf } from '#domain/decide.ts';
import type { Ack } from '#protocol/ack.ts';
import type { ContactRow, IncidentRow, TrayRow, UnitRow } from '#protocol/view.ts';
import { DemoRoom } from '../support/demo-room.ts';
import { toldBy, WindowClient } from '../support/window-client.ts';

const HT21 = 'HT21' as UnitId;

async function seat(room: DemoRoom, index: number, name: string) {
  const window = new WindowClient(room.facts.desks[index] ?? '');
  await window.join();
  expect(await window.signIn(name, 'made-up-password')).toMatchObject({ kind: 'rows' });
  for (const view of ['seat', 'contacts', 'incidents', 'units', 'handovers', 'tray'] as const)
    window.follow(view);
  await window.until(`${name} is online`, () => window.seat?.mode === 'online');
  await window.until(`${name} has numbers`, () => (window.seat?.referencesLeft ?? 0) > 0);
  return window;
}

const incidentIn = (window: WindowClient, id: string) =>
  window.rows<IncidentRow>('incidents').find((row) => row.id === id);
const unitIn = (window: WindowClient, id: string) =>
  window.rows<UnitRow>('units').find((row) => row.id === id);

function referenceIn(answer: Ack['answer']): IncidentId {
  expect(answer).toMatchObject({ state: 'stored-here', reference: expect.any(String) });
  return (answer as { readonly reference?: IncidentId }).reference ?? ('' as IncidentId); // just checked
}

// The Call steps of the scenario at the level of frames: real processes, real SIGKILL, no screen.
test('a call becomes a dispatched incident while the server is killed, and nothing is lost', async () => {
  await using room = await DemoRoom.start();
  const ch1 = await seat(room, 0, 'ch1');
  const ch2 = await seat(room, 1, 'ch2');
  const d1 = await seat(room, 2, 'd1');
  const sup = await seat(room, 3, 'sup');

  // 1: a 999 call is offered from outside; CH1 takes it, CH2 a moment later.
  const offered = await fetch(`${room.facts.server}/api/contacts`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${room.facts.apiKey}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ externalId: 'call-1', channel: '999', number: '07700 900142' }),
  });
  expect(offered.status).toBe(201);
  const { contactId } = (await offered.json()) as { contactId: ContactId };
  const isThere = (window: WindowClient) => () =>
    window.rows<ContactRow>('contacts').some(({ id }) => id === contactId);
  await Promise.all([ch1, ch2].map((window) => window.until('the call', isThere(window))));
  const taken = ch1.ask({ type: 'take-contact', body: { contactId } });
  expect(await ch1.answerTo(taken)).toEqual({ state: 'stored-here' });
  await ch2.until('CH1 has it', () =>
    ch2.rows<ContactRow>('contacts').some(({ id, owner }) => id === contactId && owner),
  );
  const late = ch2.ask({ type: 'take-contact', body: { contactId } });
  expect(await ch2.answerTo(late)).toMatchObject({
    state: 'refused',
    refusal: { reason: 'already-taken', desk: 'CH1' },
  });

  // 3 and 4: raised, handed over, accepted, assigned, en route.
  const raised = ch1.ask({
    type: 'raise-incident',
    body: {
      contactId,
      place: { text: '12 High Street', isVerified: false },
      openingCode: 'DOM',
      grade: 1,
      qualifiers: [],
      narrative: 'partner shouting, child upstairs',
    },
  });
  const stored = await ch1.answerTo(raised);
  expect(stored).toMatchObject({ state: 'stored-here', reference: expect.stringMatching(/^HC-/) });
  const reference = referenceIn(stored);
  await d1.until('the incident on D1', () => incidentIn(d1, reference));
  d1.ask({ type: 'accept-handover', body: { handoverId: handoverIdOf(raised as never) } });
  d1.ask({ type: 'assign-unit', body: { incidentId: reference, unitId: HT21 } });
  d1.ask({ type: 'set-unit-status', body: { unitId: HT21, statusCode: 5 } });
  const shown = await ch1.until('CH1 sees HT21 en route', () => {
    const row = incidentIn(ch1, reference);
    return row?.units.some(({ statusCode }) => statusCode === 5) && row;
  });
  expect(shown.handover?.accepted).toMatchObject({ name: 'Carys Holt' });

  // 6: the server is killed; every window says so.
  room.killServer();
  await Promise.all(
    [ch1, ch2, d1, sup].map((window) => window.until('alone', () => window.seat?.mode === 'alone')),
  );

  // 7: nobody is stopped.
  const said = ch1.ask({
    type: 'add-log-entry',
    body: { incidentId: reference, text: 'caller upstairs, door locked' },
  });
  const atScene = d1.ask({ type: 'set-unit-status', body: { unitId: HT21, statusCode: 6 } });
  const opened = ch2.ask({ type: 'open-contact', body: { channel: '101' } });
  const alone = ch2.ask({
    type: 'raise-incident',
    body: {
      contactId: opened as ContactId,
      place: { text: 'unknown', isVerified: false },
      openingCode: 'SUS',
      grade: 2,
      qualifiers: [],
      narrative: '',
    },
  });
  expect(await ch1.answerTo(said)).toEqual({ state: 'stored-here' });
  expect(await d1.answerTo(atScene)).toEqual({ state: 'stored-here' });
  const aloneReference = referenceIn(await ch2.answerTo(alone));
  expect(await ch2.until('its mark', () => incidentIn(ch2, aloneReference))).toMatchObject({
    mark: 'stored-here',
  });
  // SUP stands a unit down; D1, who cannot know, sends it and says so.
  const HT22 = 'HT22' as UnitId;
  sup.ask({ type: 'book-off-unit', body: { unitId: HT22 } });
  await sup.until('HT22 is off', () => unitIn(sup, HT22) === undefined);
  const sent = d1.ask({
    type: 'assign-unit',
    body: { incidentId: aloneReference, unitId: HT22 },
  });
  // D1 knows nothing of an incident that was raised at CH2 after the line was cut.
  expect(await d1.answerTo(sent)).toMatchObject({ refusal: { reason: 'no-such-incident' } });
  const released = d1.ask({ type: 'release-unit', body: { incidentId: reference, unitId: HT21 } });
  const assigned = d1.ask({ type: 'assign-unit', body: { incidentId: reference, unitId: HT22 } });
  const enRoute = d1.ask({ type: 'set-unit-status', body: { unitId: HT22, statusCode: 5 } });
  for (const id of [released, assigned, enRoute])
    expect(await d1.answerTo(id)).toEqual({ state: 'stored-here' });
  const [, , d1Pid] = room.facts.pids.desks;
  process.kill(d1Pid ?? 0, 'SIGSTOP'); // D1's desk drains last, so that SUP's word is first
  await room.startServer();
  await sup.until('SUP is online', () => sup.seat?.mode === 'online' && sup.seat.waiting === 0);
  process.kill(d1Pid ?? 0, 'SIGCONT');
  await d1.until('D1 is online', () => d1.seat?.mode === 'online' && d1.seat.waiting === 0);

  // 8: everything is recorded, once.
  for (const window of [ch1, ch2, d1, sup])
    await window.until(
      'converged',
      () => window.seat?.waiting === 0 && window.seat.mode === 'online',
    );
  await ch1.until('recorded', () => incidentIn(ch1, aloneReference)?.mark === 'recorded');

  // D1's unit had been stood down: refused, in the tray, with what rested on it. Nothing else is.
  const tray = await d1.until('the tray', () => d1.rows<TrayRow>('tray')[0]);
  expect(tray).toMatchObject({
    id: assigned,
    reason: 'unit-off-duty',
    what: `Assign HT22 to ${reference}`,
    dependents: [{ id: enRoute, reason: 'unit-off-duty' }],
  });
  expect(unitIn(d1, HT22)).toBeUndefined();

  // 9: status 0, from outside or a dispatcher, and its owner.
  d1.ask({ type: 'set-unit-status', body: { unitId: 'HT23' as UnitId, statusCode: 0 } });
  await sup.until('the emergency', () => unitIn(sup, 'HT23')?.emergency);
  sup.ask({ type: 'own-emergency', body: { unitId: 'HT23' as UnitId } });
  await d1.until('its owner', () => unitIn(d1, 'HT23')?.emergency?.owner?.name === 'Dev Marsh');

  // 12: cleared with a result and closed under another code.
  d1.ask({ type: 'result-incident', body: { incidentId: reference, result: 'advice-given' } });
  d1.ask({ type: 'close-incident', body: { incidentId: reference, closingCode: 'CIV' } });
  const done = ch1.ask({ type: 'finish-contact', body: { contactId, outcome: 'incident' } });
  expect(await ch1.answerTo(done)).toEqual({ state: 'stored-here' });
  for (const window of [ch1, ch2, d1, sup]) {
    await window.until('closed', () => incidentIn(window, reference) === undefined);
    await window.until('drained', () => window.seat?.waiting === 0);
  }
  expect(d1.rows<TrayRow>('tray')).toEqual([tray]); // until D1 has dealt with it
  for (const window of [ch1, ch2, d1, sup]) window.close();

  const { answers, broken } = await room.compare(toldBy([ch1, ch2, d1, sup]));
  expect(broken).toEqual([]);
  for (const id of [taken, raised, said, atScene, opened, alone, done])
    expect(answers.get(id)?.state).toBe('recorded');
});
