/** What a key press does; false where it had no business with it. */
export type KeyTable = Readonly<Record<string, (event: KeyboardEvent) => unknown>>;

/** A press by name, modifiers in one fixed order: "Ctrl+Enter", "F8", "a". A letter alone is small. */
export function keyOf(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'altKey' | 'metaKey' | 'shiftKey'>,
): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const isNamed = key.length > 1;
  return [
    event.ctrlKey || event.metaKey ? 'Ctrl+' : '',
    event.altKey ? 'Alt+' : '',
    event.shiftKey && isNamed ? 'Shift+' : '',
    key === ' ' ? 'Space' : key,
  ].join('');
}

/** A press by the place of its key, as a key of the whole desktop is called: "Ctrl+Shift+F1". None while only modifiers are held. */
export function chordOf(
  event: Pick<KeyboardEvent, 'code' | 'ctrlKey' | 'altKey' | 'metaKey' | 'shiftKey'>,
): string | undefined {
  if (/^(Control|Alt|Shift|Meta|OS)/.test(event.code)) return undefined;
  return [
    event.ctrlKey ? 'Ctrl+' : '',
    event.altKey ? 'Alt+' : '',
    event.shiftKey ? 'Shift+' : '',
    event.metaKey ? 'Meta+' : '',
    event.code.replace(/^(Key|Digit)/, ''),
  ].join('');
}

/** Whether what is pressed is being written somewhere: a plain letter is then a letter. */
export const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLInputElement ||
  target instanceof HTMLTextAreaElement ||
  (target instanceof HTMLElement && target.dataset['keys'] === 'own');

/** Hears the keys of a window until `signal`. Plain keys are heard only where nobody is writing. */
export function listenKeys(page: Window, tableNow: () => KeyTable, signal: AbortSignal): void {
  page.addEventListener(
    'keydown',
    (event) => {
      if (event.isComposing || event.defaultPrevented) return;
      const name = keyOf(event);
      const table = tableNow();
      const act = Object.hasOwn(table, name) ? table[name] : undefined;
      if (!act) return;
      const isPlain = name.length === 1;
      if (isPlain && isTyping(event.target)) return;
      if (act(event) !== false) event.preventDefault();
    },
    { signal },
  );
}
