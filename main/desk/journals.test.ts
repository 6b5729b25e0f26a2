import { expect, test } from 'vitest';
import type { IncidentId, StreamId } from '#domain/ids.ts';
import { random } from '#domain/lib/random.ts';
import { replicaMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { newWriter, raise, request } from '../../tests/support/room.ts';
import { Replica } from './replica.ts';

const ids = ['HC-20261123-0001', 'HC-20261123-0002', 'HC-20261123-0003'] as IncidentId[];
const streams = ids.map((id) => `incident/${id}` as StreamId);

test('the log that is kept is the one in the file, whatever comes and however long it grows', () => {
  const writer = newWriter();
  const db = openStore(':memory:', replicaMigrations);
  const replica = new Replica(db);
  const { pick, below } = random(7);
  let n = 0;
  const take = (asked: Parameters<typeof request>[1], reference?: IncidentId) => {
    n += 1;
    replica.apply(writer.recordGroup([request(n, asked, reference ? { reference } : {})]).events);
  };
  for (const id of ids) take(raise(), id);
  for (let step = 0; step < 700; step += 1) {
    const incidentId = step < 650 ? (ids[0] as IncidentId) : (pick(ids) as IncidentId);
    take({ type: 'add-log-entry', body: { incidentId, text: `entry ${step}` } });
    if (below(10) > 0) continue;
    // As a desk sees it that starts now.
    const fresh = new Replica(db);
    for (const stream of streams) expect(replica.lines(stream)).toEqual(fresh.lines(stream));
  }
  const first = streams[0] as StreamId;
  expect(replica.lines(first)).toHaveLength(500);
  const before = replica.lines(first).at(-1);
  take({ type: 'add-log-entry', body: { incidentId: ids[0] as IncidentId, text: 'one more' } });
  expect(replica.lines(first).at(-2)).toBe(before); // and so is its line, and the text of that
});
