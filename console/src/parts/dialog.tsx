import { lazy, Suspense, type ReactNode } from 'react';
import type { DialogProps } from './dialog-popup.tsx';
import { HeldShortcuts } from './keys.ts';

const Popup = lazy(() => import('./dialog-popup.tsx').then(({ DialogPopup }) => ({ default: DialogPopup })));

/** Its script comes with the first dialog that opens. */
export function Dialog(props: DialogProps): ReactNode {
  if (!props.open) return null;
  return (
    <Suspense fallback={<HeldShortcuts />}>
      <Popup {...props} />
    </Suspense>
  );
}
