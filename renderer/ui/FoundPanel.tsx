import { useState } from 'react';
import type { Found } from '#protocol/query.ts';
import { useActions } from '../app/actions.ts';
import { age, hhmmss } from '../app/clock.ts';
import { step } from '../app/selectors.ts';
import { useWindow } from '../app/window-store.ts';
import { KeyCap } from './KeyCap.tsx';
import { Panel } from './Panel.tsx';

interface Props {
  readonly onChoose: (found: Found) => void;
  readonly onClose: () => void;
  /** What Enter does with each kind. */
  readonly enterWords: string;
}

const none: readonly Found[] = [];

/** Find by number, reference or words of a place: Enter asks, arrows choose, Enter again acts. */
export function FoundPanel({ onChoose, onClose, enterWords }: Props) {
  const { find, select } = useActions();
  const found = useWindow((state) => state.found);
  const selected = useWindow((state) => state.selected.found);
  const now = useWindow((state) => state.now - (state.now % 10_000));
  const [text, setText] = useState(found?.text ?? '');
  const rows = found?.state === 'answered' && found.text === text.trim() ? found.rows : none;
  const chosen = rows.find(({ id }) => id === selected) ?? rows[0];
  const go = (by: number) => {
    const ids = rows.map(({ id }) => id);
    select('found', step(ids, chosen?.id, by));
  };
  return (
    <Panel title="Find" className="found" testId="found" keys={<KeyCap keys="Esc" />}>
      <input
        // Opened by the operator's own key.
        // oxlint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        className="found-text"
        data-testid="find-text"
        data-pad="list"
        data-field="find"
        aria-label="Telephone number, reference, or words of a place"
        placeholder="Number, reference, or words of a place; Enter"
        maxLength={200}
        value={text}
        role="combobox"
        aria-expanded={rows.length > 0}
        aria-controls="found-rows"
        aria-activedescendant={chosen && `found-${chosen.id}`}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') go(1);
          else if (event.key === 'ArrowUp') go(-1);
          else if (event.key === 'Escape') onClose();
          else if (event.key === 'Enter' && chosen) onChoose(chosen);
          else if (event.key === 'Enter') find(text);
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      <div className="rows rows-found" role="listbox" id="found-rows" aria-label="Found">
        {rows.map((row) => (
          // The text field hears the keys; a row is only pointed at.
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
          <div
            key={row.id}
            id={`found-${row.id}`}
            role="option"
            className="row"
            aria-selected={row.id === chosen?.id}
            data-testid={`found-${row.id}`}
            onClick={() => onChoose(row)}
          >
            <span>{row.kind === 'incident' ? row.id : 'Contact'}</span>
            <span>
              {row.title}{' '}
              <span className="muted">{[row.place, row.why].filter(Boolean).join(' · ')}</span>
            </span>
            <span className="figures">
              {row.isOpen ? 'open' : 'closed'} {age(now - row.at)}
            </span>
          </div>
        ))}
      </div>
      <p className="muted found-state" role="status">
        {found?.state === 'asking' && 'Looking…'}
        {found?.state === 'failed' && found.message}
        {found?.state === 'answered' &&
          (found.rows.length === 0
            ? 'Nothing on this desk fits'
            : `${found.rows.length} found, as at ${hhmmss(found.asAt)}. ${enterWords}`)}
      </p>
    </Panel>
  );
}
