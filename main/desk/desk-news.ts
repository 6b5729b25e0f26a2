import type { UserId } from '#domain/ids.ts';
import type { HotkeyAction, HotkeyRow } from '#protocol/hotkey.ts';
import type { OpenDesk } from './start-desk.ts';

/** What a shell hears of its desk without asking, however their processes are joined. */
export type DeskNews =
  | { readonly type: 'sat'; readonly user: UserId | undefined }
  | { readonly type: 'typed' }
  | {
      readonly type: 'hotkey-wanted';
      readonly user: UserId;
      readonly action: HotkeyAction;
      readonly keys: string;
    };

/** What a shell tells its desk without an answer. */
export type ShellNews =
  | { readonly type: 'hotkeys'; readonly rows: readonly HotkeyRow[] }
  | { readonly type: 'hotkey'; readonly action: HotkeyAction };

/** Whether a message of the shell is news. */
export const isShellNews = (message: { readonly type: string }): message is ShellNews =>
  message.type === 'hotkeys' || message.type === 'hotkey';

/** Passes what a desk has to say on to its shell. */
export const deskNews = (say: (news: DeskNews) => void) => ({
  sat: (user: UserId | undefined) => say({ type: 'sat', user }),
  typed: () => say({ type: 'typed' }),
  hotkeyWanted: (user: UserId, action: HotkeyAction, keys: string) =>
    say({ type: 'hotkey-wanted', user, action, keys }),
});

/** Passes what becomes of the telephone keys on to the desk. */
export const hotkeyNews = (tell: (news: ShellNews) => void) => ({
  show: (rows: readonly HotkeyRow[]) => tell({ type: 'hotkeys', rows }),
  pressed: (action: HotkeyAction) => tell({ type: 'hotkey', action }),
});

/** Tells a desk what its shell has to say. */
export function tellDesk(
  desk: Pick<OpenDesk, 'hotkeysAre' | 'hotkeyPressed'>,
  news: ShellNews,
): void {
  if (news.type === 'hotkeys') desk.hotkeysAre(news.rows);
  else desk.hotkeyPressed(news.action);
}
