import type { KeyboardEvent } from 'react';
import type { Found } from '#protocol/query.ts';
import { when } from '../../app/clock.ts';
import { KeyCap } from '../../ui/KeyCap.tsx';
import { useLiveActions } from './live-actions.ts';
import { useLive } from './live-store.ts';

const whyWords: Readonly<Record<string, string>> = {
  number: 'by number',
  reference: 'by reference',
  words: 'by words',
};
const rowId = (id: string) => `found-${id}`;

/** Finds an incident. The keys stay in the field: arrows choose, Enter finds and then opens. */
export function FindPanel() {
  const { typeFind, enterFind, moveChosen } = useLiveActions();
  const text = useLive(({ findText }) => findText);
  const find = useLive((state) => state.find);
  const chosen = useLive((state) => state.chosen);
  const rows = find?.rows ?? [];
  const isFound = find?.state === 'answered' && find.text === text.trim();
  const current = isFound ? rows[chosen] : undefined;
  const press = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by !== undefined) moveChosen(by);
    else if (event.key === 'Enter') enterFind();
    else return;
    event.preventDefault();
  };
  return (
    <section className="panel live-find" aria-labelledby="find-title">
      <header className="panel-head">
        <h2 id="find-title">Find an incident</h2>
        <span className="panel-keys">
          <KeyCap keys="F7" />
        </span>
      </header>
      <div className="live-find-field">
        <input
          data-field="find"
          role="combobox"
          aria-label="Reference, telephone number or place"
          aria-expanded={rows.length > 0}
          aria-controls="found"
          aria-activedescendant={current && rowId(current.id)}
          placeholder="Reference, number or place"
          autoComplete="off"
          spellCheck={false}
          maxLength={200}
          value={text}
          onChange={(event) => typeFind(event.target.value)}
          onKeyDown={press}
        />
        <p className="muted live-find-keys">
          <KeyCap keys="Enter" /> {current ? `opens ${current.id}` : 'finds'}
          {rows.length > 1 && (
            <>
              {' '}
              <KeyCap keys="↑↓" /> choose
            </>
          )}
        </p>
      </div>
      <FoundRows rows={rows} chosen={isFound ? chosen : -1} />
      {find && (
        <p className="live-find-state" role="status" data-testid="find-state">
          {find.state === 'asking' && 'Looking…'}
          {find.state === 'failed' && <span className="problem">{find.message}</span>}
          {find.state === 'answered' &&
            (rows.length === 0
              ? `No incident found for “${find.text}”.`
              : `${rows.length} found, the newest first`)}
        </p>
      )}
    </section>
  );
}

function FoundRows({ rows, chosen }: { readonly rows: readonly Found[]; readonly chosen: number }) {
  const { choose } = useLiveActions();
  const now = useLive((state) => state.now - (state.now % 60_000));
  return (
    <div id="found" role="listbox" aria-label="Incidents found" className="live-found">
      {rows.map(({ id, title, place, at, isOpen, why }, index) => (
        // The field hears the keys; a row is only pointed at.
        // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
        <div
          key={id}
          id={rowId(id)}
          role="option"
          aria-selected={index === chosen}
          data-testid="found"
          onClick={() => choose(id)}
        >
          <span className="mono live-found-id">{id}</span>
          <span className={isOpen ? 'is-ok' : 'muted'}>{isOpen ? 'open' : 'closed'}</span>
          <span className="live-found-place">{place}</span>
          <span className="muted">
            {title}, {when(at, now)}, {whyWords[why] ?? why}
          </span>
        </div>
      ))}
    </div>
  );
}
