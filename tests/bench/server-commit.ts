import { join } from 'node:path';
import process from 'node:process';
import type { EpochMs } from '#domain/ids.ts';
import { assert } from '#domain/lib/assert.ts';
import type { RecordRequest } from '#server/log/recorder-port.ts';
import { freshSalts } from '#server/log/salts.ts';
import { logMigrations, pictureMigrations } from '#store/migrations.ts';
import { openStore } from '#store/open-store.ts';
import { newWriter, raise, reference, request } from '../support/room.ts';
import {
  atLeast,
  quantile,
  RawDisk,
  result,
  rounded,
  spread,
  TempFolder,
  timed,
  type Result,
} from './measure.ts';

const ROUNDS = 8;
const TURN_MS = 500;
const GROUP = 256; // as many as the writer's thread takes at once
const SINGLE_TO_DISK_MIN = 0.6;
const GROUPED_TO_SINGLE_MIN = 20;

/** Repeats `work` for a turn; answers what each took, in milliseconds. */
function turn(work: () => number): readonly number[] {
  const took: number[] = [];
  for (let spent = 0; spent < TURN_MS;) {
    const each = work();
    took.push(each);
    spent += each;
  }
  return took;
}

const rate = (took: readonly number[], each = 1) =>
  (took.length * each * 1_000) / took.reduce((sum, it) => sum + it, 0);

/** `LogWriter.recordGroup` over real files, in turn with what the disk alone would do. */
export function serverCommit(): Result {
  using folder = new TempFolder();
  using disk = new RawDisk(folder.path);
  const files = {
    log: openStore(join(folder.path, 'log.db'), logMigrations),
    picture: openStore(join(folder.path, 'picture.db'), pictureMigrations),
  };
  const writer = newWriter(files, { now: () => Date.now() as EpochMs, salt: freshSalts() });
  let n = 1;
  writer.recordGroup([request(n, raise(), { reference })]);
  const next = (): RecordRequest => {
    n += 1;
    const text = `caller upstairs, door locked, second male heard on the landing, line open (${n})`;
    return request(n, { type: 'add-log-entry', body: { incidentId: reference, text } });
  };
  const record = (count: number) => {
    const group = Array.from({ length: count }, next);
    return timed(() => {
      const { events } = writer.recordGroup(group);
      assert(events.length === count, 'every command of the group is recorded');
    });
  };
  const works = {
    raw: () => timed(() => disk.commit()),
    single: () => record(1),
    grouped: () => record(GROUP),
  };
  for (const work of Object.values(works)) turn(work); // warm, and the WAL at its size

  // Wall time counts whatever else the machine does; the processor time of a commit does not.
  const cpu = { single: 0, grouped: 0 };
  const turnOf = (what: 'single' | 'grouped') => {
    const before = process.cpuUsage();
    const each = turn(works[what]);
    const { user, system } = process.cpuUsage(before);
    cpu[what] += (user + system) / 1_000;
    return each;
  };
  const took = { raw: [] as number[], single: [] as number[], grouped: [] as number[] };
  const singleToDisk: number[] = [];
  const groupedToSingle: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [raw, single, grouped] = [turn(works.raw), turnOf('single'), turnOf('grouped')];
    took.raw.push(...raw);
    took.single.push(...single);
    took.grouped.push(...grouped);
    singleToDisk.push(rate(single) / rate(raw));
    groupedToSingle.push(rate(grouped, GROUP) / rate(single));
  }
  files.log.close();
  files.picture.close();

  const single = rate(took.single);
  const grouped = rate(took.grouped, GROUP);
  const raw = rate(took.raw);
  const ratio = {
    singleToDisk: rounded(single / raw),
    groupedToSingle: rounded(grouped / single),
    singleToDiskMedianRound: rounded(quantile(singleToDisk, 0.5)),
    groupedToSingleMedianRound: rounded(quantile(groupedToSingle, 0.5)),
    groupedToDisk: rounded(grouped / raw),
  };
  const [ofSingle, ofGroup, ofRaw] = [spread(took.single), spread(took.grouped), spread(took.raw)];
  return result({
    name: 'server-commit',
    values: {
      single: rounded(single),
      grouped: rounded(grouped),
      singleP50Ms: ofSingle.p50,
      singleP99Ms: ofSingle.p99,
      groupP50Ms: ofGroup.p50,
      groupP99Ms: ofGroup.p99,
      singleCpuMs: rounded(cpu.single / took.single.length),
      groupCpuMs: rounded(cpu.grouped / took.grouped.length),
    },
    unit: 'commands/s',
    budget: [
      atLeast('singleToDisk', ratio.singleToDisk, SINGLE_TO_DISK_MIN),
      atLeast('groupedToSingle', ratio.groupedToSingle, GROUPED_TO_SINGLE_MIN),
    ],
    beside: {
      preallocatedFdatasyncs: rounded(raw),
      fdatasyncP50Ms: ofRaw.p50,
      fdatasyncP99Ms: ofRaw.p99,
    },
    ratio,
    note:
      `LogWriter.recordGroup of 1 and of ${GROUP} add-log-entry (decision, header, body, hashes, answer ` +
      `and audit row in one transaction; the read model's fold every 20,000 events is in it), ${ROUNDS} ` +
      `rounds of ${TURN_MS} ms each in turn with a 4 KiB write and fdatasync over preallocated blocks`,
  });
}
