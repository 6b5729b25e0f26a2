import {
  dayOf,
  dispatchedCall,
  momentOf,
  SEATTLE,
  type CallSkipReason,
  type DispatchedCall,
  type Moment,
} from '#domain/dispatched-call.ts';
import { isWithin } from '#domain/lib/geo.ts';
import type { FileKind, ReadRow } from './stage-file.ts';

// Reads the dispatch records that Seattle publishes, in both forms that they are passed round in: one
// with the time queued and the arrival, one with the day only.

const TIMED = [
  'CAD Event Number',
  'Event Clearance Description',
  'Call Type',
  'Priority',
  'Initial Call Type',
  'Final Call Type',
  'Original Time Queued',
  'Arrived Time',
  'Precinct',
  'Sector',
  'Beat',
  'Blurred_Longitude',
  'Blurred_Latitude',
] as const;

const DAY_ONLY = [
  'CAD.Event.Number',
  'Event.Clearance.Description',
  'Call.Type',
  'Priority',
  'Initial.Call.Type',
  'Final.Call.Type',
  'Incident.Date',
  'Blurred_Longitude',
  'Blurred_Latitude',
  'broad_category',
] as const;

/** The two spell the same columns with spaces or with dots. */
type Spaced<Name extends string> = Name extends `${infer Start}.${infer Rest}`
  ? Spaced<`${Start} ${Rest}`>
  : Name;
type Column = Spaced<(typeof TIMED)[number] | (typeof DAY_ONLY)[number]>;

export const dispatchedCallFile: FileKind<DispatchedCall, DispatchedCall, CallSkipReason> = {
  what: 'dispatch records',
  headers: [TIMED, DAY_ONLY],
  read: readRow,
  kept: (row) => dispatchedCall.parse(row),
};

function readRow(
  fields: readonly string[],
  header: number,
): ReadRow<DispatchedCall> | CallSkipReason {
  const names = header === 0 ? TIMED : DAY_ONLY;
  const at = new Map(names.map((name, index) => [name.replaceAll('.', ' '), fields[index] ?? '']));
  const field = (column: Column) => at.get(column) ?? '';

  const callId = field('CAD Event Number');
  if (!dispatchedCall.shape.callId.safeParse(callId).success) return 'bad-number';
  const priority = field('Priority');
  if (!/^[1-9]$/.test(priority)) return 'bad-priority';
  const times =
    header === 0
      ? timesOf(field('Original Time Queued'), field('Arrived Time'))
      : dayOnly(field('Incident Date'));
  if (typeof times === 'string') return times;
  const position = positionOf(field('Blurred_Latitude'), field('Blurred_Longitude'));
  if (typeof position === 'string') return position;

  const read = dispatchedCall.safeParse({
    callId,
    priority: Number(priority),
    callType: field('Call Type'),
    initialType: field('Initial Call Type'),
    finalType: field('Final Call Type'),
    clearance: field('Event Clearance Description'),
    ...times,
    ...optional('precinct', field('Precinct')),
    ...optional('sector', field('Sector')),
    ...optional('beat', field('Beat')),
    ...optional('category', field('broad_category')),
    ...(position && { position }),
  });
  // What else stands in it was read above: only a text can be empty or too long by now.
  if (!read.success) return 'bad-text';
  return { key: callId, period: dayOf(times), row: read.data };
}

type Times = Pick<DispatchedCall, 'queued' | 'arrived'>;

function timesOf(queuedText: string, arrivedText: string): Times | 'bad-time' | 'no-such-time' {
  const queued = momentIn(queuedText);
  if (typeof queued === 'string') return queued;
  const timed = { queued: { precision: 'second', ...queued } } as const;
  if (arrivedText === '') return timed;
  const arrived = momentIn(arrivedText);
  return typeof arrived === 'string' ? arrived : { ...timed, arrived };
}

const dayOnly = (day: string): Times | 'bad-time' =>
  isDay(day) ? { queued: { precision: 'day', day } } : 'bad-time';

const isDay = (day: string) =>
  /^(19|20)\d\d-\d\d-\d\d$/.test(day) &&
  new Date(`${day}T00:00:00Z`).toJSON()?.slice(0, 10) === day;

/** A wall-clock time such as `11/04/2023 6:08:26 PM`, in the city's own time. */
function momentIn(text: string): Moment | 'bad-time' | 'no-such-time' {
  const parts =
    /^(0[1-9]|1[0-2])\/([0-3]\d)\/((?:19|20)\d\d) (1[0-2]|[1-9]|0[1-9]):([0-5]\d):([0-5]\d) ([AP]M)$/.exec(
      text,
    );
  if (!parts) return 'bad-time';
  const [, month, day, year, hour, minute, second, half] = parts;
  const date = `${year}-${month}-${day}`;
  if (!isDay(date)) return 'bad-time';
  const hours = (Number(hour) % 12) + (half === 'PM' ? 12 : 0);
  return momentOf(
    `${date}T${String(hours).padStart(2, '0')}:${minute}:${second}`,
    SEATTLE.timeZone,
  );
}

const DEGREES = /^-?\d{1,3}(\.\d{1,12})?$/;

function positionOf(
  latText: string,
  lonText: string,
): DispatchedCall['position'] | 'bad-position' | 'outside-area' {
  if (latText === '' && lonText === '') return undefined;
  if (!DEGREES.test(latText) || !DEGREES.test(lonText)) return 'bad-position';
  const position = { lat: Number(latText), lon: Number(lonText) };
  return isWithin(SEATTLE.area, position) ? position : 'outside-area';
}

const optional = (name: string, value: string) => (value === '' ? {} : { [name]: value });
