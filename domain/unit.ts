import type { RecordedEvent } from './event.ts';
import { understand, type Unreadable } from './facts.ts';
import type { DeskId, EpochMs, IncidentId, UnitId, UserId } from './ids.ts';

/** The Airwave statuses that the rules speak of; all seventeen are reference data. */
export const status = {
  emergency: 0,
  onDuty: 1,
  available: 2,
  enRoute: 5,
  atScene: 6,
  offDuty: 11,
} as const;

/** 12 to 16 are requests and acknowledgements: availability stays what it was. */
export const isRequest = (statusCode: number) => statusCode >= 12;

export interface Unit {
  readonly kind: 'unit';
  /** The call sign. */
  readonly id: UnitId;
  readonly isOnDuty: boolean;
  readonly officers: readonly string[];
  readonly skills: readonly string[];
  /** Availability: 1 to 11. An emergency and a request stand beside it and never replace it. */
  readonly statusCode: number;
  readonly statusAt: EpochMs;
  readonly request: { readonly statusCode: number; readonly at: EpochMs } | undefined;
  readonly incidentId: IncidentId | undefined;
  readonly emergency:
    | {
        readonly at: EpochMs;
        readonly owner: { readonly user: UserId; readonly desk: DeskId } | undefined;
      }
    | undefined;
  readonly readOnly: Unreadable | undefined;
}

export const noUnit = (id: UnitId): Unit => ({
  kind: 'unit',
  id,
  isOnDuty: false,
  officers: [],
  skills: [],
  statusCode: status.offDuty,
  statusAt: 0 as EpochMs,
  request: undefined,
  incidentId: undefined,
  emergency: undefined,
  readOnly: undefined,
});

export const isUnitOpen = (unit: Unit) => unit.isOnDuty || unit.emergency !== undefined;

/** Folds one recorded event into the unit. Total: what is on record is never refused. */
export function evolveUnit(unit: Unit, event: RecordedEvent): Unit {
  const known = understand(event);
  if (typeof known === 'string') return { ...unit, readOnly: known };
  const at = event.occurredAt;
  switch (known.type) {
    case 'unit.booked-on':
      return {
        ...unit,
        isOnDuty: true,
        officers: known.body.officers,
        skills: known.body.skills,
        statusCode: status.onDuty,
        statusAt: at,
        request: undefined,
      };
    case 'unit.booked-off':
      return { ...unit, isOnDuty: false, statusCode: status.offDuty, statusAt: at };
    case 'unit.assigned':
      return { ...unit, incidentId: known.body.incidentId };
    case 'unit.released':
      return { ...unit, incidentId: undefined, statusCode: status.available, statusAt: at };
    case 'unit.status-set': {
      const { statusCode } = known.body;
      if (statusCode === status.emergency) {
        return unit.emergency ? unit : { ...unit, emergency: { at, owner: undefined } };
      }
      if (isRequest(statusCode)) return { ...unit, request: { statusCode, at } };
      return { ...unit, statusCode, statusAt: at, request: undefined };
    }
    case 'unit.emergency-owned':
      return {
        ...unit,
        emergency: {
          at: unit.emergency?.at ?? at,
          owner: { user: known.body.by, desk: known.body.desk },
        },
      };
    case 'unit.emergency-stood-down':
      return { ...unit, emergency: undefined };
    default:
      return { ...unit, readOnly: 'update-needed' };
  }
}
