import type { ReactNode } from 'react';

/** Our own signs on a grid of 16. A shape always means the same, so that no meaning hangs on a colour alone. */
const shapes = {
  incident: <path d="M8 2.5 14 13H2ZM8 6.5v3M8 11.2v.1" />,
  alert: <path d="M8 2a4 4 0 0 0-4 4v3l-1.5 2.5h11L12 9V6a4 4 0 0 0-4-4ZM6.5 13.5a1.6 1.6 0 0 0 3 0" />,
  delivery: <path d="M2 8h9M8 4.5 11.5 8 8 11.5M14 3v10" />,
  source: <path d="M14 8H5M8 4.5 4.5 8 8 11.5M2 3v10" />,
  webhook: (
    <path d="M5.5 11.5a2.5 2.5 0 1 1-1-4M8 3.5a2.5 2.5 0 0 1 2.3 3.5l2 3M6.5 6 8 8.5 5.5 12h5M10.5 10a2.5 2.5 0 1 1 1 3.5" />
  ),
  action: <path d="M9 1.5 3.5 9H8l-1 5.5L12.5 7H8Z" />,
  channel: <path d="M2.5 4h11M2.5 8h11M2.5 12h7" />,
  people: (
    <path d="M6 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM1.5 13.5c0-2.5 2-4 4.5-4s4.5 1.5 4.5 4M11 3a2.2 2.2 0 0 1 0 4.3M12 9.8c1.6.5 2.5 1.9 2.5 3.7" />
  ),
  settings: <path d="M2.5 4.5h6M11.5 4.5h2M2.5 11.5h2M7.5 11.5h6M10 3v3M6 10v3" />,
  more: <path d="M3.5 8h.1M8 8h.1M12.5 8h.1" strokeWidth="2" />,
  search: <path d="M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.5 10.5l3 3" />,
  plus: <path d="M8 3v10M3 8h10" />,
  edit: <path d="M10.5 3 13 5.5 5.5 13H3v-2.5ZM9 4.5 11.5 7" />,
  close: <path d="m4 4 8 8M12 4l-8 8" />,
  down: <path d="m4 6 4 4 4-4" />,
  left: <path d="m10 3.5-4.5 4.5L10 12.5" />,
  right: <path d="m6 3.5 4.5 4.5L6 12.5" />,
  check: <path d="m3 8.5 3.5 3.5L13 4.5" />,
  copy: <path d="M5.5 5.5h8v8h-8ZM10.5 5.5v-3h-8v8h3" />,
  link: (
    <path d="M6.5 9.5a2.5 2.5 0 0 0 3.5 0l2.5-2.5a2.5 2.5 0 0 0-3.5-3.5M9.5 6.5a2.5 2.5 0 0 0-3.5 0L3.5 9A2.5 2.5 0 0 0 7 12.5" />
  ),
  send: <path d="m2 8 12-5.5L9.5 14 7.5 9Z" />,
  pause: <path d="M5.5 3.5v9M10.5 3.5v9" strokeWidth="2" />,
  play: <path d="M5 3.5v9L12.5 8Z" />,
  stop: <path d="M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM4 4l8 8" />,
  trash: <path d="M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.5 9h6l.5-9" />,
  key: <path d="M10.5 9a3.5 3.5 0 1 0-3.3-2.3L2 12v2h2.5v-2h2v-2h1.8A3.5 3.5 0 0 0 10.5 9ZM11 5h.1" />,
  openLock: <path d="M4 7.5h8v6H4ZM6 7.5V5a2.2 2.2 0 0 1 4.2-.9" />,
  delivered: <path d="M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM5.5 8.3l1.8 1.8 3.2-3.8" />,
  failed: <path d="M8 2.5 14 13H2Z" fill="currentColor" />,
  unknown: <path d="M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM6.2 6.3A1.8 1.8 0 1 1 8 8.3v.9M8 11.3v.1" />,
  retry: <path d="M13 8a5 5 0 1 1-1.5-3.6M13.5 2v3.5H10" />,
  waiting: <path d="M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 5v3l2 1.5" />,
  expired: <path d="M4.5 2.5h7M4.5 13.5h7M5 2.5c0 3 6 8 6 11M11 2.5c0 3-6 8-6 11" />,
  cancelled: <path d="M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM5.5 8h5" />,
  superseded: <path d="M8 13V3.5M4.5 7 8 3.5 11.5 7" />,
  critical: <path d="M3 2.5h10v11H3Z" fill="currentColor" />,
  warning: <path d="M8 2.5 13.5 8 8 13.5 2.5 8Z" fill="currentColor" />,
  info: <path d="M8 12.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9Z" fill="currentColor" />,
  snoozed: <path d="M12.5 9.5A5 5 0 0 1 6.5 3.5a5 5 0 1 0 6 6Z" />,
  sun: (
    <path d="M8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.5 3.5l1 1M11.5 11.5l1 1M3.5 12.5l1-1M11.5 4.5l1-1" />
  ),
  language: (
    <path d="M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM2 8h12M8 2c2 2 2.5 4 2.5 6S10 12 8 14c-2-2-2.5-4-2.5-6S6 4 8 2Z" />
  ),
  out: <path d="M6.5 2.5h-4v11h4M6.5 8h7M10.5 5l3 3-3 3" />,
} as const satisfies Record<string, ReactNode>;

export type IconName = keyof typeof shapes;

/** Decoration: what it says stands beside it in words. */
export function Icon({ name, className }: { readonly name: IconName; readonly className?: string }): ReactNode {
  return (
    <svg
      aria-hidden="true"
      className={className}
      width="16"
      height="16"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      {shapes[name]}
    </svg>
  );
}

export function Bell(): ReactNode {
  return (
    <svg aria-hidden="true" width="20" height="20" viewBox="0 0 32 32" fill="currentColor">
      <path d="M16 3a3 3 0 0 0-3 3v.6C8.9 8 6.5 11.7 6.5 16v5L4 24.5V26h24v-1.5L25.5 21v-5c0-4.3-2.4-8-6.5-9.4V6a3 3 0 0 0-3-3Zm-4 25a4 4 0 0 0 8 0Z" />
    </svg>
  );
}
