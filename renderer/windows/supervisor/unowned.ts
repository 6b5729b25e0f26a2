import type { UnownedRow } from '#protocol/view.ts';
import type { WindowState } from '../../app/window-store.ts';

const words = {
  'emergency-unowned': 'Emergency that nobody owns',
  'emergency-left': 'Emergency, its owner is off duty',
  'handover-late': 'Hand-over not accepted in time',
  'incident-unowned': 'Incident without an owner',
  'incident-left': 'Incident, its owner is off duty',
  'contact-waiting': 'Contact not taken in time',
  'contact-left': 'Contact, its owner is off duty',
  'shift-handover-late': 'Shift hand-over not accepted in time',
  'unit-on-closed': 'Unit still on a closed incident',
  'conflict-unseen': 'Late command that nobody has looked at',
} as const satisfies Record<UnownedRow['kind'], string>;

/** What is wrong with it, in words. */
export const unownedWords = (kind: UnownedRow['kind']): string => words[kind];

/** In the order of the desk: the worst first, and of one kind the oldest. */
export const selectUnowned = ({ unowned }: WindowState): readonly UnownedRow[] =>
  [...unowned.values()].toSorted((left, right) => left.order - right.order);
