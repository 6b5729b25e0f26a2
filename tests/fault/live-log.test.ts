import { join } from 'node:path';
import { expect, test } from 'vitest';
import { REASON_TEXT_MIN } from '#domain/view-reason.ts';
import { SeatClient } from '#server/web/seat-client.suite.ts';
import { NewForce, PASSWORD } from '../support/new-force.ts';
import { verifyServer } from '../support/verify-server.ts';

const KILLS = 8;

test(
  `a server that is killed ${KILLS} times while somebody begins to look has shown nothing of which the reason is not on its disk`,
  { timeout: 240_000 },
  async () => {
    await using force = await NewForce.start();
    await force.addUser('inv', 'investigator');
    await force.addUser('ch1', 'supervisor');
    const desk = await force.startDesk('CH1');
    const window = await desk.openWindow();
    await window.signIn('ch1', PASSWORD);
    await window.until('numbers', () => (window.seat?.referencesLeft ?? 0) > 0);
    const id = window.ask({
      type: 'raise-incident',
      body: {
        place: { text: '12 High Street', isVerified: false },
        openingCode: 'DOM',
        grade: 1,
        qualifiers: [],
        narrative: 'shouting',
      },
    });
    const answer = await window.answerTo(id);
    const reference = answer.state === 'stored-here' ? (answer.reference ?? '') : '';
    await window.until('recorded', () =>
      window.acks.get(id)?.some((it) => it.state === 'recorded'),
    );

    const shown: string[] = [];
    const seat = new SeatClient(force.url);
    await seat.signIn('inv', PASSWORD);
    for (let n = 0; n < KILLS; n += 1) {
      expect(await seat.join()).toBe(101);
      const from = seat.frames.length;
      const why = { code: 'review', text: `${'look'.padEnd(REASON_TEXT_MIN, '.')} ${n}` };
      const rows = () =>
        seat.frames.slice(from).some((it) => it.frame === 'view' && it.sub === `i${n}`);
      seat.follow(reference, `i${n}`, why);
      // Half of them at the very first row; the others some turns after the question, before or after it.
      if (n % 2 === 0) await seat.until(rows);
      else
        for (let turns = 0; turns < n * 3; turns += 1)
          await new Promise((resolve) => setImmediate(resolve));
      await force.stopServer('SIGKILL');
      await seat.closed;
      if (rows()) shown.push(why.text);
      await force.startServer();
    }
    await force.stopServer();
    const { faults, audit } = verifyServer(join(force.folder, 'server'));
    const onRecord = audit.flatMap(({ outcome, subject }) =>
      subject === reference ? (/reason review: (.*)$/.exec(outcome)?.[1] ?? []) : [],
    );
    expect(faults).toEqual([]);
    expect(shown.length).toBeGreaterThanOrEqual(KILLS / 2);
    expect(shown.filter((text) => !onRecord.includes(text))).toEqual([]);
  },
);
