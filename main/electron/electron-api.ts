import type * as Main from 'electron/main';

/** The part of Electron that is used, handed in: `main.ts` is the only importer of its values. */
export type ElectronApi = Pick<
  typeof Main,
  | 'app'
  | 'BrowserWindow'
  | 'dialog'
  | 'globalShortcut'
  | 'Menu'
  | 'MessageChannelMain'
  | 'Notification'
  | 'powerSaveBlocker'
  | 'protocol'
  | 'safeStorage'
  | 'screen'
  | 'session'
  | 'utilityProcess'
>;
