import type { DeskId, UserId } from '#domain/ids.ts';
import type { ReportOfDesk } from '#protocol/desk-report.ts';
import type { DeskRow, RosterRow } from '#protocol/view.ts';
import type { Desk } from './desk.ts';
import { rosterRows, type ViewSource } from '#store/views.ts';

/** What the seat of this desk says of it: a row without what others are asked for. */
export type OwnDesk = Pick<DeskRow, 'id' | 'report'> & { readonly user: UserId | undefined };

/**
 * Every desk that is known of: by its report, by what it has in front of it, or because somebody is on duty
 * there. This one is looked at now; what is shown of the others is what they said last.
 */
export function deskRows(
  { reports, presence }: Pick<Desk, 'reports' | 'presence'>,
  source: ViewSource,
  own: OwnDesk,
): readonly DeskRow[] {
  // Several may be on duty at one desk on record; whoever came last sits there.
  const duty = new Map(
    rosterRows(source)
      .toSorted((left, right) => left.since - right.since)
      .map((row) => [row.desk as DeskId, row]), // a roster's desk is a desk's id
  );
  const desks = new Set<DeskId>([...duty.keys(), ...presence.keys(), ...reports.latest.keys()]);
  desks.delete(own.id as DeskId); // its own id, as it names itself
  const others = [...desks].map((desk): DeskRow => {
    const said = reports.latest.get(desk);
    const here = presence.get(desk);
    const onDuty = duty.get(desk);
    const isGone = said?.goneSince !== undefined;
    return {
      id: desk,
      ...whoOf(isGone ? said.user : (said?.user ?? here?.user), onDuty, source),
      line: isGone ? 'gone' : said || here ? 'joined' : 'unheard',
      goneSince: said?.goneSince,
      at: said?.at,
      report: said && reportOf(said),
    };
  });
  const ownDuty = duty.get(own.id as DeskId); // the same
  return [
    {
      id: own.id,
      ...whoOf(own.user, ownDuty, source),
      line: 'here',
      goneSince: undefined,
      at: undefined,
      report: own.report,
    },
    ...others,
  ];
}

/** Who sits there by the desk's own word, or else by the roster. */
function whoOf(user: UserId | undefined, duty: RosterRow | undefined, { names }: ViewSource) {
  const id = user ?? duty?.id;
  const isTheirs = duty !== undefined && duty.id === id;
  return {
    person: id === undefined ? undefined : names.user(id),
    role: isTheirs ? duty.role : undefined,
    onDutySince: isTheirs ? duty.since : undefined,
  };
}

function reportOf({ at, report }: ReportOfDesk): NonNullable<DeskRow['report']> {
  const { oldestWaitingMs, oldestDraftMs, ...same } = report;
  return {
    ...same,
    oldestWaitingAt: oldestWaitingMs === undefined ? undefined : at - oldestWaitingMs,
    oldestDraftAt: oldestDraftMs === undefined ? undefined : at - oldestDraftMs,
  };
}
