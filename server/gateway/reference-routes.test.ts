import { expect, test } from 'vitest';
import { loadReferenceData } from '#store/load-reference-data.ts';
import { Running } from './running.suite.ts';

const shipped = loadReferenceData();

/** A force with an administrator and a dispatcher. */
async function force() {
  const running = await Running.start();
  await running.addUser('adm', 'administrator');
  await running.addUser('dis', 'dispatcher');
  const [admin, dispatcher] = [await running.signIn('adm'), await running.signIn('dis')];
  const ask = async (method: string, path: string, body?: object, as = admin) => {
    const headers = { authorization: `Bearer ${as.token}` };
    const answer = await running.ask(method, `/api/reference-data${path}`, body, headers);
    const given: Record<string, unknown> = { ...(answer.body as object), status: answer.status };
    return given;
  };
  return { running, ask, dispatcher };
}

/** The results that we ship, one of them under another name and one more. */
const results = (name: string) =>
  JSON.stringify({
    ...shipped.results,
    version: 2,
    rows: [
      ...shipped.results.rows.map((row, n) => (n === 0 ? { ...row, name } : row)),
      { code: 'made-up', name: 'Made up', asksFor: null, isConfirmed: false },
    ],
  });

test('a list is looked at, checked, taken over and brought back, and every step is on record', async () => {
  const { running, ask } = await force();
  await using _ = running;
  const line = (running.enrol('CH1'), await running.join('CH1'));
  const { rows } = shipped.results;
  expect(await ask('GET', '')).toMatchObject({
    status: 200,
    lists: expect.arrayContaining([
      { list: 'results', revision: 0, rows: rows.length, source: shipped.results.source },
    ]) as unknown,
  });
  const checked = await ask('POST', '/results/check', { text: results('Advice') });
  const lines = [
    '+ made-up name "Made up", asksFor null, isConfirmed false',
    `~ ${rows[0]?.code} name: ${JSON.stringify(rows[0]?.name)} becomes "Advice"`,
    '~ of the list: version: 1 becomes 2',
  ];
  expect(checked).toMatchObject({ status: 200, list: 'results', revision: 0, lines });
  const taken = await ask('POST', '/results', {
    text: results('Advice'),
    insteadOf: 0,
    note: 'agreed on Monday',
  });
  expect(taken).toMatchObject({ status: 201, list: 'results', revision: 1, lines });
  // Every desk that is joined has it as an event.
  let heard = '';
  while (!heard.includes('agreed on Monday')) heard = JSON.stringify(await line.next('events'));
  const back = await ask('POST', '/results/roll-back', { to: 0, insteadOf: 1, note: 'too soon' });
  expect(back).toMatchObject({ status: 201, revision: 2 });
  const { revisions } = (await ask('GET', '/results/revisions')) as unknown as {
    revisions: readonly object[];
  };
  expect(revisions).toMatchObject([
    { revision: 2, note: 'too soon', rolledBackTo: 0, rows: rows.length },
    { revision: 1, note: 'agreed on Monday', rows: rows.length + 1 },
    { revision: 0, rows: rows.length },
  ]);
  const shown = (await ask('GET', '/results?revision=1'))['text'];
  expect(JSON.parse(shown as string)).toEqual(JSON.parse(results('Advice')));
  expect(JSON.parse((await ask('GET', '/results'))['text'] as string)).toEqual(shipped.results);
  const audited = (await running.audit()).map(({ what, outcome }) => `${what}: ${outcome}`);
  expect(audited).toEqual(
    expect.arrayContaining([
      'list-reference-data: shown',
      'check-reference-data: shown',
      'take-over-reference-data: recorded 3-3',
      'list-revisions: shown',
    ]),
  );
});

test('a fault is told with its line and field, a list that has moved on is not overwritten', async () => {
  const { running, ask } = await force();
  await using _ = running;
  const faulty = results('Advice').replace('"made-up"', '"MADE UP"');
  const refused = await ask('POST', '/results', { text: faulty, insteadOf: 0, note: 'x' });
  expect(refused).toMatchObject({ status: 422, reason: 'faulty-list' });
  expect(refused['message']).toMatch(/results\.json:1:\d+ rows\[\d+\]\.code: lower-case words/);
  const first = { text: results('Advice'), insteadOf: 0, note: 'first' };
  expect((await ask('POST', '/results', first))['status']).toBe(201);
  const second = { text: results('Words'), insteadOf: 0, note: 'second' };
  expect(await ask('POST', '/results', second)).toMatchObject({
    status: 409,
    reason: 'list-moved-on',
  });
  const same = { ...first, insteadOf: 1 };
  expect(await ask('POST', '/results', same)).toMatchObject({
    status: 409,
    reason: 'same-content',
  });
  const nowhere = { to: 7, insteadOf: 1, note: 'x' };
  expect(await ask('POST', '/results/roll-back', nowhere)).toMatchObject({
    status: 404,
    reason: 'no-such-revision',
  });
  expect(await ask('GET', '/warnings')).toMatchObject({ status: 400, reason: 'malformed' });
});

test('nobody but an administrator sees or changes a list', async () => {
  const { running, ask, dispatcher } = await force();
  await using _ = running;
  const body = { text: results('Advice'), insteadOf: 0, note: 'x', to: 0 };
  const asked = [
    ['GET', ''],
    ['GET', '/results'],
    ['GET', '/results/revisions'],
    ['POST', '/results/check'],
    ['POST', '/results'],
    ['POST', '/results/roll-back'],
  ] as const;
  for (const [method, path] of asked) {
    const given = method === 'POST' ? body : undefined;
    expect(await ask(method, path, given, dispatcher)).toMatchObject({
      status: 403,
      reason: 'not-permitted',
    });
  }
});
