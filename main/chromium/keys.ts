/** One key as the DevTools protocol wants it, on a US keyboard. */
export interface Key {
  readonly key: string;
  readonly code: string;
  readonly windowsVirtualKeyCode: number;
  readonly text?: string;
}

export interface KeyPress {
  /** Held from the first to the last, in this order. */
  readonly held: readonly Key[];
  readonly key: Key;
  /** The protocol's bit mask of `held`. */
  readonly modifiers: number;
}

const modifiers = new Map<string, { readonly bit: number; readonly key: Key }>([
  ['Alt', { bit: 1, key: { key: 'Alt', code: 'AltLeft', windowsVirtualKeyCode: 18 } }],
  ['Ctrl', { bit: 2, key: { key: 'Control', code: 'ControlLeft', windowsVirtualKeyCode: 17 } }],
  ['Meta', { bit: 4, key: { key: 'Meta', code: 'MetaLeft', windowsVirtualKeyCode: 91 } }],
  ['Shift', { bit: 8, key: { key: 'Shift', code: 'ShiftLeft', windowsVirtualKeyCode: 16 } }],
]);

const named = new Map<string, Key>(
  (
    [
      ['Enter', 13, '\r'],
      ['Tab', 9],
      ['Escape', 27],
      ['Backspace', 8],
      ['Delete', 46],
      ['Insert', 45],
      ['Home', 36],
      ['End', 35],
      ['PageUp', 33],
      ['PageDown', 34],
      ['ArrowLeft', 37],
      ['ArrowUp', 38],
      ['ArrowRight', 39],
      ['ArrowDown', 40],
      ...Array.from({ length: 24 }, (_, at) => [`F${at + 1}`, 112 + at] as const),
    ] as readonly (readonly [string, number, string?])[]
  ).map(([key, windowsVirtualKeyCode, text]) => [
    key,
    { key, code: key, windowsVirtualKeyCode, ...(text !== undefined && { text }) },
  ]),
);
named.set('Space', { key: ' ', code: 'Space', windowsVirtualKeyCode: 32, text: ' ' });

/** Code, virtual key, what it writes, and what it writes with Shift. */
const printable = [
  ...'abcdefghijklmnopqrstuvwxyz'
    .split('')
    .map(
      (it) =>
        [`Key${it.toUpperCase()}`, it.toUpperCase().charCodeAt(0), it, it.toUpperCase()] as const,
    ),
  ...'0123456789'
    .split('')
    .map((it, at) => [`Digit${it}`, it.charCodeAt(0), it, ')!@#$%^&*('.charAt(at)] as const),
  ['Space', 32, ' ', ' '],
  ['Minus', 189, '-', '_'],
  ['Equal', 187, '=', '+'],
  ['BracketLeft', 219, '[', '{'],
  ['BracketRight', 221, ']', '}'],
  ['Backslash', 220, '\\', '|'],
  ['Semicolon', 186, ';', ':'],
  ['Quote', 222, "'", '"'],
  ['Backquote', 192, '`', '~'],
  ['Comma', 188, ',', '<'],
  ['Period', 190, '.', '>'],
  ['Slash', 191, '/', '?'],
] as const;

const ofCharacter = new Map<string, { readonly key: Key; readonly isShifted: boolean }>();
for (const [code, windowsVirtualKeyCode, plain, shifted] of printable) {
  const key = (text: string) => ({ key: text, code, windowsVirtualKeyCode, text });
  ofCharacter.set(shifted, { key: key(shifted), isShifted: true });
  ofCharacter.set(plain, { key: key(plain), isShifted: false }); // Space is both, and needs no Shift
}

/** Reads 'Ctrl+Enter', 'Shift+Tab', 'F2', 'a', '?', '+'. A capital or a sign brings its own Shift. */
export function parseKeys(chord: string): KeyPress {
  const parts = chord.endsWith('+') ? [...chord.slice(0, -1).split('+'), '+'] : chord.split('+');
  const name = parts.pop() ?? '';
  const held = new Set(parts.filter(Boolean));
  const character = ofCharacter.get(name);
  const key = named.get(name) ?? character?.key;
  if (!key) throw new Error(`no key is called ${JSON.stringify(name)}`);
  if (character?.isShifted) held.add('Shift');
  const down = [...held].map((it) => {
    const found = modifiers.get(it);
    if (!found) throw new Error(`${JSON.stringify(it)} cannot be held`);
    return found;
  });
  const mask = down.reduce((sum, { bit }) => sum | bit, 0);
  // With Ctrl, Alt or Meta held a key writes nothing.
  const { text: _, ...silent } = key;
  const isWriting = (mask & ~8) === 0;
  return { held: down.map((it) => it.key), key: isWriting ? key : silent, modifiers: mask };
}

/** The key that writes this character; undefined where a US keyboard has none. */
export function keyFor(character: string): KeyPress | undefined {
  if (character === '\n') return parseKeys('Enter');
  if (character === '\t') return parseKeys('Tab');
  return ofCharacter.has(character) ? parseKeys(character) : undefined;
}
