import process from 'node:process';
import { expect, test } from 'vitest';
import type { IncidentId } from '#domain/ids.ts';
import { DemoRoom } from '../support/demo-room.ts';
import { WindowClient } from '../support/window-client.ts';
import { random } from '#domain/lib/random.ts';

const KILLS = 30;
const seed = Number(process.env['HOLDFAST_SEED'] ?? Date.now() % 100_000);

/** A seat that goes on asking whatever happens, and remembers what it was told. */
async function keepAsking(window: WindowClient, isOver: () => boolean, told: Set<string>) {
  const asked = new Set<string>();
  const incidents: string[] = [];
  for (let n = 0; !isOver(); n += 1) {
    if (!window.isOpen) {
      // The desk is away: its shell starts it again, on the same port.
      await window.join().catch(() => new Promise((resolve) => setImmediate(resolve)));
      continue;
    }
    // No faster than a room that is very busy: a thousand unsent commands are another test.
    const isCut = await window.until('the outbox to drain, or the end of the line', () =>
      window.isOpen ? (window.seat?.waiting ?? 0) < 100 && 'no' : ('cut' as const),
    );
    if (isCut === 'cut') continue;
    const incidentId = incidents.at(-1) as IncidentId | undefined; // as the desk gave it
    const id =
      incidentId !== undefined && n % 8 !== 0
        ? window.ask({ type: 'add-log-entry', body: { incidentId, text: `line ${n}` } })
        : window.ask({
            type: 'raise-incident',
            body: {
              place: { text: 'unknown', isVerified: false },
              openingCode: 'SUS',
              grade: 4,
              qualifiers: [],
              narrative: `raised ${n}`,
            },
          });
    asked.add(id);
    const answer = await window.until('an answer, or the end of the line', () =>
      window.isOpen ? window.acks.get(id)?.[0] : ('cut' as const),
    );
    if (answer === 'cut' || answer.state !== 'stored-here') continue;
    told.add(id);
    if (answer.reference !== undefined) incidents.push(answer.reference);
  }
  return asked;
}

/** Commands are answered in order: once a last one is recorded, so is everything before it. */
async function drained(window: WindowClient): Promise<number> {
  while (!window.isOpen) await window.join().catch(() => new Promise(setImmediate));
  const last = window.ask({ type: 'open-contact', body: { channel: 'counter' } });
  return window.until('the last command to be recorded', () => {
    const recorded = window.acks.get(last)?.find(({ state }) => state === 'recorded');
    return recorded?.state === 'recorded' && recorded.lastSeq;
  });
}

test(
  `${KILLS} SIGKILLs of server and desks under load: nothing acknowledged is lost, doubled or different`,
  { timeout: 300_000 },
  async () => {
    process.stdout.write(`kills: seed ${seed} (HOLDFAST_SEED=${seed} runs it again)\n`);
    const { below, pick } = random(seed);
    await using room = await DemoRoom.start();
    const windows: WindowClient[] = [];
    for (const [index, name] of ['ch1', 'ch2'].entries()) {
      const window = new WindowClient(room.facts.desks[index] ?? '');
      await window.join();
      await window.signIn(name, 'made-up-password');
      window.follow('seat');
      await window.until('numbers', () => (window.seat?.referencesLeft ?? 0) > 10);
      windows.push(window);
    }
    // The desks that nobody sits at get everything too.
    const others = room.facts.desks.slice(windows.length).map((it) => new WindowClient(it));
    for (const window of others) {
      await window.join();
      window.follow('seat');
    }
    const told = new Set<string>();
    let isOver = false;
    const working = windows.map((window) => keepAsking(window, () => isOver, told));

    for (let n = 0; n < KILLS; n += 1) {
      const before = told.size;
      const wanted = before + 5 + below(20);
      await windows[0]?.until('more work', () => told.size >= wanted);
      if (pick(['server', 'desk']) === 'server') {
        room.killServer();
        await room.startServer();
      } else await room.killDesk(below(2));
    }
    isOver = true;
    await Promise.all(working);
    const seqs: number[] = [];
    for (const window of windows) seqs.push(await drained(window));
    for (const window of [...windows, ...others]) {
      await window.until('converged', () => (window.seat?.cursor ?? 0) >= Math.max(...seqs));
      window.close();
    }
    await room.stop();

    const { answers, broken } = await room.compare(windows.flatMap(({ acks }) => [...acks]));
    expect(broken).toEqual([]);
    // Nothing that these two do can rightly be refused: a refusal would be a fault too.
    const wrong = [...told].filter((id) => answers.get(id)?.state !== 'recorded');
    expect(wrong.map((id) => [id, answers.get(id) ?? 'lost'])).toEqual([]);
  },
);
