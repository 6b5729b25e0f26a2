import type { Grade } from '#domain/facts.ts';

export const gradeNames = {
  1: 'Immediate',
  2: 'Priority',
  3: 'Scheduled',
  4: 'Without deployment',
} as const satisfies Record<Grade, string>;

const shapes = {
  1: <path d="M8.5 1.5h7l5 5v7l-5 5h-7l-5-5v-7z" />,
  2: <path d="M12 1 23 19H1z" />,
  3: <rect x="3.5" y="1.5" width="17" height="17" />,
  4: <circle cx="12" cy="10" r="9" />,
} as const satisfies Record<Grade, unknown>;

/** As the floor says it where there is little room: RWD is resolution without deployment. */
const shortNames = { ...gradeNames, 4: 'RWD' } as const satisfies Record<Grade, string>;

/** A grade by colour, number and shape: any one of the three is enough. */
export function GradeBadge({
  grade,
  isNamed = false,
}: {
  readonly grade: Grade;
  readonly isNamed?: boolean;
}) {
  return (
    <span
      className={`grade grade-${grade}`}
      role="img"
      aria-label={`Grade ${grade}, ${gradeNames[grade].toLowerCase()}`}
    >
      <svg viewBox="0 0 24 20" className="grade-shape">
        {shapes[grade]}
        <text x="12" y={grade === 2 ? 17 : 15.3} textAnchor="middle">
          {grade}
        </text>
      </svg>
      {isNamed && <span className="grade-name">{shortNames[grade]}</span>}
    </span>
  );
}
