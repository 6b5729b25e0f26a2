import type { Brand } from '#domain/lib/brand.ts';

/** What Holdfast asks of the program that owns its windows. Electron and Chromium both answer to it. */

export const windowRoles = [
  'call-handling',
  'dispatch',
  'map',
  'inbox',
  'supervisor',
  'backup',
  'live-log',
  'administration',
] as const;
export type WindowRole = (typeof windowRoles)[number];

/** Names one window for as long as it is open, over every reload and reconnection. */
export type WindowId = Brand<string, 'WindowId'>;

/** Window ids are made here: by a shell for its windows, by a desk for an address that a person opens. */
export const windowId = (role: WindowRole, name: string | number) => `${role}-${name}` as WindowId;

/** Device-independent pixels; x and y may be negative (a monitor left of the primary one). */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Display {
  /** Unique while plugged in. It changes on a re-plug or reboot, so `placeOn` looks at more than this. */
  readonly id: string;
  readonly label: string;
  readonly bounds: Rectangle;
  readonly workArea: Rectangle;
  readonly isPrimary: boolean;
}

export type WindowEvent =
  | { readonly type: 'closed' }
  /** It stands elsewhere or has another size; said more than once while it is dragged. */
  | { readonly type: 'moved' }
  | { readonly type: 'crashed'; readonly cause: string }
  | { readonly type: 'unresponsive' };

export interface ShellWindow {
  readonly role: WindowRole;
  readonly id: WindowId;
  bounds(): Promise<Rectangle>;
  /** Moves it there without taking the caret. What `bounds()` says then may differ by a few pixels. */
  place(bounds: Rectangle): Promise<void>;
  focus(): Promise<void>;
  /** After a crash too: the page comes back, gets a new line to the desk, and restores its drafts. */
  reload(): Promise<void>;
  close(): Promise<void>;
  /** What the window shows, as PNG. */
  capture(): Promise<Uint8Array>;
  printToPdf(): Promise<Uint8Array>;
}

export type HotkeyResult =
  | { readonly outcome: 'registered'; readonly reach: 'desktop' }
  /** The system answers later, or never: only a press shows that it works. */
  | { readonly outcome: 'registered'; readonly reach: 'asked-for' }
  | { readonly outcome: 'registered'; readonly reach: 'own-windows'; readonly statement: string }
  | { readonly outcome: 'refused'; readonly reason: 'taken' | 'not-an-accelerator' };

/** Wraps the desk's 32-byte store key. `statement` is shown to the operator word for word. */
export interface Keystore {
  readonly protection: 'os-account' | 'file' | 'none';
  readonly statement: string;
  seal(plain: string): Promise<Uint8Array>;
  unseal(sealed: Uint8Array): Promise<string>;
}

export interface Shell extends AsyncDisposable {
  displays(): Promise<readonly Display[]>;
  open(role: WindowRole, bounds: Rectangle): Promise<ShellWindow>;
  registerHotkey(accelerator: string, action: () => void): Promise<HotkeyResult>;
  /** Gives a key back that was registered, whichever way it is spelt. */
  releaseHotkey(accelerator: string): Promise<void>;
  keystore(): Promise<Keystore>;
  notify(title: string, body: string): Promise<'handed-over' | 'not-available'>;
}

export interface ShellListener {
  windowChanged(role: WindowRole, id: WindowId, event: WindowEvent): void;
  /** Read `displays()` again and restore the layout; the listener decides when (never mid-entry). */
  displaysChanged(): void;
}

/** Where a window finds its desk, and the token that lets it in once. */
export interface Admission {
  readonly url: string;
  readonly token: string;
}

/**
 * What the shell posts to its own page: once after each load, and again whenever the page says
 * `Again`. `renderer/app/bridge.ts` checks the same shape; the two layers share no module for it.
 */
export type HandOver =
  | { readonly type: 'holdfast:port' }
  | ({ readonly type: 'holdfast:gateway' } & Admission);

/** What a page posts to its own window when its line was lost without a reload. */
export interface Again {
  readonly type: 'holdfast:again';
}

/** One ordered line of text frames between a desk and one of its windows, whatever carries it. */
export interface Channel {
  /**
   * Never throws. A frame for a line that has ended is dropped: whoever holds the channel hears
   * `onClosed`, and the window asks again for what it needs when it is back.
   */
  send(frame: string): void;
  /** Frames that are queued here because the window has not taken them yet. */
  readonly bufferedBytes: number;
  /** Too much is queued: stop what the window can ask for again, until `onDrained`. */
  readonly isLagging: boolean;
  onDrained(listener: () => void): void;
  onFrame(listener: (frame: string) => void): void;
  onClosed(listener: () => void): void;
  close(): void;
}
