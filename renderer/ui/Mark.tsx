import type { SentMark } from '../app/window-store.ts';

const words = {
  sending: 'Sending',
  'stored-here': 'Stored here',
  recorded: 'Recorded',
  refused: 'Refused',
} as const satisfies Record<SentMark, string>;

interface Props {
  readonly mark: SentMark;
  /** In a dense list the word is kept for those who listen; the shape says the same. */
  readonly isShort?: boolean;
}

/** Where a write stands: open, half, solid, or a cross. The word always goes with the shape. */
export function Mark({ mark, isShort = false }: Props) {
  return (
    <span className={`mark mark-${mark}`} data-testid="mark" data-mark={mark} title={words[mark]}>
      <svg viewBox="0 0 16 16" aria-hidden="true" className="mark-shape">
        {mark === 'refused' ? (
          <path d="M3 3 13 13 M13 3 3 13" className="mark-cross" />
        ) : (
          <circle cx="8" cy="8" r="6" className="mark-ring" />
        )}
        {mark === 'stored-here' && <path d="M8 2 A6 6 0 0 0 8 14 Z" className="mark-fill" />}
        {mark === 'recorded' && <circle cx="8" cy="8" r="6" className="mark-fill" />}
      </svg>
      <span className={isShort ? 'for-listeners' : 'mark-word'}>{words[mark]}</span>
    </span>
  );
}
