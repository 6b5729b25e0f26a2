import process from 'node:process';
import { expect, test } from 'vitest';
import { random } from '#domain/lib/random.ts';
import { limits } from '#protocol/limits.ts';
import { verifyChain } from '#store/chain.ts';
import { recordedOf } from '#store/event-log.ts';
import { BadLine, faults, type LineFault } from '../support/bad-line.ts';
import { drained, keepAsking, WAITING_MAX } from '../support/keep-asking.ts';
import { RealRoom } from '../support/real-room.ts';
import type { WindowClient } from '../support/window-client.ts';

/** `HOLDFAST_PARTITIONS` sets how many; `HOLDFAST_SEED` runs the same ones again. */
const PARTITIONS = Number(process.env['HOLDFAST_PARTITIONS'] ?? 100);
const seed = Number(process.env['HOLDFAST_SEED'] ?? Date.now() % 100_000);
const DESKS = ['CH1', 'CH2', 'D1', 'D2'];

// How often each comes: what takes a desk seconds to find out is dearer than what it hears of at once.
const weights: Readonly<Record<LineFault, number>> = {
  dropped: 6,
  cut: 6,
  throttled: 3,
  late: 2,
  'half-open': 2,
  'up-lost': 1,
  'down-lost': 1,
};
const deck = faults.flatMap((fault) => Array.from({ length: weights[fault] }, () => fault));

interface Silence {
  readonly reason: string;
  /** From the last word of the server to the line being given up, by the desk's own clock. */
  readonly silentMs: number;
}

/**
 * Resolves once the window has been told that the server was not there, with what it was told. Where it
 * was told in the same breath that the server is back, only the time of the change shows it.
 */
function alone(window: WindowClient, fault: LineFault): Promise<Silence> {
  const before = window.seat?.since;
  return window.until(`alone, the line being ${fault}`, () => {
    const { seat } = window;
    const isGone = seat !== undefined && (seat.mode === 'alone' || seat.since !== before);
    return isGone && { reason: seat.reason, silentMs: seat.since - seat.asAt };
  });
}

const online = (window: WindowClient) =>
  window.until('online', () => window.seat?.mode === 'online');

/** Until so many more commands are stored here, or all that this test lets a desk keep: work goes on whatever the line does. */
const working = (window: WindowClient, more: number) => {
  const from = window.acks.size;
  const isFull = () => (window.seat?.waiting ?? 0) >= WAITING_MAX;
  return window.until('work goes on', () => window.acks.size >= from + more || isFull());
};

/** Breaks the line, waits until the fault has been felt, and heals it. */
async function partition(
  line: BadLine,
  window: WindowClient,
  { fault, work }: { readonly fault: LineFault; readonly work: number },
): Promise<Silence | undefined> {
  let silence: Silence | undefined;
  await online(window);
  if (fault === 'late' || fault === 'throttled') line.break(fault);
  else {
    const gone = alone(window, fault); // looked for from now on: a desk may be back at once
    line.break(fault);
    silence = await gone;
  }
  await working(window, work);
  line.heal();
  return silence;
}

test(
  `${PARTITIONS} partitions under load, of every kind: nothing is lost, nothing doubled, and a silent line is found`,
  { timeout: 1_000 * (120 + 6 * PARTITIONS) },
  async () => {
    process.stdout.write(`partitions: seed ${seed} (HOLDFAST_SEED=${seed} runs it again)\n`);
    await using lines = new AsyncDisposableStack();
    await using room = await RealRoom.start();
    const told = new Set<string>();
    const silent: Silence[] = [];
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
          const felt = await partition(line, window, { fault, work: 1 + below(8) });
          count.set(fault, (count.get(fault) ?? 0) + 1);
          if (felt && (fault === 'half-open' || fault === 'down-lost')) silent.push(felt);
        }
      }),
    );
    isOver = true;
    await Promise.all(asking);
    const seqs = await Promise.all(windows.map(drained));
    for (const window of windows) {
      await window.until('converged', () => (window.seat?.cursor ?? 0) >= Math.max(...seqs));
      window.close();
    }
    await room.stop();
    process.stdout.write(
      `partitions: ${JSON.stringify(Object.fromEntries(count))}, ${told.size} commands\n`,
    );

    const { events, answers, desks } = await room.compare();
    expect([...count.values()].reduce((sum, n) => sum + n, 0)).toBe(PARTITIONS);
    expect(verifyChain(events)).toMatchObject({ outcome: 'intact' });
    const wrong = [...told].filter((id) => answers.get(id)?.state !== 'recorded');
    expect(wrong.map((id) => [id, answers.get(id) ?? 'lost'])).toEqual([]);
    const made = events.map(recordedOf).filter(({ type }) => type === 'incident.entry-added');
    expect(new Set(made.map(({ commandId }) => commandId)).size).toBe(made.length);
    const head = events.at(-1)?.header.seq;
    expect(desks).toEqual(
      DESKS.map((name) => ({ name, cursor: head, differs: undefined, outboxWaiting: 0 })),
    );
    // Nothing else told the desk that nobody was there, and it waited no less than it may and not for ever.
    expect(silent.length).toBeGreaterThan(0);
    expect(new Set(silent.map(({ reason }) => reason))).toEqual(new Set(['the server is silent']));
    const outside = silent.filter(
      ({ silentMs }) => silentMs < limits.deadAfterMs || silentMs > 2 * limits.deadAfterMs,
    );
    expect(outside).toEqual([]);
  },
);
