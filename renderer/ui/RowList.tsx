import { useRef, type KeyboardEvent, type ReactNode } from 'react';
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

  const headings = rows.map((row) => sectionOf?.(row));
  return (
    <div
      ref={grid}
      className={`rows rows-${list}`}
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length}
      aria-activedescendant={chosen && rowId(chosen.id)}
      tabIndex={0}
      data-pad="list"
      data-field={focusName ?? list}
      onKeyDown={press}
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
        return [
          isNewSection && (
            <div key={`section ${heading}`} className="rows-section" role="row">
              <span role="gridcell">{heading}</span>
            </div>
          ),
          // The grid itself hears the keys; a row is only pointed at.
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
          <div
            key={row.id}
            id={rowId(row.id)}
            role="row"
            className={`row ${className}`}
            aria-selected={row.id === selected}
            onClick={() => select(list, row.id)}
            onDoubleClick={() => onEnter?.(row)}
            {...data}
          >
            {columns.map(({ name, cell }) => (
              <span key={name} role="gridcell">
                {cell(row)}
              </span>
            ))}
          </div>,
        ];
      })}
    </div>
  );
}
