import { useActions, type About } from '../app/actions.ts';
import { FIELD_LENGTH_MAX } from '../app/pad.ts';
import { entryDraftId, useWindow } from '../app/window-store.ts';
import { KeyCap } from './KeyCap.tsx';

interface Props {
  readonly about: About;
  /** What a line written here is added to, in words. */
  readonly target: string;
  readonly keys: string;
}

const noFields = {};

/** One line into the log: Enter writes it, Shift+Enter starts a new row of text. */
export function EntryField({ about, target, keys }: Props) {
  const { type, caret, addEntry } = useActions();
  const draftId = entryDraftId(about?.id ?? '');
  const text = useWindow(({ pads }) => pads.get(draftId)?.fields['entry'] ?? '');
  const isKept = useWindow(({ pads }) => {
    const pad = pads.get(draftId);
    return pad === undefined || pad.storedRevision >= pad.revision;
  });
  if (!about) return <p className="entry-none muted">{target}</p>;
  return (
    <label className="entry">
      <span className="field-name">
        {target} <KeyCap keys={keys} />
        <span className="muted">{text === '' ? '' : isKept ? 'kept here' : 'keeping…'}</span>
      </span>
      <textarea
        data-testid="entry"
        data-pad={draftId}
        data-field="entry"
        rows={2}
        maxLength={FIELD_LENGTH_MAX}
        value={text}
        placeholder="Enter adds it"
        onChange={({ target: { value, selectionStart: start, selectionEnd: end } }) =>
          type(draftId, about.id, noFields, 'entry', value, { field: 'entry', start, end })
        }
        onSelect={({ currentTarget: { selectionStart: start, selectionEnd: end } }) =>
          caret(draftId, { field: 'entry', start, end })
        }
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          addEntry(about);
        }}
      />
    </label>
  );
}
