import * as z from 'zod';

/** What a telephone key of the whole desktop does: the same as its key in the call handling window. */
export const hotkeyActions = ['take-next', 'hold', 'end', 'wrap-up', 'ready'] as const;
export type HotkeyAction = (typeof hotkeyActions)[number];

/** What each is called where a person reads of it. */
export const hotkeyNames: Readonly<Record<HotkeyAction, string>> = {
  'take-next': 'Take next',
  hold: 'Hold or resume',
  end: 'End the call',
  'wrap-up': 'Finish',
  ready: 'Ready or wrap-up',
};

/** A row of `hotkeys`: one of the keys, and whether it works. */
export interface HotkeyRow {
  readonly id: HotkeyAction;
  /** In one fixed order: `Ctrl+Shift+F1`. */
  readonly keys: string;
  /** How far it reaches; `asked-for` where the system says so only once it has been pressed. */
  readonly reach: 'desktop' | 'own-windows' | 'asked-for' | 'nowhere';
  /** The same in words for the operator. */
  readonly words: string;
  /** What is wrong with it, or why another key was not taken for it; absent where all is well. */
  readonly problem?: string | undefined;
}

/** Sent by a desk to one call handling window: the key of this action was pressed, wherever on the desktop. */
export const hotkey = z.strictObject({
  frame: z.literal('hotkey'),
  action: z.enum(hotkeyActions),
});

/** Sent by a window to give an action another key. The answer says that it was understood; `hotkeys` shows what came of it. */
export const setHotkey = z.strictObject({
  frame: z.literal('set-hotkey'),
  id: z.string().min(1).max(64),
  action: z.enum(hotkeyActions),
  keys: z.string().min(1).max(40),
});
