import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { hotkeyActions, type HotkeyAction } from '#protocol/hotkey.ts';
import { parseAccelerator } from './accelerator.ts';

const PEOPLE_MAX = 500; // whoever has ever sat here, for years; who changed a key longest ago goes first
const FILE_MAX_CHARS = 1_000_000;

export type HotkeyMap = Readonly<Record<HotkeyAction, string>>;

/** As the keys in the window are, with what makes them nobody else's: F1 there, Ctrl+Shift+F1 everywhere. */
const defaults: HotkeyMap = {
  'take-next': 'Ctrl+Shift+F1',
  hold: 'Ctrl+Shift+F2',
  end: 'Ctrl+Shift+F3',
  'wrap-up': 'Ctrl+Shift+F4',
  ready: 'Ctrl+Shift+F5',
};

const chosen = z.partialRecord(z.enum(hotkeyActions), z.string().min(1).max(40));
const file = z.strictObject({
  /** For whoever has chosen nothing: an administrator may write it. */
  desk: chosen.default({}),
  /** By the person's id, the one who changed a key last at the end. */
  people: z.record(z.string().max(128), chosen).default({}),
});
type Kept = z.infer<typeof file>;

/**
 * The chord that a key may be for the whole desktop, or why it may not: it would stop people typing, or
 * the windows have it already. Plain F-keys are the windows' own; Ctrl+Alt writes letters on many keyboards.
 */
export function readHotkey(
  text: string,
): { readonly chord: string } | { readonly problem: string } {
  const chord = parseAccelerator(text);
  if (chord === undefined) return { problem: `“${text}” is not a key that can be taken` };
  const parts = chord.split('+');
  const key = parts.pop() ?? '';
  const held = parts.join('+');
  const isF = /^F\d+$/.test(key);
  if (parts.length === 0 && /^F(1[3-9]|2\d)$/.test(key)) return { chord };
  if (parts.length < 2)
    return {
      problem: `${chord} is a key of the windows or of typing: hold two of Ctrl, Alt, Shift`,
    };
  if (!isF && /^(Home|End|Insert|Enter)$/.test(key))
    return { problem: `${chord} is a key of typing` };
  if (!isF && held.startsWith('Ctrl+Alt'))
    return { problem: `${chord} writes a letter on some keyboards: hold Ctrl and Shift` };
  return { chord };
}

/** Which key does what, for each person at this desk. Kept in a file that a person can read and write. */
export class HotkeyMaps {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** This person's keys, else the desk's, else those that we ship; and what is wrong with the file. */
  find(user: string): { readonly map: HotkeyMap; readonly problem: string | undefined } {
    const { kept, problem } = this.#read();
    const own = Object.hasOwn(kept.people, user) ? kept.people[user] : undefined;
    return { map: { ...defaults, ...kept.desk, ...own }, problem };
  }

  /** Throws where it cannot be kept. A file that could not be read is replaced: it was said that it could not. */
  keep(user: string, action: HotkeyAction, chord: string): void {
    const { kept } = this.#read();
    const { [user]: before, ...others } = kept.people;
    const newest = Object.entries(others).slice(1 - PEOPLE_MAX);
    const people = { ...Object.fromEntries(newest), [user]: { ...before, [action]: chord } };
    const text = `${JSON.stringify({ desk: kept.desk, people }, null, 2)}\n`;
    writeFileSync(`${this.#path}.new`, text, { mode: 0o600, flush: true });
    renameSync(`${this.#path}.new`, this.#path);
  }

  #read(): { readonly kept: Kept; readonly problem: string | undefined } {
    const none: Kept = { desk: {}, people: {} };
    try {
      const text = readFileSync(this.#path, 'utf8');
      if (text.length > FILE_MAX_CHARS) throw new Error(`over ${FILE_MAX_CHARS} characters`);
      const parsed = file.safeParse(JSON.parse(text));
      if (parsed.success) return { kept: parsed.data, problem: undefined };
      const [issue] = parsed.error.issues;
      const field = issue?.path.join('.') || 'the whole';
      return { kept: none, problem: this.#words(`${field}: ${issue?.message ?? 'wrong'}`) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT')
        return { kept: none, problem: undefined };
      return { kept: none, problem: this.#words(String(error)) };
    }
  }

  #words(why: string): string {
    return `${this.#path} cannot be read (${why}): the telephone keys are as at first`;
  }
}
