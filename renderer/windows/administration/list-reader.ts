import { ADMIN_PAGE, type AdminPage, type Doing } from '#protocol/administer.ts';
import type { ActionPorts } from '../../app/actions.ts';
import type { DeskLine } from '../../app/desk-line.ts';
import { refusalText } from '../../app/refusal-text.ts';
import type { AdminStore, AnyRow, List, PanelName } from './admin-store.ts';

const PAGES_MAX = 20; // ten thousand accounts: a force has a tenth of them, closed ones and all

const whatOf = {
  people: 'list-users',
  sessions: 'list-sessions',
  desks: 'list-desks',
  'api-keys': 'list-api-keys',
} as const satisfies Readonly<Record<PanelName, Doing['what']>>;

type Page = Exclude<AdminPage<AnyRow>, { isUnchanged: true }>;

/**
 * Reads the lists, one reading of each at a time. What has not changed is not sent again and its rows stay
 * the same objects; a reading that fails leaves on screen what was read before, and says so.
 */
export class ListReader {
  readonly #store: AdminStore;
  readonly #line: Pick<DeskLine, 'administer'>;
  readonly #ports: Pick<ActionPorts, 'now' | 'makeId'>;
  readonly #pages = new Map<PanelName, readonly Page[]>();
  readonly #askedAt = new Map<PanelName, number>();
  readonly #reading = new Set<PanelName>();
  readonly #again = new Set<PanelName>();
  /** Counts who has sat here: an answer to the one before is let go. */
  #life = 0;

  constructor(
    store: AdminStore,
    line: Pick<DeskLine, 'administer'>,
    ports: Pick<ActionPorts, 'now' | 'makeId'>,
  ) {
    this.#store = store;
    this.#line = line;
    this.#ports = ports;
  }

  /** When a list was last asked for; before all time where it never was. */
  askedAt(panel: PanelName): number {
    return this.#askedAt.get(panel) ?? Number.NEGATIVE_INFINITY;
  }

  forget(): void {
    this.#life += 1;
    this.#pages.clear();
    this.#askedAt.clear();
    this.#reading.clear();
    this.#again.clear();
  }

  /** Reads a list now; where that is being done, once more after it: what was asked since may be in it. */
  read(panel: PanelName): void {
    this.#askedAt.set(panel, this.#ports.now());
    if (this.#reading.has(panel)) return void this.#again.add(panel);
    void this.#readAll(panel);
  }

  async #readAll(panel: PanelName): Promise<void> {
    const life = this.#life;
    this.#reading.add(panel);
    do {
      this.#again.delete(panel);
      // One reading after another is the point.
      // oxlint-disable-next-line no-await-in-loop
      const read = await this.#pagesOf(panel);
      if (life !== this.#life) return;
      this.#put(panel, read);
    } while (this.#again.has(panel));
    this.#reading.delete(panel);
  }

  async #pagesOf(panel: PanelName): Promise<readonly Page[] | string> {
    const before = this.#pages.get(panel) ?? [];
    const pages: Page[] = [];
    for (let n = 0; n < PAGES_MAX; n += 1) {
      const known = before[n];
      const from = n * ADMIN_PAGE;
      const doing = { what: whatOf[panel], from, ...(known && { known: known.digest }) };
      // A page says whether there is another one.
      // oxlint-disable-next-line no-await-in-loop
      const outcome = await this.#line.administer(doing, this.#ports.makeId());
      if (outcome.kind === 'refused')
        return outcome.reason === 'server-away' || outcome.reason === 'not-known'
          ? 'the server does not answer'
          : refusalText(outcome, outcome.message);
      const answer = outcome.rows[0] as AdminPage<Named>; // the server's word for this very list
      const page: Page | undefined = 'isUnchanged' in answer ? known : withIds(answer);
      if (!page) return 'The server did not send this list; it is asked again';
      pages.push(page);
      if (!page.isMore) break;
    }
    return pages;
  }

  #put(panel: PanelName, read: readonly Page[] | string): void {
    const { lists } = this.#store.getState();
    const put = (change: Partial<List<AnyRow>>) =>
      this.#store.setState({ lists: { ...lists, [panel]: { ...lists[panel], ...change } } });
    if (typeof read === 'string') return put({ problem: read });
    const before = this.#pages.get(panel);
    this.#pages.set(panel, read);
    const isSame = before?.length === read.length && read.every((page, n) => page === before[n]);
    put({
      problem: '',
      readAt: this.#ports.now(),
      ...(!isSame && { rows: [...byId(read).values()] }),
    });
  }
}

/** Between two pages the list may have moved: what came twice is one. */
const byId = (pages: readonly Page[]) =>
  new Map(pages.flatMap(({ rows }) => rows.map((row) => [row.id, row] as const)));

type Named = Readonly<Partial<Record<'id' | 'desk' | 'name', string>>>;

/** A desk and a key are known by their names. */
const withIds = ({ rows, ...page }: Exclude<AdminPage<Named>, { isUnchanged: true }>): Page => ({
  ...page,
  // Rows of the list that was asked for, each with the id by which it is chosen.
  rows: rows.map((row) => ({ ...row, id: row.id ?? row.desk ?? row.name ?? '' }) as AnyRow),
});
