import process from 'node:process';
import { expect, test } from 'vitest';
import { random } from '#domain/lib/random.ts';
import { BadLine, faults, type Bite, type LineFault } from '../support/bad-line.ts';
import { drained, keepAsking, WAITING_MAX } from '../support/keep-asking.ts';
import { RealRoom } from '../support/real-room.ts';
import { toldBy, type WindowClient } from '../support/window-client.ts';

/** `HOLDFAST_PARTITIONS` sets how many; `HOLDFAST_SEED` runs the same ones again. */
const PARTITIONS = Number(process.env['HOLDFAST_PARTITIONS'] ?? 100);
const seed = Number(process.env['HOLDFAST_SEED'] ?? Date.now() % 100_000);
const DESKS = ['CH1', 'CH2', 'D1', 'D2'];
// A dead line is found within some ten seconds, and a new one made within as many more. Nothing here is
// judged by how long it took: a machine that is busy with something else may take this long.
const WITHIN_MS = 120_000;

// How often each comes: what takes a desk seconds to find out is dearer than what it hears of at once.
const weights: Readonly<Record<LineFault, number>> = {
  dropped: 7,
  cut: 7,
  throttled: 3,
  late: 1,
  'half-open': 1,
  'up-lost': 1,
  'down-lost': 1,
};
const deck = faults.flatMap((fault) => Array.from({ length: weights[fault] }, () => fault));
/** Nothing but silence tells a desk of these; of `up-lost` its server hears nothing, and hangs up. */
const isSilent = (fault: LineFault) => fault === 'half-open' || fault === 'down-lost';

const online = (window: WindowClient) =>
  window.until('online', () => window.seat?.mode === 'online', WITHIN_MS);

/** Resolves once the desk has said that it has no server, after the fault fell; with what it gives as the reason. */
const alone = (window: WindowClient, fault: LineFault, { at }: Bite) =>
  window.until(
    `alone, the line being ${fault}`,
    () => {
      const { seat } = window;
      if (!seat) return false;
      // After a cut all is well, and a desk may be back before its window has heard that it was away.
      const isBack = fault === 'cut' && seat.since >= at;
      return (seat.mode === 'alone' || isBack) && { reason: seat.reason, since: seat.since };
    },
    WITHIN_MS,
  );

/** Until so many more commands are stored here, or all that this test lets a desk keep: work goes on whatever the line does. */
const working = (window: WindowClient, more: number) => {
  const from = window.acks.size;
  const isFull = () => (window.seat?.waiting ?? 0) >= WAITING_MAX;
  return window.until('work goes on', () => window.acks.size >= from + more || isFull(), WITHIN_MS);
};

/** Until something that is asked now is on record: both ways are late, and still carry. */
const recorded = (window: WindowClient) => {
  const id = window.ask({ type: 'open-contact', body: { channel: 'counter' } });
  const isRecorded = () => window.acks.get(id)?.some(({ state }) => state === 'recorded');
  return window.until('recorded over a late line', isRecorded, WITHIN_MS);
};

/** Breaks the line, waits until the desk has felt it, and heals it. Resolves with why the desk gave up a silent line. */
async function partition(
  line: BadLine,
  window: WindowClient,
  { fault, work }: { readonly fault: LineFault; readonly work: number },
): Promise<string | undefined> {
  await online(window);
  line.break(fault);
  const bite = await line.bitten;
  let why: string | undefined;
  if (fault === 'late') await recorded(window);
  else if (fault !== 'throttled') {
    const { reason, since } = await alone(window, fault, bite);
    // A line that was going down already, for another reason, says that one.
    if (isSilent(fault) && bite.isOfFrames && since >= bite.at) why = reason;
  }
  await working(window, work);
  line.heal();
  return why;
}

test(
  `${PARTITIONS} partitions under load, of every kind: no desk stays online over a dead line, nothing is lost, nothing doubled`,
  { timeout: 2 * WITHIN_MS + 10_000 * PARTITIONS },
  async () => {
    process.stdout.write(`partitions: seed ${seed} (HOLDFAST_SEED=${seed} runs it again)\n`);
    await using lines = new AsyncDisposableStack();
    await using room = await RealRoom.start();
    const told = new Set<string>();
    const reasons: string[] = [];
    const count = new Map<LineFault, number>();
    let isOver = false;
    const windows: WindowClient[] = [];
    const badLines: BadLine[] = [];
    for (const name of DESKS) {
      const line = lines.use(await BadLine.to(room.force.url));
      badLines.push(line);
      windows.push((await room.startDesk(name, { server: line.url })).window);
    }
    const asking = windows.map((window) => keepAsking(window, () => isOver, told));

    await Promise.all(
      windows.map(async (window, at) => {
        const line = badLines[at];
        if (!line) return;
        const { below, pick } = random(seed + at);
        // Every kind at least once at each desk, then as it comes.
        const all = Math.ceil((PARTITIONS - at) / DESKS.length);
        for (let n = 0; n < all; n += 1) {
          const fault = faults[n] ?? pick(deck) ?? 'dropped';
          const why = await partition(line, window, { fault, work: 1 + below(8) });
          count.set(fault, (count.get(fault) ?? 0) + 1);
          if (why !== undefined) reasons.push(why);
        }
      }),
    );
    isOver = true;
    await Promise.all(asking);
    const seqs = await Promise.all(windows.map(drained)); // within 30 s, like all that is awaited there
    for (const window of windows)
      await window.until('converged', () => (window.seat?.cursor ?? 0) >= Math.max(...seqs));
    process.stdout.write(
      `partitions: ${JSON.stringify(Object.fromEntries(count))}, ${told.size} commands\n`,
    );

    const { answers, desks, broken } = await room.compare(toldBy(windows));
    expect([...count.values()].reduce((sum, n) => sum + n, 0)).toBe(PARTITIONS);
    expect(desks.toSorted()).toEqual(DESKS.toSorted());
    expect(broken).toEqual([]);
    // Nothing that these desks do can rightly be refused: a refusal would be a fault too.
    const wrong = [...told].filter((id) => answers.get(id)?.state !== 'recorded');
    expect(wrong.map((id) => [id, answers.get(id) ?? 'lost'])).toEqual([]);
    // Nothing else told these desks that nobody was there.
    expect(reasons.length).toBeGreaterThan(0);
    expect(new Set(reasons)).toEqual(new Set(['the server is silent']));
  },
);

test('a desk joins its server over a line on which everything comes two seconds late, and works over it', async () => {
  await using room = await RealRoom.start();
  await using line = await BadLine.to(room.force.url);
  const { window } = await room.startDesk('CH1', { server: line.url });
  line.break('dropped');
  await alone(window, 'dropped', await line.bitten);
  line.break('late');
  await online(window);
  await recorded(window);
  expect((await room.compare(toldBy([window]))).broken).toEqual([]);
});
