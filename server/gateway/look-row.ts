import type { Consulted } from '#protocol/consulted.ts';

/** What a desk's row says in the audit. A refusal at its own door comes the way that looks do. */
export function lookOf({
  what,
  subject,
  shown,
  times,
}: Pick<Consulted['rows'][number], 'what' | 'subject' | 'shown' | 'times'>) {
  const often = times > 1 ? `, ${times} times` : '';
  const [tried, ...words] = subject.split(' ');
  return what === REFUSED_HERE
    ? ({
        operation: 'security',
        what: tried ?? '',
        subject: 'window',
        outcome: `refused ${words.join(' ')}${often}`,
      } as const)
    : ({
        operation: 'consultation',
        what,
        subject,
        outcome: `shown ${shown}${often}`,
      } as const);
}
const REFUSED_HERE = 'refused-here'; // see `main/desk/local-gateway.ts`
