import type { IncidentId } from '#domain/ids.ts';
import type { WindowClient } from './window-client.ts';

export const WAITING_MAX = 100; // a thousand unsent commands are another test

/** A seat that goes on asking whatever happens, and remembers what it was told. */
export async function keepAsking(window: WindowClient, isOver: () => boolean, told: Set<string>) {
  const asked = new Set<string>();
  const incidents: string[] = [];
  for (let n = 0; !isOver(); n += 1) {
    if (!window.isOpen) {
      // The desk is away: its shell starts it again, on the same port.
      await window.join().catch(() => new Promise((resolve) => setImmediate(resolve)));
      continue;
    }
    // No faster than a room that is very busy.
    const isCut = await window.until('the outbox to drain, or the end of the line', () =>
      window.isOpen ? (window.seat?.waiting ?? 0) < WAITING_MAX && 'no' : ('cut' as const),
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
export async function drained(window: WindowClient): Promise<number> {
  while (!window.isOpen) await window.join().catch(() => new Promise(setImmediate));
  const last = window.ask({ type: 'open-contact', body: { channel: 'counter' } });
  return window.until('the last command to be recorded', () => {
    const recorded = window.acks.get(last)?.find(({ state }) => state === 'recorded');
    return recorded?.state === 'recorded' && recorded.lastSeq;
  });
}
