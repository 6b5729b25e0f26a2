import { createContext, use } from 'react';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { AccountRow, ApiKeyRow, DeskKeyRow, SessionRow } from '#protocol/administer.ts';

/** The lists of this window, in the order of their keys. */
export const panels = ['people', 'sessions', 'desks', 'api-keys'] as const;
export type PanelName = (typeof panels)[number];

export type Row<Of> = Of & { readonly id: string };
export interface RowOf {
  readonly people: AccountRow;
  readonly sessions: SessionRow;
  readonly desks: Row<DeskKeyRow>;
  readonly 'api-keys': Row<ApiKeyRow>;
}
export type AnyRow = RowOf[PanelName];

/** A list as it was last read. */
export interface List<Of> {
  readonly rows: readonly Of[];
  /** When it was read; undefined where it never was. */
  readonly readAt: number | undefined;
  /** Why the last reading failed; what was read before stays on screen. */
  readonly problem: string;
}
export type Lists = { readonly [Name in PanelName]: List<RowOf[Name]> };

/** What came of something, said beside its row and once more at the foot of the panel. */
export interface Said {
  readonly tone: 'plain' | 'good' | 'bad';
  readonly text: string;
  readonly at: number;
}

/** What a second press of its key does. */
export interface Confirming {
  readonly key: string;
  readonly rowId: string;
  readonly words: string;
  readonly until: number;
}

/** Told once: it is in this window's memory, until it is put away, and nowhere else. */
export interface Secret {
  readonly title: string;
  readonly secret: string;
  readonly words: string;
  /** The end of its life, where it has one. */
  readonly notAfter?: number | undefined;
}

export type FormName = 'add-user' | 'set-user-role' | 'make-desk-code' | 'make-api-key';

export interface AdminState {
  readonly panel: PanelName;
  readonly lists: Lists;
  readonly filter: string;
  readonly form: FormName | undefined;
  readonly problem: { readonly field: string; readonly text: string } | undefined;
  readonly confirming: Confirming | undefined;
  /** By row; of all that was said the last is at the foot. */
  readonly said: ReadonlyMap<string, Said>;
  readonly lastSaid: Said | undefined;
  readonly secret: Secret | undefined;
  /** What is on its way, as text: the same is not asked twice at once. */
  readonly asked: ReadonlySet<string>;
}

export type AdminStore = StoreApi<AdminState>;

const unread = { rows: [], readAt: undefined, problem: '' };

/** What whoever signs in finds: nothing of the one before. */
export const emptyAdmin = (): AdminState => ({
  panel: 'people',
  lists: { people: unread, sessions: unread, desks: unread, 'api-keys': unread },
  filter: '',
  form: undefined,
  problem: undefined,
  confirming: undefined,
  said: new Map(),
  lastSaid: undefined,
  secret: undefined,
  asked: new Set(),
});

/** Made in main.tsx and in tests, never at module level. */
export const createAdminStore = (): AdminStore => createStore<AdminState>(emptyAdmin);

export const AdminStoreContext = createContext<AdminStore | undefined>(undefined);

/** A slice of this window's own state. */
export function useAdmin<Slice>(selector: (state: AdminState) => Slice): Slice {
  const store = use(AdminStoreContext);
  if (!store) throw new Error('useAdmin outside <AdminStoreContext>');
  return useStore(store, useShallow(selector));
}

/** The words of a row that are looked through: what is on screen of it. */
function wordsOf(row: AnyRow): string {
  if ('displayName' in row) return `${row.name} ${row.displayName} ${row.role} ${row.state}`;
  if ('user' in row) return `${row.user.name} ${row.user.displayName} ${row.desk}`;
  return 'desk' in row ? `${row.desk} ${row.state}` : row.name;
}

/** The rows of a panel that hold every word of the filter, in the order of the list. */
export function selectRows<Name extends PanelName>(
  { lists, filter }: AdminState,
  panel: Name,
): readonly RowOf[Name][] {
  const { rows } = lists[panel];
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const text = wordsOf(row).toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
