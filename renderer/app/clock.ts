const timeOfDay = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const day = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short' });

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** An instant as the floor says it: 22:01:05. */
export const hhmmss = (at: number) => timeOfDay.format(at);

/** The same with the day in front where it is not today's. */
export function when(at: number, now: number): string {
  const time = hhmmss(at);
  return day.format(at) === day.format(now) ? time : `${day.format(at)} ${time}`;
}

const hourAndMinute = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

/** Since when something lasts: 21:40, and with the day in front where it was not today. */
export const sinceWords = (at: number, now: number) =>
  day.format(at) === day.format(now)
    ? hourAndMinute.format(at)
    : `${day.format(at)} ${hourAndMinute.format(at)}`;

const two = (value: number) => String(value).padStart(2, '0');

/** A length of time in at most two units: 0:07, 12:05, 3 h 05, 2 d 4 h. Never negative. */
export function span(ms: number): string {
  const length = Math.max(0, ms);
  if (length < HOUR) {
    const seconds = Math.floor(length / SECOND);
    return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  }
  if (length < DAY)
    return `${Math.floor(length / HOUR)} h ${two(Math.floor((length % HOUR) / MINUTE))}`;
  return `${Math.floor(length / DAY)} d ${Math.floor((length % DAY) / HOUR)} h`;
}

/** How old something is, in words: 3 s, 12 min, 3 h 05. */
export function age(ms: number): string {
  const length = Math.max(0, ms);
  if (length < MINUTE) return `${Math.floor(length / SECOND)} s`;
  if (length < HOUR) return `${Math.floor(length / MINUTE)} min`;
  return span(length);
}

/** What is left until an instant, or by how much it is past. The word goes with it: never colour alone. */
export function countdown(
  to: number,
  now: number,
): { readonly isPast: boolean; readonly text: string } {
  return to >= now
    ? { isPast: false, text: span(to - now) }
    : { isPast: true, text: `${span(now - to)} past` };
}

/** A month as the police publish it: "Mar 2026" from 2026-03. What is no month comes back as it is. */
export function monthName(month: string): string {
  const [year, number] = month.split('-').map(Number);
  if (year === undefined || number === undefined || Number.isNaN(year + number)) return month;
  return new Date(year, number - 1, 1).toLocaleDateString('en-GB', {
    month: 'short',
    year: 'numeric',
  });
}
