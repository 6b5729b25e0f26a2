import process from 'node:process';
import { expect, test } from 'vitest';
import { DemoRoom } from '../support/demo-room.ts';
import { killsUnderLoad as KILLS } from '../support/kill-count.ts';
import { drained, keepAsking } from '../support/keep-asking.ts';
import { toldBy, WindowClient } from '../support/window-client.ts';
import { random } from '#domain/lib/random.ts';

/** `HOLDFAST_SEED` runs the same ones again. */
const seed = Number(process.env['HOLDFAST_SEED'] ?? Date.now() % 100_000);

test(
  `${KILLS} SIGKILLs of server and desks under load: nothing acknowledged is lost, doubled or different`,
  { timeout: 60_000 + 5_000 * KILLS },
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

    const { answers, broken } = await room.compare(toldBy(windows));
    expect(broken).toEqual([]);
    // Nothing that these two do can rightly be refused: a refusal would be a fault too.
    const wrong = [...told].filter((id) => answers.get(id)?.state !== 'recorded');
    expect(wrong.map((id) => [id, answers.get(id) ?? 'lost'])).toEqual([]);
  },
);
