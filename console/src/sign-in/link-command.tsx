import type { ReactNode } from 'react';

/** Makes a sign-in link on the server. */
export const linkCommand = 'npx tocsin sign-in-link';

export function asCode(text: ReactNode): ReactNode {
  return <code>{text}</code>;
}
