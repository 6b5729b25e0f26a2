import { expect, test } from 'vitest';
import type { WindowId } from '#desk/shell.ts';
import type { StartDesk } from '#desk/start-desk.ts';
import { fakeElectron, FakePort } from './fake-electron.suite.ts';
import { UtilityDesk } from './utility-desk.ts';

const start = { desk: 'CH1', storeKey: 'secret' } as StartDesk;

function run() {
  const { api, seen } = fakeElectron();
  const due: { ms: number; work: () => void }[] = [];
  const said: unknown[] = [];
  const desk = new UtilityDesk(api, {
    script: '/app/desk-utility.js',
    start,
    after: (ms, work) => {
      const timer = { ms, work };
      due.push(timer);
      return { [Symbol.dispose]: () => void due.splice(due.indexOf(timer), 1) };
    },
    log: (line) => said.push(line),
    ready: () => said.push('ready'),
    lineEnded: (line) => said.push(`line ${line} ended`),
    news: (news) => said.push(news),
  });
  const join = (line: number) => {
    const port = new FakePort(`end ${line}`);
    const id = 'map-1' as WindowId;
    desk.join({ role: 'map', id, line, port: port as never });
    return port;
  };
  const child = (at = -1) => {
    const found = seen.desks.at(at);
    if (!found) throw new Error('no process was started');
    return found;
  };
  return { desk, seen, due, said, join, child };
}

test('the desk runs in a utility process by its name, and its keys come over the line, never by arguments', () => {
  const { child } = run();
  expect([child().script, child().name]).toEqual(['/app/desk-utility.js', 'holdfast-desk']);
  expect(child().got).toEqual([{ message: { type: 'start', options: start }, ports: [] }]);
});

test('a window is joined with its port once the desk is ready, and before that its port is closed', () => {
  const { child, join, said } = run();
  expect(join(1).isClosed).toBe(true);
  child().happen('message', { type: 'ready' });
  const port = join(2);
  expect(port.isClosed).toBe(false);
  expect(child().got.at(-1)).toEqual({
    message: { type: 'join', role: 'map', window: '1', line: 2 },
    ports: [port],
  });
  child().happen('message', { type: 'left', line: 2 });
  child().happen('message', { type: 'sat', user: 'u1' });
  expect(said).toEqual(['ready', 'line 2 ended', { type: 'sat', user: 'u1' }]);
});

test('a desk that dies is started again, later each time, and its windows hear when it is there', () => {
  const { child, due, said, join, seen } = run();
  child().happen('message', { type: 'ready' });
  const waits: number[] = [];
  for (let deaths = 0; deaths < 8; deaths += 1) {
    child().happen('exit', 9);
    expect(join(5).isClosed).toBe(true);
    const next = due.shift();
    waits.push(next?.ms ?? 0);
    next?.work();
  }
  expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  child().happen('message', { type: 'failed', message: 'the disk is full' });
  child().happen('message', { type: 'ready' });
  expect(seen.desks).toHaveLength(9);
  expect(said.filter((it) => it === 'ready')).toHaveLength(2);
  expect(said).toContain('desk CH1: the disk is full');
  child().happen('exit', 9);
  expect(due.shift()?.ms).toBe(100);
});

test('a desk is asked to stop and waited for; one that hangs is ended', async () => {
  const good = run();
  good.child().happen('message', { type: 'ready' });
  const stopped = good.desk.stop();
  expect(good.child().got.at(-1)?.message).toEqual({ type: 'stop' });
  good.child().happen('exit', 0);
  await stopped;
  expect([good.due, good.seen.desks.length]).toEqual([[], 1]);

  const hung = run();
  const ended = hung.desk.stop();
  hung.due[0]?.work();
  await ended;
  expect(hung.said).toEqual(['the desk did not stop by itself and is ended']);
  await hung.desk.stop(); // a second time there is nothing to stop
});
