import type { Asked } from '#domain/commands.ts';
import type { CommandId, ContactId } from '#domain/ids.ts';
import { freshCommandId } from '../../support/fresh.ts';

const LINES = 4;
/** Offered, answered, described, the lines, finished. */
export const EVENTS_A_LIFE = 4 + LINES;

/** All that is asked of one made-up contact, from its opening to its end, in order. */
export function lifeOf(n: number): readonly { readonly asked: Asked; readonly id: CommandId }[] {
  const id = freshCommandId();
  const name: string = id; // a contact is named by the command that opens it
  const contactId = name as ContactId;
  const asked: readonly Asked[] = [
    {
      type: 'describe-contact',
      body: {
        contactId,
        details: { narrative: `caller ${n} reports shouting and breaking glass in the flat above` },
      },
    },
    ...Array.from({ length: LINES }, (_none, line): Asked => ({
      type: 'add-contact-entry',
      body: {
        contactId,
        text: `caller upstairs, door locked, second male heard on the landing, line open (${line})`,
      },
    })),
    { type: 'finish-contact', body: { contactId, outcome: 'advice-given' } },
  ];
  return [{ asked: opened(n), id }, ...asked.map((it) => ({ asked: it, id: freshCommandId() }))];
}

const opened = (n: number): Asked => ({
  type: 'open-contact',
  body: {
    channel: '999',
    caller: { kind: 'number', number: `+4477009${String(n % 100_000).padStart(5, '0')}` },
    details: { place: { text: `${1 + (n % 180)} High Street, Southsea`, isVerified: false } },
  },
});
