import { viewReasons } from '#domain/view-reason.ts';
import { GradeBadge, gradeNames } from '../../ui/GradeBadge.tsx';
import { contactWords, selectCodeName, stateWords } from './IncidentHead.tsx';
import { useLive } from './live-store.ts';

const stamp = new Intl.DateTimeFormat('en-GB', {
  day: '2-digit',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** A line's times: the year stands in the head and where it was raised. */
const lineStamp = new Intl.DateTimeFormat('en-GB', {
  day: '2-digit',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** What goes on paper, and is never on screen. Without a print that is on record it says that it is none. */
export function Paper() {
  const print = useLive((state) => state.print);
  const detail = useLive((state) => state.detail);
  const lines = useLive((state) => state.lines);
  const codeName = useLive(selectCodeName(detail?.openingCode));
  const statuses = useLive(({ reference }) => reference?.unitStatuses.rows);
  if (!print || !detail)
    return (
      <div className="paper" data-testid="paper">
        <p>
          Nothing is printed from here. Open an incident in the live log and press P in its window:
          the print is put on record first.
        </p>
      </div>
    );
  const words = viewReasons.find(({ code }) => code === print.reason.code)?.words;
  return (
    <div className="paper" data-testid="paper">
      <table>
        {/* A head of a table stands on each page. */}
        <thead>
          <tr>
            <th colSpan={5}>
              <b className="paper-reference">{detail.id}</b> printed {stamp.format(print.at)} by{' '}
              {print.by}, print {print.print}
              <br />
              Reason: {words}: {print.reason.text}
              <br />
              Printed copies are not live: this shows what was recorded at the time of printing.
            </th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <td colSpan={5} className="paper-facts">
              <p>
                <GradeBadge grade={detail.grade} /> Grade {detail.grade}, {gradeNames[detail.grade]}
                ; {detail.openingCode} {codeName}; {stateWords(detail, 0)}
              </p>
              <p>Where: {detail.place.text}</p>
              {detail.narrative !== '' && <p>What: {detail.narrative}</p>}
              <p>
                Raised {stamp.format(detail.raisedAt)} by {detail.raisedBy.name};{' '}
                {detail.owner ? `with ${detail.owner.name} ${detail.owner.desk}` : 'not accepted'}
              </p>
              {detail.contacts.map((contact) => (
                <p key={contact.id}>Contact: {contactWords(contact)}</p>
              ))}
              <p>
                Units:{' '}
                {detail.units
                  .map(
                    ({ id, statusCode }) =>
                      `${id} ${statuses?.find(({ code }) => code === statusCode)?.name ?? statusCode}`,
                  )
                  .join(', ') || 'none at the time of printing'}
              </p>
            </td>
          </tr>
          <tr className="paper-columns">
            <th>Happened</th>
            <th>Keyed later</th>
            <th>Recorded</th>
            <th>Who</th>
            <th>What</th>
          </tr>
          {lines.map(({ id, at, enteredAt, recordedAt, who, text }) => (
            <tr key={id}>
              <td>{lineStamp.format(at)}</td>
              <td>{enteredAt === undefined ? '' : lineStamp.format(enteredAt)}</td>
              <td>{recordedAt === undefined ? '' : lineStamp.format(recordedAt)}</td>
              <td>
                {who.name} {who.desk}
              </td>
              <td className="paper-text">{text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
