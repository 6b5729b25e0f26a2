import { drawsOf } from './draws.ts';

/** The channels over which the made-up public gets in touch. */
export const arrivalChannels = ['999', '101', 'online'] as const;
export type ArrivalChannel = (typeof arrivalChannels)[number];

/** Contacts a day in a summer month: Hampshire, August 2020. The peak was 3,200 on a day. */
export const contactsADay: Readonly<Record<ArrivalChannel, number>> = {
  '999': 876,
  '101': 1_114,
  online: 1_282,
};

/** When somebody gets in touch. The day counts from a Monday, `atMs` from that day's midnight by local time. */
export interface Arrival {
  readonly channel: ArrivalChannel;
  readonly day: number;
  readonly atMs: number;
}

/** What a plan depends on, and nothing else. `rate` 1 is the real one. */
export interface Demand {
  readonly seed: number;
  readonly rate: number;
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const RATE_MAX = 10; // the worst day that the product is sized for

/**
 * How busy each hour is, from midnight on, as a share of the busiest. 999 follows a published graph of
 * deployments by hour (web.ukonline.co.uk/bjlogie/demand.htm: a UK town of 210,000, 15 months): busiest from
 * 18 to 22 on every day, quietest before dawn. No figures by hour were found for 101 and for online reports:
 * those two are ours, with the morning that a switchboard has and the evening of people at home.
 */
const hours: Readonly<Record<ArrivalChannel, readonly number[]>> = {
  '999': [
    52, 42, 35, 28, 23, 21, 25, 36, 46, 52, 56, 60, 63, 65, 68, 76, 83, 90, 97, 100, 100, 96, 84,
    66,
  ],
  '101': [
    18, 13, 10, 8, 7, 9, 17, 38, 72, 96, 100, 97, 92, 90, 89, 91, 92, 88, 80, 72, 62, 50, 38, 26,
  ],
  online: [
    28, 18, 12, 8, 7, 8, 16, 36, 60, 80, 90, 92, 90, 86, 84, 84, 84, 86, 90, 96, 100, 92, 72, 46,
  ],
};

/**
 * The same graph has about twice as many calls between midnight and 4 on Saturday and Sunday mornings, and an
 * evening on Friday and Saturday that does not end at 22. Of 101 half of that is assumed, of online nothing.
 */
const weekendNight: Readonly<Record<ArrivalChannel, number>> = { '999': 2, '101': 1.5, online: 1 };

const FRIDAY = 4;
const SATURDAY = 5;
const SUNDAY = 6;

/** How busy an hour of a day of the week is beside the other hours of that channel's week. */
export function busyness(channel: ArrivalChannel, day: number, hour: number): number {
  const weekday = day % 7;
  const isSmallHours = hour < 4 && (weekday === SATURDAY || weekday === SUNDAY);
  const isLateEvening = hour >= 22 && (weekday === FRIDAY || weekday === SATURDAY);
  const plain = hours[channel][hour] ?? 0;
  return isSmallHours || isLateEvening ? plain * weekendNight[channel] : plain;
}

/** What the busyness of all hours of a week comes to: with it a week has seven real days of contacts. */
const weekOf = (channel: ArrivalChannel) => {
  let sum = 0;
  for (let hour = 0; hour < 7 * 24; hour += 1)
    sum += busyness(channel, Math.floor(hour / 24), hour % 24);
  return sum;
};
const weeks: Readonly<Record<ArrivalChannel, number>> = {
  '999': weekOf('999'),
  '101': weekOf('101'),
  online: weekOf('online'),
};

/** Contacts to be expected in one hour of a day. */
export const expectedIn = (channel: ArrivalChannel, day: number, hour: number, rate: number) =>
  (rate * 7 * contactsADay[channel] * busyness(channel, day, hour)) / weeks[channel];

/** Everybody who gets in touch on one day, in the order in which they do: at random, around what is expected. */
export function arrivalsOn({ seed, rate }: Demand, day: number): readonly Arrival[] {
  if (!(rate > 0 && rate <= RATE_MAX)) throw new Error(`a rate is above 0 and at most ${RATE_MAX}`);
  return arrivalChannels
    .flatMap((channel) => {
      const { gap } = drawsOf(seed, 'arrivals', channel, day);
      const arrivals: Arrival[] = [];
      for (let hour = 0; hour < 24; hour += 1) {
        const mean = HOUR_MS / expectedIn(channel, day, hour, rate);
        // A process without memory: each hour may begin anew with its own pace.
        for (let ms = gap(mean); ms < HOUR_MS; ms += gap(mean))
          arrivals.push({ channel, day, atMs: Math.floor(hour * HOUR_MS + ms) });
      }
      return arrivals;
    })
    .toSorted((a, b) => a.atMs - b.atMs);
}
