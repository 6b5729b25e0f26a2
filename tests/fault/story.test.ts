import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SeatRow } from '#protocol/view.ts';
import { compareRoom } from '../support/desk-files.ts';
import { Holdfast } from '../support/holdfast.ts';
import { WindowClient } from '../support/window-client.ts';

const BUSY_MACHINE_MAX_MS = 300_000; // a server that is killed and started again, four desks, and others beside
const CAPTION = 'A made-up story of 13 steps';

interface Line {
  readonly story: readonly {
    readonly step: number;
    readonly outcome: string;
    readonly notSo: readonly string[];
  }[];
}

test(
  'the night shift is played at four desks, each step with a caption; what is not built is left out and said so',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-story-'));
    using _ = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
    const args = '--headless --json --port 0 --scenario --speed 30 --data'.split(' ');
    await using demo = await Holdfast.start(['demo', ...args, folder]);
    const { desks } = JSON.parse(demo.line) as { desks: readonly string[] };
    const captions: string[] = [];
    const window = new WindowClient(desks[2] ?? '');
    await window.join();
    window.follow('seat');
    const isOver = () => {
      const words = window.rows<SeatRow>('seat')[0]?.caption;
      if (words !== undefined && words !== captions.at(-1)) captions.push(words);
      return words?.startsWith('The story has ended') === true;
    };
    await window.until('the end of the story', isOver, BUSY_MACHINE_MAX_MS);
    const { story } = JSON.parse(await demo.nextLine()) as Line;
    expect(story.map(({ step, outcome, notSo }) => [step, outcome, ...notSo])).toEqual([
      [1, 'played'],
      [2, 'left-out'],
      [3, 'played'],
      [4, 'played'],
      [5, 'left-out'],
      [6, 'played'],
      [7, 'played'],
      [8, 'played'],
      [9, 'played'],
      [10, 'left-out'],
      [11, 'left-out'],
      [12, 'played'],
      [13, 'played'],
    ]);
    // D1's desk was alone and held back meanwhile; its windows kept the story's line all the same.
    for (const words of [CAPTION, 'Step 6, 22:01:00 the server', 'Step 10, 22:05:00 HW'])
      expect(captions.filter((it) => it.startsWith(words))).toHaveLength(1);
    expect(captions.find((it) => it.startsWith('Step 10'))).toContain('left out');
    window.close();
    expect(await demo.stop()).toBe(0);
    const { broken } = await compareRoom(folder, []);
    expect(broken).toEqual([]);
  },
  BUSY_MACHINE_MAX_MS,
);
