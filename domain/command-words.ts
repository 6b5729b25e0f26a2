import type { Asked } from './commands.ts';
import type { Details } from './facts.ts';
import type { Names } from './journal.ts';
import { unreachable } from './lib/assert.ts';

/** What an operator asked for, in plain words: how the tray says what was not done. Total over all commands. */
export function wordsOfCommand(
  { type, body }: Asked,
  names: Pick<Names, 'status'>,
  reference?: string,
): string {
  switch (type) {
    case 'offer-contact':
      return `Contact on ${body.channel}${body.details ? `: ${said(body.details)}` : ''}`;
    case 'open-contact':
      return `New contact on ${body.channel}${body.details ? `: ${said(body.details)}` : ''}`;
    case 'take-contact':
      return 'Take a contact';
    case 'hold-contact':
      return 'Hold the call';
    case 'resume-contact':
      return 'Resume the call';
    case 'end-contact':
      return 'End the call';
    case 'abandon-contact':
      return 'Contact abandoned';
    case 'describe-contact':
      return `Details of a contact: ${said(body.details)}`;
    case 'add-contact-entry':
      return `Line in a contact's log: ${quoted(body.text)}`;
    case 'attach-contact':
      return `Link a contact to ${body.incidentId}`;
    case 'finish-contact':
      return `Finish a contact: ${body.outcome.replaceAll('-', ' ')}${body.text === undefined ? '' : `, ${quoted(body.text)}`}`;
    case 'raise-incident':
      return `Raise ${reference ?? 'an incident'}: ${body.openingCode}, grade ${body.grade}, ${said({ ...body.details, place: body.place, narrative: body.narrative })}`;
    case 'add-log-entry':
      return `Line in the log of ${body.incidentId}: ${quoted(body.text)}`;
    case 'regrade-incident':
      return `Regrade ${body.incidentId} to ${body.grade}: ${quoted(body.reason)}`;
    case 'result-incident':
      return `Result of ${body.incidentId}: ${body.result}${body.text === undefined ? '' : `, ${quoted(body.text)}`}`;
    case 'close-incident':
      return `Close ${body.incidentId} as ${body.closingCode}`;
    case 'reopen-incident':
      return `Reopen ${body.incidentId}: ${quoted(body.reason)}`;
    case 'accept-handover':
      return 'Accept a hand-over';
    case 'escalate-handover':
      return 'Escalate a hand-over';
    case 'offer-shift-handover':
      return `Hand over at the change of shift: ${body.items.map(({ id }) => id).join(', ')}`;
    case 'accept-shift-handover':
      return 'Accept a shift hand-over';
    case 'decline-shift-handover':
      return `Decline a shift hand-over: ${quoted(body.reason)}`;
    case 'withdraw-shift-handover':
      return 'Withdraw a shift hand-over';
    case 'escalate-shift-handover':
      return 'Escalate a shift hand-over';
    case 'book-on-unit':
      return `Book ${body.unitId} on: ${body.officers.join(', ')}`;
    case 'book-off-unit':
      return `Book ${body.unitId} off`;
    case 'assign-unit':
      return `Assign ${body.unitId} to ${body.incidentId}`;
    case 'release-unit':
      return `Release ${body.unitId} from ${body.incidentId}`;
    case 'set-unit-status':
      return `${body.unitId}: status ${body.statusCode} ${names.status(body.statusCode)}`;
    case 'own-emergency':
      return `Own the emergency of ${body.unitId}`;
    case 'stand-down-emergency':
      return `Stand down the emergency of ${body.unitId}: ${quoted(body.reason)}`;
    case 'start-duty':
      return 'On duty';
    case 'take-off-duty':
      return 'Take somebody off duty';
    case 'end-duty':
      return 'Off duty';
    case 'note-conflict':
      return 'Note a late command';
    case 'settle-conflict':
      return 'Late command seen';
    case 'add-user':
      return `Add ${body.displayName}`;
    case 'disable-user':
      return 'Close an account';
    case 'reopen-user':
      return 'Open an account again';
    case 'set-user-role':
      return `Role ${body.role}`;
    case 'import-recorded-crimes':
      return 'Import recorded crimes';
    case 'take-over-reference-data':
      return `Take over reference data: ${body.change.list.replaceAll('-', ' ')}`;
    case 'import-dispatched-calls':
      return 'Import dispatch records';
    case 'reserve-references':
      return 'Reserve reference numbers';
    default:
      return unreachable(type);
  }
}

/** All that was said, whole: where it was refused, nothing else shows it any more. */
const said = ({ place, narrative, informant, callbackNumber }: Details) =>
  [place?.text, narrative && quoted(narrative), informant, callbackNumber]
    .filter(Boolean)
    .join(', ');

const quoted = (text: string) => `“${text}”`;
