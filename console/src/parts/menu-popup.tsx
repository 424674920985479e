import { Menu as Base } from '@base-ui/react/menu';
import { useEffect, useRef, type ReactNode } from 'react';
import { content } from './content.ts';
import { Icon } from './icons.tsx';
import type { Check, MenuItem } from './menu.tsx';
import './menu.css';

interface PopupProps {
  /** The button that it belongs to; the focus goes back there. */
  readonly anchor: HTMLElement;
  /** Opened by a key: the first item has the focus at once. */
  readonly byKey: boolean;
  readonly side?: 'bottom' | 'top';
  readonly align?: 'start' | 'end';
  readonly onClose: () => void;
  readonly children: ReactNode;
}

function Popup({ anchor, byKey, side = 'bottom', align = 'end', onClose, children }: PopupProps): ReactNode {
  const popup = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (byKey) popup.current?.querySelector<HTMLElement>('[role^="menuitem"]')?.focus();
  }, [byKey]);
  return (
    <Base.Root open onOpenChange={(next) => (next ? undefined : onClose())}>
      <Base.Portal container={content}>
        <Base.Positioner
          className="menu-place"
          anchor={anchor}
          side={side}
          align={align}
          sideOffset={4}
          collisionPadding={8}
        >
          <Base.Popup ref={popup} className="menu" finalFocus={() => anchor}>
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

export function MenuPopup({
  items,
  ...place
}: Omit<PopupProps, 'children'> & { readonly items: readonly MenuItem[] }): ReactNode {
  return (
    <Popup {...place}>
      {items.map((item) => (
        <Base.Item
          key={item.id}
          className={item.dangerous === true ? 'menu-item menu-item-dangerous' : 'menu-item'}
          disabled={item.disabled !== undefined}
          onClick={() => {
            // A dialog that it opens gives the focus back to where it was: the item is gone by then.
            place.anchor.focus();
            item.onChoose();
          }}
        >
          {item.icon === undefined ? null : <Icon name={item.icon} />}
          <span>
            {item.label}
            {(item.disabled ?? item.hint) === undefined ? null : (
              <small className="menu-hint">{item.disabled ?? item.hint}</small>
            )}
          </span>
          {item.checked === true ? <Icon name="check" className="menu-check" /> : null}
        </Base.Item>
      ))}
    </Popup>
  );
}

export function ChecksPopup({
  values,
  choices,
  onToggle,
  ...place
}: Omit<PopupProps, 'children' | 'align'> & {
  readonly values: readonly string[];
  readonly choices: readonly Check<string>[];
  readonly onToggle: (value: string, on: boolean) => void;
}): ReactNode {
  return (
    <Popup {...place} align="start">
      {choices.map((choice) => (
        <Base.CheckboxItem
          key={choice.value}
          className="menu-item"
          checked={values.includes(choice.value)}
          onCheckedChange={(on) => onToggle(choice.value, on)}
        >
          <span className="filter-mark">
            <Base.CheckboxItemIndicator>
              <Icon name="check" />
            </Base.CheckboxItemIndicator>
          </span>
          <span>
            {choice.label}
            {choice.hint === undefined ? null : <small className="menu-hint mono">{choice.hint}</small>}
          </span>
        </Base.CheckboxItem>
      ))}
    </Popup>
  );
}
