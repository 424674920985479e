import { useMemo, useRef, type MouseEvent, type PointerEvent, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { PressHandlers } from './data-list-row.tsx';
import type { Column, DataListProps } from './data-list.tsx';
import { useShortcuts } from './keys.ts';

const longPressMs = 500;

interface Choice<Row> {
  readonly column: Column<Row> | undefined;
  /** Takes the row in or out. */
  toggle(row: Row): void;
  /** Takes in all between the last toggled row and this one. */
  reach(row: Row): void;
  all(): void;
  /** A long press on a touch screen chooses the row. */
  press(row: Row): PressHandlers;
  wasLongPress(): boolean;
}

interface ChoiceBoxProps {
  readonly label: string;
  readonly checked: boolean;
  readonly onClick: (event: MouseEvent) => void;
}

function ChoiceBox({ label, checked, onClick }: ChoiceBoxProps): ReactNode {
  return (
    <label className="choice">
      <span className="unseen">{label}</span>
      <input type="checkbox" tabIndex={-1} checked={checked} onChange={() => undefined} onClick={onClick} />
    </label>
  );
}

/** Choosing rows of a list by box, key, Shift and long press. */
export function useChoice<Row>({ rows, rowKey, selection }: DataListProps<Row>): Choice<Row> {
  const t = useTranslations('states');
  const last = useRef('');
  const timer = useRef(0);
  const pressed = useRef(false);
  const chosen = selection?.chosen ?? new Set<string>();
  const chosenRows = (): Row[] => rows.filter((row) => chosen.has(rowKey(row)));
  const toggle = (row: Row): void => {
    const key = rowKey(row);
    last.current = key;
    selection?.set(chosen.has(key) ? chosenRows().filter((one) => rowKey(one) !== key) : [...chosenRows(), row]);
  };
  const reach = (row: Row): void => {
    const from = rows.findIndex((one) => rowKey(one) === last.current);
    if (from < 0) return toggle(row);
    const to = rows.indexOf(row);
    const between = rows.slice(Math.min(from, to), Math.max(from, to) + 1);
    return selection?.set([...new Set([...chosenRows(), ...between])]);
  };
  // The same one until rows or choice change, so that rows which only move are not drawn again.
  const column = useMemo((): Column<Row> | undefined => {
    if (selection === undefined) return undefined;
    const loaded = rows.length > 0 && rows.every((row) => chosen.has(rowKey(row)));
    return {
      id: 'choice',
      head: <ChoiceBox label={t('chooseAll')} checked={loaded} onClick={() => selection.set(loaded ? [] : rows)} />,
      cell: (row) => (
        <ChoiceBox
          label={t('choose', { name: selection.nameOf(row) })}
          checked={chosen.has(rowKey(row))}
          onClick={(event) => (event.shiftKey ? reach(row) : toggle(row))}
        />
      ),
    };
    // oxlint-disable-next-line react/exhaustive-deps -- the others are made of these
  }, [selection, rows, t]);
  return {
    column,
    toggle,
    reach,
    all: () => selection?.all(),
    press: (row) =>
      selection === undefined
        ? {}
        : {
            onPointerDown: (event: PointerEvent) => {
              pressed.current = false;
              if (event.pointerType !== 'touch') return;
              timer.current = window.setTimeout(() => {
                pressed.current = true;
                toggle(row);
              }, longPressMs);
            },
            onPointerUp: () => clearTimeout(timer.current),
            onPointerCancel: () => clearTimeout(timer.current),
            onPointerMove: (event: PointerEvent) => {
              if (Math.abs(event.movementX) + Math.abs(event.movementY) > 4) clearTimeout(timer.current);
            },
          },
    wasLongPress: () => pressed.current,
  };
}

export function useChoiceShortcuts<Row>(choice: Choice<Row> | undefined, row: Row | undefined): void {
  const t = useTranslations('keys');
  const group = t('list');
  useShortcuts(
    choice === undefined
      ? []
      : [
          { keys: 'x', label: t('choose'), group, run: () => (row === undefined ? undefined : choice.toggle(row)) },
          { keys: 'X', label: t('reach'), group, run: () => (row === undefined ? undefined : choice.reach(row)) },
          { keys: 'Ctrl+a', label: t('chooseAll'), group, run: () => choice.all() },
        ],
  );
}
