import { hotkeyActions, hotkeyNames, type HotkeyAction, type HotkeyRow } from '#protocol/hotkey.ts';
import { readHotkey, type HotkeyMaps } from './hotkey-map.ts';
import type { HotkeyResult, Shell } from './shell.ts';

export interface KeptHotkeysOptions {
  readonly shell: Pick<Shell, 'registerHotkey' | 'releaseHotkey'>;
  readonly maps: HotkeyMaps;
  /** Tells the desk how the keys are, for its windows. */
  readonly show: (rows: readonly HotkeyRow[]) => void;
  readonly pressed: (action: HotkeyAction) => void;
  readonly say: (line: string) => void;
}

/**
 * The telephone keys of whoever sits at a desk, under either shell: taken from the desktop when they sign
 * in, given back when they leave, and shown to them as they are. A key that another program holds is said.
 */
export class KeptHotkeys {
  readonly #options: KeptHotkeysOptions;
  readonly #rows = new Map<HotkeyAction, HotkeyRow>();
  #user: string | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(options: KeptHotkeysOptions) {
    this.#options = options;
  }

  /** Who sits there; told again, the desk is told again: it may be one that was just started. */
  sat(user: string | undefined): void {
    void this.#inTurn(async () => {
      if (user !== this.#user) {
        await this.#releaseAll();
        this.#user = user;
        if (user !== undefined) await this.#takeAll(user);
      }
      this.#show();
    });
  }

  /** This person wants another key for it. Where it is not to be had, the one of before stays. */
  set(user: string, action: HotkeyAction, keys: string): void {
    void this.#inTurn(async () => {
      if (user !== this.#user) return; // they have left meanwhile
      const before = this.#rows.get(action);
      if (!before) return;
      const row = await this.#change(before, keys);
      this.#rows.set(action, row);
      if (row.problem === undefined) this.#keep(user, row);
      this.#show();
    });
  }

  /** Resolves when the desktop has its keys back. */
  close(): Promise<void> {
    return this.#inTurn(() => this.#releaseAll());
  }

  async #takeAll(user: string): Promise<void> {
    const { maps, say } = this.#options;
    const { map, problem } = maps.find(user);
    if (problem !== undefined) say(problem);
    for (const action of hotkeyActions) {
      // oxlint-disable-next-line no-await-in-loop -- one key after the other: of two alike the first has it
      const row = await this.#take(action, map[action]);
      const isFirst = action === hotkeyActions[0];
      this.#rows.set(action, isFirst && problem !== undefined ? { ...row, problem } : row);
    }
  }

  async #take(id: HotkeyAction, keys: string): Promise<HotkeyRow> {
    const read = readHotkey(keys);
    if ('problem' in read) return nowhere(id, keys, read.problem);
    const { chord } = read;
    const other = [...this.#rows.values()].find((it) => it.keys === chord && it.id !== id);
    if (other)
      return nowhere(id, chord, `${chord} is the key of “${hotkeyNames[other.id]}” already`);
    const result = await this.#options.shell.registerHotkey(chord, () => this.#pressed(id));
    if (result.outcome === 'registered') return { id, keys: chord, ...reachOf(result) };
    return nowhere(id, chord, `${chord} is held by another program: choose another key`);
  }

  async #change(before: HotkeyRow, keys: string): Promise<HotkeyRow> {
    const { problem: _, ...good } = before;
    if (good.reach !== 'nowhere' && readsAs(keys, good.keys)) return good;
    const row = await this.#take(before.id, keys);
    if (row.reach === 'nowhere' && good.reach !== 'nowhere')
      return { ...good, problem: `${row.problem}; ${good.keys} stays` };
    if (good.reach !== 'nowhere' && row.keys !== good.keys)
      await this.#options.shell.releaseHotkey(good.keys);
    return row;
  }

  #keep(user: string, { id, keys }: HotkeyRow): void {
    try {
      this.#options.maps.keep(user, id, keys);
    } catch (error) {
      // It works until this person leaves, and they are told that it will not after.
      const row = this.#rows.get(id);
      const problem = `${keys} could not be kept and is as before the next time: ${String(error)}`;
      if (row) this.#rows.set(id, { ...row, problem });
    }
  }

  #pressed(action: HotkeyAction): void {
    this.#options.pressed(action);
    const row = this.#rows.get(action);
    if (row?.reach !== 'asked-for') return;
    this.#rows.set(action, { ...row, ...everywhere });
    this.#show();
  }

  async #releaseAll(): Promise<void> {
    const taken = [...this.#rows.values()].filter(({ reach }) => reach !== 'nowhere');
    this.#rows.clear();
    await Promise.all(taken.map(({ keys }) => this.#options.shell.releaseHotkey(keys)));
  }

  #show(): void {
    this.#options.show([...this.#rows.values()]);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#last = this.#last
      .then(work)
      .catch((error: unknown) => this.#options.say(`telephone keys: ${String(error)}`));
    return this.#last;
  }
}

const everywhere = { reach: 'desktop', words: 'works on the whole desktop' } as const;

const nowhere = (id: HotkeyAction, keys: string, problem: string): HotkeyRow => ({
  id,
  keys,
  reach: 'nowhere',
  words: 'does not work',
  problem: `${hotkeyNames[id]}: ${problem}`,
});

function reachOf(result: Extract<HotkeyResult, { outcome: 'registered' }>) {
  if (result.reach === 'desktop') return everywhere;
  if (result.reach === 'own-windows')
    return { reach: result.reach, words: 'works in Holdfast windows only' } as const;
  return { reach: result.reach, words: 'asked for: press it once to see' } as const;
}

function readsAs(keys: string, chord: string): boolean {
  const read = readHotkey(keys);
  return 'chord' in read && read.chord === chord;
}
