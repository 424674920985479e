import { useWindowVirtualizer } from '@tanstack/react-virtual';
import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
} from 'react';
import { useTranslations } from 'use-intl';
import { useChoice, useChoiceShortcuts } from './data-list-choice.tsx';
import { ListRow, type RowActs } from './data-list-row.tsx';
import { useShortcuts } from './keys.ts';
import { rememberOpened, takeOpened } from './opened-rows.ts';
import './data-list.css';

export interface Column<Row> {
  readonly id: string;
  readonly head: ReactNode;
  /** The heading is for screen readers only. */
  readonly headUnseen?: boolean;
  readonly cell: (row: Row) => ReactNode;
}

export interface DataListProps<Row> {
  readonly label: string;
  /** The class of the list; its style sheet gives the widths of the columns as `--columns`. */
  readonly className: string;
  readonly rows: readonly Row[];
  /** Columns beyond those that the style sheet has widths for. */
  readonly extraColumns?: number;
  readonly rowKey: (row: Row) => string;
  readonly columns: readonly Column<Row>[];
  readonly onOpen: (row: Row) => void;
  /** All there are, loaded or not; -1 = not known. */
  readonly total: number;
  /** Another filter is being loaded: the rows are the old one's. */
  readonly stale?: boolean;
  readonly openKey?: string | undefined;
  readonly rowClass?: (row: Row) => string;
  /** Asks for more rows when the end comes near. */
  readonly onEnd?: (() => void) | undefined;
  readonly loadingMore?: boolean;
  readonly selection?: Selection<Row> | undefined;
  /** Somebody looks at the rows, or no longer: they are under the pointer, or have the focus. */
  readonly onWatched?: (isWatched: boolean) => void;
  /** Which rows are in sight, or about to be: from the first to the last. */
  readonly onSight?: (first: number, last: number) => void;
  /** The row that the keys are at. */
  readonly onCurrent?: (row: Row) => void;
}

/** Rows that can be chosen, for doing something to all of them. */
export interface Selection<Row> {
  readonly chosen: ReadonlySet<string>;
  set(chosen: readonly Row[]): void;
  /** Chooses also what matches and is not loaded. */
  all(): void;
  nameOf(row: Row): string;
}

/** Until the first one is drawn: lists have rows of several heights, and each list of one. */
const rowHeightPx = 44;
const overscanRows = 12;
/** Of the first drawing, so that rows in sight do not wait for others. */
const overscanRowsAtFirst = 1;

/** A list of any length: only the rows in sight are in the page. It is a grid to a screen reader, moved in by arrows or j and k. */
export function DataList<Row>(props: DataListProps<Row>): ReactNode {
  const { rows, rowKey, onOpen, onEnd, selection } = props;
  const choice = useChoice(props);
  const columns = useMemo(
    () => (choice.column === undefined ? props.columns : [choice.column, ...props.columns]),
    [choice.column, props.columns],
  );
  const t = useTranslations('states');
  const body = useRef<HTMLDivElement>(null);
  const [margin, setMargin] = useState(0);
  const [rowPx, setRowPx] = useState(rowHeightPx);
  const [current, setCurrent] = useState('');
  useLayoutEffect(() => {
    setMargin((body.current?.getBoundingClientRect().top ?? 0) + window.scrollY);
  }, [rows.length]);
  // With another function all places are reckoned anew: only for other rows, or another height.
  const getItemKey = useCallback(
    (index: number) => keyAt(rows, rowKey, index),
    // oxlint-disable-next-line react/exhaustive-deps -- the height of a row is what the places are reckoned from
    [rows, rowKey, rowPx],
  );
  const overscan = useOverscan();
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => rowPx,
    overscan,
    scrollMargin: margin,
    scrollPaddingEnd: 80,
    scrollPaddingStart: 80,
    getItemKey,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (last >= rows.length - overscanRows) onEnd?.();
  }, [last, rows.length, onEnd]);

  const isDrawn = items.length > 0;
  useLayoutEffect(() => {
    const drawn = body.current?.firstElementChild?.getBoundingClientRect().height ?? 0;
    if (drawn > 0) setRowPx(drawn);
  }, [isDrawn]);
  const first = items[0]?.index ?? 0;
  const { onSight } = props;
  useEffect(() => onSight?.(first, last), [onSight, first, last]);

  const found = useMemo(() => rows.findIndex((row) => rowKey(row) === current), [rows, rowKey, current]);
  const at = Math.max(0, found);
  const focusRow = (index: number): void => {
    const target = Math.min(Math.max(index, 0), rows.length - 1);
    const row = rows[target];
    if (row === undefined) return;
    setCurrent(rowKey(row));
    props.onCurrent?.(row);
    virtual.scrollToIndex(target);
    requestAnimationFrame(() => body.current?.querySelector<HTMLElement>(`[data-index="${target}"]`)?.focus());
  };
  const move = (by: number): void => focusRow(current === '' ? 0 : at + by);
  const openRow = (row: Row): void => {
    rememberOpened(list, rowKey(row));
    onOpen(row);
  };
  const open = (): void => {
    const row = rows[at];
    if (row !== undefined && current !== '') openRow(row);
  };
  const [list] = useState(() => `${window.location.pathname} ${props.label}`);
  const cameFrom = useRef<string>(undefined);
  useEffect(() => {
    cameFrom.current ??= takeOpened(list);
    const index = cameFrom.current === '' ? -1 : rows.findIndex((row) => rowKey(row) === cameFrom.current);
    if (index < 0) return;
    cameFrom.current = '';
    // Somebody who has gone elsewhere meanwhile stays there.
    if (document.activeElement === document.body) focusRow(index);
  });
  useListShortcuts(move, open);
  useChoiceShortcuts(selection === undefined ? undefined : choice, current === '' ? undefined : rows[at]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -rows.length, End: rows.length }[
      event.key
    ];
    if (by !== undefined) {
      event.preventDefault();
      move(by);
    }
    if (event.key === 'Enter' && event.target === event.currentTarget.querySelector(':focus[role="row"]')) open();
  };

  const now: RowActs<Row> = {
    focused(row) {
      setCurrent(rowKey(row));
      props.onCurrent?.(row);
    },
    clicked(row, event) {
      if (choice.wasLongPress()) return;
      rememberOpened(list, rowKey(row));
      if (!isControl(event.target) && window.getSelection()?.toString() === '') onOpen(row);
    },
    press: choice.press,
  };
  const acts = useRef(now);
  useLayoutEffect(() => {
    acts.current = now;
  });

  return (
    <div
      className={classOf(props)}
      onPointerEnter={() => props.onWatched?.(true)}
      onPointerLeave={() => props.onWatched?.(false)}
      style={{ '--extra': ' minmax(64px, 1fr)'.repeat(props.extraColumns ?? 0) } as CSSProperties}
    >
      {/* oxlint-disable-next-line jsx-a11y/interactive-supports-focus -- its rows take the focus, one of them at a time */}
      <div
        role="grid"
        aria-label={props.label}
        aria-rowcount={props.total < 0 ? -1 : props.total + 1}
        aria-busy={props.stale}
        aria-multiselectable={selection === undefined ? undefined : true}
        onKeyDown={onKeyDown}
      >
        <div role="rowgroup" className="data-list-head">
          <div role="row" aria-rowindex={1} className="data-list-row">
            {columns.map((column) => (
              <div role="columnheader" key={column.id} className={`cell cell-${column.id}`}>
                <span className={column.headUnseen === true ? 'unseen' : undefined}>{column.head}</span>
              </div>
            ))}
          </div>
        </div>
        <div role="rowgroup" ref={body} className="data-list-body" style={{ blockSize: virtual.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            const key = rowKey(row);
            return (
              <ListRow
                key={item.key}
                row={row}
                index={item.index}
                top={item.start - margin}
                columns={columns}
                isSelected={selection === undefined ? props.openKey === key : selection.chosen.has(key)}
                isAtKeys={item.index === at}
                className={props.rowClass?.(row) ?? ''}
                acts={acts}
                measure={virtual.measureElement}
              />
            );
          })}
        </div>
      </div>
      {props.loadingMore === true ? (
        <p className="data-list-more muted" role="status">
          {t('loadingMore')}
        </p>
      ) : null}
    </div>
  );
}

/** Grows when the first rows have been painted. */
function useOverscan(): number {
  const [isPainted, setPainted] = useState(false);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const frame = requestAnimationFrame(() => (timer = setTimeout(() => setPainted(true))));
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, []);
  return isPainted ? overscanRows : overscanRowsAtFirst;
}

function classOf<Row>({ className, stale, selection }: DataListProps<Row>): string {
  const parts = [
    'data-list',
    className,
    stale === true ? 'data-list-stale' : '',
    selection === undefined ? '' : 'data-list-choice',
  ];
  return parts.filter((one) => one !== '').join(' ');
}

function keyAt<Row>(rows: readonly Row[], rowKey: (row: Row) => string, index: number): string {
  const row = rows[index];
  return row === undefined ? String(index) : rowKey(row);
}

function isControl(target: EventTarget): boolean {
  return target instanceof Element && target.closest('a, button, input, label, [role="menu"]') !== null;
}

function useListShortcuts(move: (by: number) => void, open: () => void): void {
  const t = useTranslations('keys');
  const group = t('list');
  useShortcuts([
    { keys: 'j', label: t('next'), group, run: () => move(1) },
    { keys: 'k', label: t('previous'), group, run: () => move(-1) },
    { keys: 'o', label: t('open'), group, run: open },
  ]);
}
