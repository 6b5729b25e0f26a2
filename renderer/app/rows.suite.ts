import type { ReferenceData } from '#domain/reference-data.ts';
import type { ContactRow, IncidentRow, TrayRow, UnitRow } from '#protocol/view.ts';
import type { Floor } from './line-grammar.ts';

// Rows as a desk sends them, for the tests of this folder: each says only what its test is about.

export const who = { user: 'u1', name: 'A. Price', desk: 'CH1' };

export const contact = (id: string, change: Partial<ContactRow> = {}): ContactRow => ({
  id,
  version: 1,
  state: 'offered',
  channel: '999',
  caller: { kind: 'withheld' },
  details: {},
  offeredAt: 10,
  answeredAt: undefined,
  endedAt: undefined,
  owner: undefined,
  incidentIds: [],
  outcome: undefined,
  readOnly: undefined,
  mark: 'recorded',
  ...change,
});

export const incident = (id: string, change: Partial<IncidentRow> = {}): IncidentRow => ({
  id,
  version: 1,
  grade: 1,
  openingCode: 'DOM',
  closingCode: undefined,
  place: { text: '12 High St', isVerified: false },
  narrative: '',
  raisedAt: 0,
  raisedBy: who,
  attendBy: null,
  owner: undefined,
  result: undefined,
  closedAt: undefined,
  units: [],
  handover: undefined,
  readOnly: undefined,
  mark: 'recorded',
  ...change,
});

export const unit = (id: string, change: Partial<UnitRow> = {}): UnitRow => ({
  id,
  version: 1,
  isOnDuty: true,
  officers: [],
  skills: [],
  statusCode: 2,
  statusAt: 0,
  request: undefined,
  incidentId: undefined,
  emergency: undefined,
  readOnly: undefined,
  mark: 'recorded',
  ...change,
});

export const trayRow = (id: string, change: Partial<TrayRow> = {}): TrayRow => ({
  id,
  type: 'assign-unit',
  at: 0,
  refusedAt: 0,
  who,
  what: 'assign unit HT22',
  reason: 'unit-off-duty',
  message: '',
  dependents: [],
  ...change,
});

export const rows = <Row extends { readonly id: string }>(...all: readonly Row[]) =>
  new Map(all.map((row) => [row.id, row]));

const list = <Row>(...all: readonly Row[]) => ({
  source: '',
  status: '',
  version: 1,
  notes: [],
  rows: all,
});

export const reference: ReferenceData = {
  grades: list(),
  qualifiers: list(
    { code: 'alcohol', name: 'Alcohol', group: 'operational', isConfirmed: true },
    { code: 'mental-health', name: 'Mental health', group: 'operational', isConfirmed: true },
  ),
  warningSignals: list(),
  openingCodes: list(
    { code: 'DOM', name: 'Domestic incident', group: 'safety-and-welfare', isConfirmed: true },
    { code: 'VIO', name: 'Violence', group: 'crime', isConfirmed: true },
  ),
  unitStatuses: list(
    { code: 5, name: 'En route', kind: 'availability', deployable: 're-route' },
    { code: 6, name: 'At scene', kind: 'availability', deployable: 'no' },
  ),
  results: list(
    { code: 'arrest', name: 'Arrest', asksFor: null, isConfirmed: false },
    { code: 'crime-recorded', name: 'Crime recorded', asksFor: 'Crime number', isConfirmed: false },
  ),
};

export const emptyFloor: Floor = {
  incidents: new Map(),
  units: new Map(),
  handovers: new Map(),
  contacts: new Map(),
  reference,
  selectedIncident: undefined,
};

export const first = 'HC-20261123-0412';

/** A floor with two call signs of one tail, two incidents of one number, and one that is closed. */
export const floor: Floor = {
  ...emptyFloor,
  incidents: rows(
    incident(first),
    incident('HC-20261123-0398', { place: { text: 'Pier 4', isVerified: true } }),
    incident('HC-20261122-0007'),
    incident('HC-20261123-0007'),
    incident('HC-20261123-0300', { closedAt: 9 }),
  ),
  units: rows(
    unit('HT21'),
    unit('HT22', { incidentId: 'HC-20261123-0398', statusCode: 6 }),
    unit('HT31'),
    unit('WB31'),
    unit('HT40', { isOnDuty: false }),
  ),
  selectedIncident: first,
};
