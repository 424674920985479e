import type { ReactNode } from 'react';
import { Icon, type IconName } from './icons.tsx';
import './chip.css';

interface ChipProps {
  readonly pressed: boolean;
  readonly onPress: () => void;
  readonly children: ReactNode;
  readonly icon?: IconName;
  /** A colour of what it stands for. */
  readonly tone?: 'critical' | 'warning' | 'info';
}

/** Turns a filter on and off, and says how many rows it would leave. */
export function Chip({ pressed, onPress, children, icon, tone }: ChipProps): ReactNode {
  return (
    <button
      type="button"
      className={tone === undefined ? 'chip' : `chip chip-${tone}`}
      aria-pressed={pressed}
      onClick={onPress}
    >
      {icon === undefined ? null : <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}
