import { memo, type MouseEvent, type PointerEvent, type ReactNode, type RefObject } from 'react';
import type { Column } from './data-list.tsx';

/** What can be done with a row, as of the last time that its list was drawn. */
export interface RowActs<Row> {
  focused(row: Row): void;
  clicked(row: Row, event: MouseEvent): void;
  /** Handlers that choose it. */
  press(row: Row): PressHandlers;
}

export interface PressHandlers {
  onPointerDown?(event: PointerEvent): void;
  onPointerUp?(): void;
  onPointerCancel?(): void;
  onPointerMove?(event: PointerEvent): void;
}

interface ListRowProps<Row> {
  readonly row: Row;
  readonly index: number;
  /** Pixels from the top of the list. */
  readonly top: number;
  readonly columns: readonly Column<Row>[];
  readonly isSelected: boolean;
  readonly isAtKeys: boolean;
  readonly className: string;
  readonly acts: RefObject<RowActs<Row>>;
  readonly measure: (element: HTMLElement | null) => void;
}

/** Drawn anew only when something of it has changed: while the list moves, nothing has. */
export const ListRow = memo(Row) as typeof Row;

function Row<T>(props: ListRowProps<T>): ReactNode {
  const { row, index, top, columns, isSelected, isAtKeys, className, acts, measure } = props;
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- Enter is handled by the grid
    <div
      role="row"
      ref={measure}
      data-index={index}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      tabIndex={isAtKeys ? 0 : -1}
      className={`data-list-row data-list-item ${className}`}
      style={{ transform: `translateY(${top}px)` }}
      onFocus={() => acts.current.focused(row)}
      onPointerDown={(event) => acts.current.press(row).onPointerDown?.(event)}
      onPointerUp={() => acts.current.press(row).onPointerUp?.()}
      onPointerCancel={() => acts.current.press(row).onPointerCancel?.()}
      onPointerMove={(event) => acts.current.press(row).onPointerMove?.(event)}
      onClick={(event) => acts.current.clicked(row, event)}
    >
      {columns.map((column) => (
        <div role="gridcell" key={column.id} className={`cell cell-${column.id}`}>
          {column.cell(row)}
        </div>
      ))}
    </div>
  );
}
