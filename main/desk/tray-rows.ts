import { wordsOfCommand } from '#domain/command-words.ts';
import type { Names } from '#domain/journal.ts';
import { parseAsked } from '#protocol/command.ts';
import type { StampedCommand } from '#protocol/stamped-command.ts';
import type { TrayRow } from '#protocol/view.ts';
import type { TrayItem } from './outbox.ts';

/** What the server refused after it was stored here, each with all that rested on it. */
export function trayRows(items: readonly TrayItem[], names: Names): readonly TrayRow[] {
  return [...Map.groupBy(items, ({ root }) => root)].flatMap(([root, [first, ...dependents]]) => {
    if (!first) return [];
    const { stamped, refusal, refusedAt } = first;
    return [
      {
        id: root,
        type: stamped.command.type,
        at: stamped.occurredAt,
        refusedAt,
        who: { user: stamped.actor, desk: stamped.desk, name: names.user(stamped.actor) },
        what: wordsOf(stamped, names),
        reason: refusal.reason,
        message: JSON.stringify(refusal),
        dependents: dependents.map((item) => ({
          id: item.stamped.command.id,
          what: wordsOf(item.stamped, names),
          reason: item.refusal.reason,
          message: JSON.stringify(item.refusal),
        })),
      },
    ];
  });
}

/** What was asked for: the tray says what an operator did, not how it was sent. */
function wordsOf({ command, reference }: StampedCommand, names: Names): string {
  const parsed = parseAsked(command);
  // What is here was parsed before it was stored; a row of another release is told by its name.
  return parsed.outcome === 'asked'
    ? wordsOfCommand(parsed.asked, names, reference)
    : command.type.replaceAll('-', ' ');
}
