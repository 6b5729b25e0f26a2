import { handoverIdOf } from '#domain/decide.ts';
import type { CommandId, IncidentId } from '#domain/ids.ts';
import { RealRoom, type DeskProcess } from '../support/real-room.ts';
import { LoadForce } from './load/load-force.ts';
import { LoadProcess } from './load/load-process.ts';
import { residentMb } from './load/process-use.ts';
import { atPace } from './load/traffic.ts';
import { atMost, quantile, result, rounded, say, type Result } from './measure.ts';
import { sizes } from './sizes.ts';

const CONTACTS_A_DAY = 3_200; // of one force at its peak
const TIMES = 10; // on the worst day
const BUSY = 2; // the busiest hour of a day to its mean
const CONTACTS = (CONTACTS_A_DAY / 24) * BUSY * TIMES;
const WRITERS = 10;
const LINES = 4;
const SAMPLE_MS = 5_000;
const MEMORY_MAX_MB = 300;
const GROWTH_MAX = 1.1; // the last third to the middle one: what a garbage collector leaves is no growth

/** An incident at a real desk, from its raising to its closing, as fast as its window is answered. */
async function incident({ window }: DeskProcess, n: number): Promise<void> {
  const raised = window.ask({
    type: 'raise-incident',
    body: {
      place: { text: `${1 + (n % 180)} High Street, Southsea`, isVerified: false },
      openingCode: 'SUS',
      grade: 4,
      qualifiers: [],
      narrative: `caller ${n} reports shouting and breaking glass in the flat above`,
    },
  });
  const answer = await window.answerTo(raised);
  if (answer.state !== 'stored-here' || answer.reference === undefined)
    throw new Error(`an incident was not raised: ${JSON.stringify(answer)}`);
  const incidentId = answer.reference as IncidentId; // as the desk gave it
  const handoverId = handoverIdOf(raised as CommandId); // a window's id is that of the command
  window.ask({ type: 'accept-handover', body: { handoverId } });
  for (let line = 0; line < LINES; line += 1)
    window.ask({ type: 'add-log-entry', body: { incidentId, text: `line ${line} of ${n}` } });
  window.ask({ type: 'result-incident', body: { incidentId, result: 'advice-given' } });
  window.ask({ type: 'close-incident', body: { incidentId, closingCode: 'CIV' } });
}

/** What a process held from the first sample on. */
class Memory {
  readonly #pid: number;
  readonly samples: number[] = [];

  constructor(pid: number) {
    this.#pid = pid;
  }

  take(): void {
    this.samples.push(residentMb(this.#pid));
  }

  get most(): number {
    return Math.max(...this.samples);
  }

  /** The median of the last third of the run to that of the middle one; the first is the warm-up. */
  get growth(): number {
    const third = Math.floor(this.samples.length / 3);
    const median = (from: number, to?: number) => quantile(this.samples.slice(from, to), 0.5);
    return rounded(median(third * 2) / median(third, third * 2));
  }
}

/** A busy hour of the worst day pressed into ten minutes, for what server and desk hold in memory. */
export async function hour(): Promise<Result> {
  const { clients, seconds } = sizes().hour;
  await using room = await RealRoom.start();
  await using load = new LoadProcess();
  const force = LoadForce.over(room.force);
  const desks = [await room.startDesk('D1'), await room.startDesk('D2')];
  for (const { window } of desks)
    for (const view of ['contacts', 'incidents', 'units', 'tray'] as const) window.follow(view);
  const lines = await force.enrol(clients, WRITERS);
  await load.order('joinDesks', { url: force.syncUrl, desks: lines });
  const memory = {
    server: new Memory(room.force.server.pid),
    desks: desks.map(({ pid }) => new Memory(pid)),
    shell: new Memory(desks[0]?.shell.pid ?? 0),
  };
  const sample = () => {
    for (const it of [memory.server, ...memory.desks, memory.shell]) it.take();
  };
  sample();
  const sampling = setInterval(sample, SAMPLE_MS);
  const rate = CONTACTS / 600; // the hour in ten minutes, however long the run is
  const failed: Error[] = [];
  let raised = 0;
  say(`  ${seconds} s of a busy hour at six times its pace`);
  await Promise.all([
    load.order('livesOfContacts', { rate, seconds }),
    atPace(rate / 2, Math.round((rate / 2) * seconds), (n) => {
      const desk = desks[n % desks.length];
      raised += 1;
      if (desk) incident(desk, n).catch((error: Error) => void failed.push(error));
    }),
  ]);
  clearInterval(sampling);
  sample();
  if (failed[0]) throw failed[0];
  for (const { window } of desks)
    await window.until('everything recorded', () => window.seat?.waiting === 0);
  const { lost } = await load.order('desksNow');
  if (lost.length > 0) throw new Error(`lines were lost: ${JSON.stringify(lost)}`);
  const told = desks.flatMap(({ window }) => [...window.acks]);
  const { events, broken } = await room.compare(told);
  if (broken.length > 0) throw new Error(broken.slice(0, 5).join('; '));

  const desksMost = Math.max(...memory.desks.map(({ most }) => most));
  const deskGrowth = Math.max(...memory.desks.map(({ growth }) => growth));
  return result({
    name: 'hour',
    values: {
      serverMost: memory.server.most,
      serverGrowth: memory.server.growth,
      serverStart: memory.server.samples[0] ?? Number.NaN,
      serverEnd: memory.server.samples.at(-1) ?? Number.NaN,
      deskMost: desksMost,
      deskGrowth,
      deskStart: memory.desks[0]?.samples[0] ?? Number.NaN,
      deskEnd: memory.desks[0]?.samples.at(-1) ?? Number.NaN,
      shellMost: memory.shell.most,
      seconds,
      contacts: Math.round(rate * seconds),
      incidents: raised,
      events: events.length,
    },
    unit: 'MB',
    budget: [
      atMost('serverMost', memory.server.most, MEMORY_MAX_MB),
      atMost('deskMost', desksMost, MEMORY_MAX_MB),
      atMost('serverGrowth', memory.server.growth, GROWTH_MAX),
      atMost('deskGrowth', deskGrowth, GROWTH_MAX),
    ],
    beside: {},
    ratio: {
      serverToBudget: rounded(memory.server.most / MEMORY_MAX_MB),
      deskToBudget: rounded(desksMost / MEMORY_MAX_MB),
    },
    note:
      `${CONTACTS_A_DAY} contacts a day, ten times that, in an hour twice as busy as the mean, pressed into ten ` +
      `minutes: contacts at ${clients} lines of a load process, an incident for every second of them at two real ` +
      'desks whose windows follow all lists; resident memory every 5 s, of the server, the desks and a desk’s shell; ' +
      'growth is the median of the last third of the run to that of the middle third. No Chromium, no recorded ' +
      'crimes, no presence. Every promise is checked at the end',
  });
}
