import { useId, type KeyboardEvent, type ReactNode } from 'react';
import { useSeenTab } from './seen-tab.ts';
import './tabs.css';

export interface Tab<T extends string> {
  readonly value: T;
  readonly label: ReactNode;
  readonly content: ReactNode;
}

/** One stop for the keyboard; arrows go from tab to tab and show it. */
export function Tabs<T extends string>({
  label,
  value,
  onChange,
  tabs,
}: {
  readonly label: string;
  readonly value: T;
  readonly onChange: (value: T) => void;
  readonly tabs: readonly Tab<T>[];
}): ReactNode {
  const id = useId();
  const row = useSeenTab<HTMLDivElement>(value);
  const at = Math.max(
    0,
    tabs.findIndex((tab) => tab.value === value),
  );
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1 + tabs.length, Home: 0, End: tabs.length - 1 }[event.key];
    const next = to === undefined ? undefined : tabs[to % tabs.length];
    if (next === undefined) return;
    event.preventDefault();
    onChange(next.value);
    event.currentTarget.querySelector<HTMLElement>(`[data-tab="${next.value}"]`)?.focus();
  };
  return (
    <div className="tabs">
      <div ref={row} role="tablist" tabIndex={-1} className="tab-list" aria-label={label} onKeyDown={onKeyDown}>
        {tabs.map((tab, index) => (
          <button
            key={tab.value}
            type="button"
            role="tab"
            id={`${id}-${tab.value}`}
            data-tab={tab.value}
            aria-selected={index === at}
            aria-controls={index === at ? `${id}-panel` : undefined}
            tabIndex={index === at ? 0 : -1}
            className="tab"
            onClick={() => onChange(tab.value)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div
        key={tabs[at]?.value}
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${tabs[at]?.value ?? ''}`}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a panel without controls is read by arrows
        tabIndex={0}
        className="tab-panel"
      >
        {tabs[at]?.content}
      </div>
    </div>
  );
}
