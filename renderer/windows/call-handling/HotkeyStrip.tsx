import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { hotkeyActions, hotkeyNames, type HotkeyAction } from '#protocol/hotkey.ts';
import { chordOf } from '../../app/keys.ts';
import { useWindow } from '../../app/window-store.ts';
import { ActionKey, KeyCap } from '../../ui/KeyCap.tsx';
import { useCallActions } from './call-actions.ts';

/**
 * The telephone keys of the whole desktop: how each one is, and another key for it. A digit chooses, the
 * next chord is its new key, Esc goes back to the caret. What came of it is said in its row.
 */
export function HotkeyStrip() {
  const { setHotkey, closePrompt } = useCallActions();
  const rows = useWindow(({ hotkeys }) => hotkeys);
  const [chosen, choose] = useState<HotkeyAction>();
  const strip = useRef<HTMLDivElement>(null);
  useEffect(() => strip.current?.focus(), []);
  const press = ({ nativeEvent: event }: KeyboardEvent) => {
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Escape') {
      if (chosen === undefined) closePrompt();
      else choose(undefined);
    } else if (chosen === undefined) choose(hotkeyActions[Number(event.key) - 1]);
    else {
      const chord = chordOf(event);
      if (chord === undefined) return; // so far only what is held
      void setHotkey(chosen, chord);
      choose(undefined);
    }
  };
  return (
    <div
      ref={strip}
      className="choices hotkeys"
      role="toolbar"
      aria-label="Telephone keys of the whole desktop"
      tabIndex={0}
      data-keys="own"
      data-testid="hotkeys"
      onKeyDown={press}
    >
      <b>Telephone keys</b>
      {rows.size === 0 && (
        <span className="muted">This window has none: open it from Holdfast.</span>
      )}
      {hotkeyActions.map((action, index) => {
        const row = rows.get(action);
        return (
          row && (
            <span key={action} className="hotkey" data-testid={`hotkey-${action}`}>
              <ActionKey
                keys={String(index + 1)}
                label={hotkeyNames[action]}
                onPress={() => choose(action)}
              />
              <KeyCap keys={row.keys} />
              <span className={row.problem === undefined ? 'muted' : 'is-warning'}>
                {row.problem ?? row.words}
              </span>
            </span>
          )
        );
      })}
      <span role="status">
        {chosen === undefined ? (
          <span className="muted">
            <KeyCap keys="Esc" /> back
          </span>
        ) : (
          <>
            Press the new key for <b>{hotkeyNames[chosen]}</b>, for example Ctrl+Shift+F9;{' '}
            <KeyCap keys="Esc" /> keeps it
          </>
        )}
      </span>
    </div>
  );
}
