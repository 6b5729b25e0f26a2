import { readLine } from '../../app/command-line.ts';
import { keyOf } from '../../app/keys.ts';
import { selectUndoable } from '../../app/selectors.ts';
import { undoWords } from '../../app/undo.ts';
import { useWindow } from '../../app/window-store.ts';
import { Countdown } from '../../ui/Clock.tsx';
import { ActionKey, KeyCap } from '../../ui/KeyCap.tsx';
import { floorOf, useDispatchActions } from './dispatch-actions.ts';

/** One line that does everything. It says what it means before Enter, and Esc leads back to the caret. */
export function CommandLine() {
  const { typeLine, submitLine, closeLine, completeLine, stepOption, enterLine } =
    useDispatchActions();
  const text = useWindow((state) => state.commandLine.text);
  const isOpen = useWindow((state) => state.commandLine.isOpen);
  const option = useWindow((state) => state.commandLine.option);
  const isConfirming = useWindow(({ commandLine }) => commandLine.confirming === commandLine.text);
  // Read once for each change of what is on screen: a line is short and the room is in memory.
  const meaning = useWindow((state) =>
    JSON.stringify(readLine(state.commandLine.text, floorOf(state))),
  );
  const { state, words, options } = JSON.parse(meaning) as ReturnType<typeof readLine>; // our own text
  const isReady = state === 'ready' && isConfirming && text !== '';
  return (
    <div className={isOpen ? 'command is-open' : 'command'} role="search" aria-label="Command line">
      <div className="command-above">
        {isOpen && options.length > 0 && (
          <div
            className="command-options"
            role="listbox"
            id="command-options"
            aria-label="What may come next"
          >
            {options.map(({ insert, name }, index) => (
              <span
                key={`${insert} ${name}`}
                id={`command-option-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === option}
                className="command-option"
              >
                <b className="mono">{insert}</b> {name}
              </span>
            ))}
          </div>
        )}
        <output
          id="command-meaning"
          className={`command-meaning meaning-${isReady ? 'confirm' : state}`}
          data-testid="command-meaning"
          data-state={state}
        >
          {isOpen ? words : ''}
          {isReady && <b> Enter again does it</b>}
        </output>
      </div>
      <div className="command-row">
        <KeyCap keys="F10" />
        <span className="command-sign" aria-hidden="true">
          ›
        </span>
        <input
          className="command-text"
          data-testid="command-line"
          data-pad="line"
          data-field="command"
          aria-label="Command"
          aria-describedby="command-meaning"
          aria-expanded={options.length > 0}
          aria-controls="command-options"
          aria-activedescendant={option >= 0 ? `command-option-${option}` : undefined}
          role="combobox"
          autoComplete="off"
          spellCheck={false}
          maxLength={4_000}
          placeholder="d assign  e en route  a at scene  c clear  s status  g grade  t note  x close  f find  k accept  ? help"
          value={text}
          onFocus={enterLine}
          onChange={(event) => typeLine(event.target.value)}
          onKeyDown={(event) => {
            const key = keyOf(event.nativeEvent);
            if (key === 'Enter') submitLine();
            else if (key === 'Escape') closeLine();
            else if (key === 'ArrowDown') stepOption(1);
            else if (key === 'ArrowUp') stepOption(-1);
            else if (key !== 'Tab' || !completeLine()) return;
            event.preventDefault();
            event.stopPropagation();
          }}
        />
        <Undo />
      </div>
    </div>
  );
}

/** The last line, while it can be taken back: what that would do, and how long there is. */
function Undo() {
  const { undo } = useDispatchActions();
  const done = useWindow(selectUndoable);
  if (!done) return null;
  const { can, words } = undoWords(done);
  return (
    <span className="undo" data-testid="undo" data-can={can}>
      {can ? (
        <>
          <ActionKey keys="Alt+Z" label={`Undo: ${words}`} onPress={undo} />
          <Countdown to={done.until} label="Undo within" />
        </>
      ) : (
        <span className="muted">Cannot be undone: {words}</span>
      )}
    </span>
  );
}
