import { Fragment, memo, useRef, type KeyboardEvent, type ReactNode } from 'react';
import { useActions } from '../app/actions.ts';
import { keyOf } from '../app/keys.ts';
import type { Step } from '../app/selectors.ts';
import { useWindow, type ListName } from '../app/window-store.ts';

export interface Column<Row> {
  readonly name: string;
  readonly cell: (row: Row) => ReactNode;
}

interface Props<Row extends { readonly id: string }> {
  readonly list: ListName;
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly empty: string;
  /** Heads the rows from here on, where it differs from the row before. */
  readonly sectionOf?: (row: Row) => string;
  readonly rowProps?: (row: Row) => Readonly<Record<`data-${string}`, unknown>> & {
    readonly className?: string;
  };
  readonly onEnter?: (row: Row) => void;
  /** Another key; true where it was one of the list's own. */
  readonly onKey?: (key: string) => boolean;
  readonly focusName?: string;
}

const PAGE_ROWS = 10;
const LONG = 120; // rows beyond any screen: those out of sight are neither laid out nor painted

/**
 * A list that is worked with the arrow keys. The selection is an id, so what arrives moves neither
 * it nor the scroll; only a step of the operator brings a row into sight.
 */
export function RowList<Row extends { readonly id: string }>({
  list,
  label,
  rows,
  columns,
  empty,
  sectionOf,
  rowProps,
  onEnter,
  onKey,
  focusName,
}: Props<Row>) {
  const { stepIn, select } = useActions();
  const selected = useWindow((state) => state.selected[list]);
  const grid = useRef<HTMLDivElement>(null);
  const rowId = (id: string) => `${list}-row-${id}`;
  const chosen = rows.find(({ id }) => id === selected);

  const go = (by: Step) => {
    const id = stepIn(
      list,
      rows.map((row) => row.id),
      by,
    );
    if (id !== undefined)
      grid.current?.querySelector(`[id="${rowId(id)}"]`)?.scrollIntoView({ block: 'nearest' });
  };
  const steps: Readonly<Record<string, Step>> = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: PAGE_ROWS,
    PageUp: -PAGE_ROWS,
    Home: 'first',
    End: 'last',
  };
  const press = (event: KeyboardEvent) => {
    const key = keyOf(event.nativeEvent);
    const by = steps[key];
    if (by !== undefined) go(by);
    else if (key === 'Enter' && chosen && onEnter) onEnter(chosen);
    else if (!onKey?.(key)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  /** The row that a pointer is on: the grid hears it, as it hears the keys. */
  const pointedAt = (target: EventTarget) => {
    const id = target instanceof Element && target.closest('.row')?.id;
    return rows.find((row) => rowId(row.id) === id);
  };

  const headings = rows.map((row) => sectionOf?.(row));
  return (
    <div
      ref={grid}
      className={`rows rows-${list}${rows.length > LONG ? ' is-long' : ''}`}
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length}
      aria-activedescendant={chosen && rowId(chosen.id)}
      tabIndex={0}
      data-pad="list"
      data-field={focusName ?? list}
      onKeyDown={press}
      onClick={({ target }) => {
        const row = pointedAt(target);
        if (row) select(list, row.id);
      }}
      onDoubleClick={({ target }) => {
        const row = pointedAt(target);
        if (row) onEnter?.(row);
      }}
    >
      <div className="row row-head" role="row">
        {columns.map(({ name }) => (
          <span key={name} role="columnheader">
            {name}
          </span>
        ))}
      </div>
      {rows.length === 0 && (
        <div role="row" className="rows-empty">
          <span role="gridcell">{empty}</span>
        </div>
      )}
      {rows.map((row, index) => {
        const heading = headings[index];
        const isNewSection = heading !== undefined && heading !== headings[index - 1];
        const { className = '', ...data } = rowProps?.(row) ?? {};
        // Named by its row: without a name each place in the list would be one, and a row that arrives would have
        // all rows below it made anew, which no browser can hold in their place.
        return (
          <Fragment key={row.id}>
            {isNewSection && (
              <div className="rows-section" role="row">
                <span role="gridcell">{heading}</span>
              </div>
            )}
            <RowView
              id={rowId(row.id)}
              row={row}
              columns={columns}
              isSelected={row.id === selected}
              className={className}
              data={data}
            />
          </Fragment>
        );
      })}
    </div>
  );
}

interface RowViewProps<Row> {
  readonly id: string;
  readonly row: Row;
  readonly columns: readonly Column<Row>[];
  readonly isSelected: boolean;
  readonly className: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A row is made again only where it is another one: of two thousand, an event changes one or two. */
const RowView = memo(PlainRow, isSameRow) as typeof PlainRow; // `memo` forgets that it is generic

function PlainRow<Row>({ id, row, columns, isSelected, className, data }: RowViewProps<Row>) {
  return (
    <div id={id} role="row" className={`row ${className}`} aria-selected={isSelected} {...data}>
      {columns.map(({ name, cell }) => (
        <span key={name} role="gridcell">
          {cell(row)}
        </span>
      ))}
    </div>
  );
}

function isSameRow<Row>(before: RowViewProps<Row>, after: RowViewProps<Row>): boolean {
  const names = Object.keys(after.data);
  return (
    before.row === after.row &&
    before.columns === after.columns &&
    before.isSelected === after.isSelected &&
    before.className === after.className &&
    names.length === Object.keys(before.data).length &&
    names.every((name) => before.data[name] === after.data[name])
  );
}
