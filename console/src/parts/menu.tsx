import { lazy, Suspense, useState, type KeyboardEvent, type ReactNode } from 'react';
import { signal, useSignal, type Signal } from '../api/signal.ts';
import { Button } from './button.tsx';
import type { IconName } from './icons.tsx';
import { HeldShortcuts } from './keys.ts';

export interface MenuItem {
  readonly id: string;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly icon?: IconName;
  readonly dangerous?: boolean;
  /** Why it cannot be chosen now. */
  readonly disabled?: string | undefined;
  readonly checked?: boolean;
  onChoose(): void;
}

const load = () => import('./menu-popup.tsx');
const Popup = lazy(() => load().then(({ MenuPopup }) => ({ default: MenuPopup })));
const Checks = lazy(() => load().then(({ ChecksPopup }) => ({ default: ChecksPopup })));

/** What opens a menu. The script of menus is large, so it comes when somebody is about to open the first one. */
interface MenuButtonProps {
  readonly 'aria-haspopup': 'menu';
  readonly 'aria-expanded': boolean;
  readonly onPointerEnter: () => void;
  readonly onFocus: () => void;
  readonly onClick: (event: { readonly currentTarget: HTMLElement; readonly detail: number }) => void;
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
}

function menuButton(open: boolean, show: (button: HTMLElement, byKey: boolean) => void): MenuButtonProps {
  const preload = (): void => void load();
  return {
    'aria-haspopup': 'menu',
    'aria-expanded': open,
    onPointerEnter: preload,
    onFocus: preload,
    // A press of Enter or the space bar is a click without a count.
    onClick: ({ currentTarget, detail }) => show(currentTarget, detail === 0),
    onKeyDown(event) {
      if (event.key !== 'ArrowDown') return;
      event.preventDefault();
      event.stopPropagation();
      show(event.currentTarget, true);
    },
  };
}

interface Shown {
  readonly anchor: HTMLElement;
  readonly byKey: boolean;
}

/** One menu for all rows of a list: a root for each row makes scrolling slow. */
export type MenuHandle<T> = Signal<(Shown & { readonly payload: T }) | undefined>;

export function createMenuHandle<T>(): MenuHandle<T> {
  return signal(undefined);
}

export function RowMenuTrigger<T>({
  handle,
  payload,
  name,
}: {
  readonly handle: MenuHandle<T>;
  readonly payload: T;
  readonly name: string;
}): ReactNode {
  const open = useSignal(handle)?.payload === payload;
  return (
    <Button
      look="quiet"
      icon="more"
      iconOnly
      {...menuButton(open, (anchor, byKey) => handle.set({ anchor, byKey, payload }))}
    >
      {name}
    </Button>
  );
}

export function RowMenu<T>({
  handle,
  items,
}: {
  readonly handle: MenuHandle<T>;
  readonly items: (payload: T) => readonly MenuItem[];
}): ReactNode {
  const shown = useSignal(handle);
  if (shown === undefined) return null;
  return (
    <Suspense fallback={<HeldShortcuts />}>
      <Popup {...shown} items={items(shown.payload)} onClose={() => handle.set(undefined)} />
    </Suspense>
  );
}

interface MenuProps {
  readonly name: ReactNode;
  readonly icon?: IconName;
  readonly look?: 'plain' | 'primary' | 'quiet';
  readonly iconOnly?: boolean;
  readonly items: readonly MenuItem[];
  readonly side?: 'bottom' | 'top';
}

export function Menu({ name, icon, look = 'plain', iconOnly = false, items, side = 'bottom' }: MenuProps): ReactNode {
  const [shown, setShown] = useState<Shown>();
  return (
    <>
      <Button
        look={look}
        iconOnly={iconOnly}
        {...(icon === undefined ? {} : { icon })}
        {...menuButton(shown !== undefined, (anchor, byKey) => setShown({ anchor, byKey }))}
      >
        {name}
      </Button>
      {shown === undefined ? null : (
        <Suspense fallback={<HeldShortcuts />}>
          <Popup {...shown} items={items} side={side} onClose={() => setShown(undefined)} />
        </Suspense>
      )}
    </>
  );
}

export interface Check<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

/** A menu that stays open while several are checked. */
export function CheckMenu<T extends string>({
  name,
  className,
  values,
  choices,
  onToggle,
}: {
  readonly name: ReactNode;
  readonly className: string;
  readonly values: readonly T[];
  readonly choices: readonly Check<T>[];
  readonly onToggle: (value: T, on: boolean) => void;
}): ReactNode {
  const [shown, setShown] = useState<Shown>();
  return (
    <>
      <button
        type="button"
        className={className}
        {...menuButton(shown !== undefined, (anchor, byKey) => setShown({ anchor, byKey }))}
      >
        {name}
      </button>
      {shown === undefined ? null : (
        <Suspense fallback={<HeldShortcuts />}>
          <Checks
            {...shown}
            values={values}
            choices={choices}
            onToggle={(value, on) => onToggle(value as T, on)}
            onClose={() => setShown(undefined)}
          />
        </Suspense>
      )}
    </>
  );
}
