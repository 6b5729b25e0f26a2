import {
  useId,
  useState,
  type InputHTMLAttributes,
  type KeyboardEvent,
  type ReactNode,
} from 'react';

export interface Pick {
  readonly id: string;
  readonly shown: ReactNode;
  readonly take: () => void;
}

interface Props {
  readonly name: string;
  /** Said beside the name: a problem, what was picked. */
  readonly said?: ReactNode;
  readonly listName: string;
  readonly picks: readonly Pick[];
  /** The last line of the list: why it is empty, or how to choose. Without one an empty list is not shown. */
  readonly foot?: string;
  /** Whether Enter alone takes the first pick; else nothing is taken that no arrow key has chosen. */
  readonly isFirstMeant?: boolean;
  readonly onClose: () => void;
  /** A key that the list had no use for; true where it is used up. */
  readonly onKey?: (key: string) => boolean;
  readonly input: InputHTMLAttributes<HTMLInputElement> &
    Readonly<Record<`data-${string}`, unknown>>;
}

const intoSight = (element: HTMLElement | null) => element?.scrollIntoView({ block: 'nearest' });

/**
 * A text field with picks under it: arrow keys choose, Enter or Tab takes what was chosen, Esc closes, and
 * what is typed alone stands as it is.
 */
export function PickField({
  name,
  said,
  listName,
  picks,
  foot,
  isFirstMeant = false,
  onClose,
  onKey,
  input,
}: Props) {
  const [arrowAt, setArrowAt] = useState<string>();
  const list = useId();
  const byArrow = picks.findIndex(({ id }) => id === arrowAt);
  const index = byArrow === -1 && isFirstMeant && picks.length > 0 ? 0 : byArrow;

  const take = (pick: Pick | undefined) => {
    setArrowAt(undefined);
    pick?.take();
  };
  const step = (to: number) => setArrowAt(picks[Math.min(picks.length - 1, to)]?.id);
  const press = (event: KeyboardEvent) => {
    const { key } = event;
    const isOpen = picks.length > 0 || foot !== undefined;
    if (event.nativeEvent.isComposing) return;
    // Tab goes on to the next field all the same.
    if (key === 'Tab' && byArrow >= 0) return take(picks[byArrow]);
    if (key === 'ArrowDown' && picks.length > 0) step(index + 1);
    else if (key === 'ArrowUp' && picks.length > 0) step(index - 1);
    else if (key === 'Enter' && index >= 0) take(picks[index]);
    else if (key === 'Escape' && isOpen) onClose();
    else if (onKey?.(key) !== true) return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="with-picks">
      <label>
        <span className="field-name">
          {name} {said}
        </span>
        <input
          {...input}
          autoComplete="off"
          role="combobox"
          aria-autocomplete="list"
          aria-expanded={picks.length > 0}
          aria-controls={list}
          aria-activedescendant={index >= 0 ? `${list}-${index}` : undefined}
          onKeyDown={press}
          onBlur={() => {
            setArrowAt(undefined);
            onClose();
          }}
        />
      </label>
      {(picks.length > 0 || foot !== undefined) && (
        <div className="picks">
          <div role="listbox" id={list} aria-label={listName}>
            {picks.map((pick, at) => (
              // The text field hears the keys; a pick is only pointed at.
              // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
              <div
                key={pick.id}
                ref={at === index ? intoSight : undefined}
                id={`${list}-${at}`}
                role="option"
                aria-selected={at === index}
                className="pick"
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => take(pick)}
              >
                {pick.shown}
              </div>
            ))}
          </div>
          {foot !== undefined && (
            <div className="pick-foot muted" role="status">
              {foot}
            </div>
          )}
        </div>
      )}
    </div>
  );
}
