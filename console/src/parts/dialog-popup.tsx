import { Dialog as Base } from '@base-ui/react/dialog';
import { useCallback, useRef, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from './button.tsx';
import { useHeldShortcuts } from './keys.ts';
import './dialog.css';

export interface DialogProps {
  readonly open: boolean;
  readonly title: string;
  readonly children: ReactNode;
  /** Buttons; the one that leaves comes first. */
  readonly actions?: ReactNode;
  /** Absent: it cannot be closed without an answer. */
  readonly onClose?: () => void;
  readonly wide?: boolean;
}

export function DialogPopup({ open, title, children, actions, onClose, wide = false }: DialogProps): ReactNode {
  const t = useTranslations('states');
  const popup = useRef<HTMLDivElement>(null);
  useHeldShortcuts();
  // The element with the focus may go, such as a button after its step: the focus must not leave the dialog with it.
  const watch = useCallback((element: HTMLDivElement) => {
    popup.current = element;
    const observer = new MutationObserver(() => {
      if (document.activeElement === document.body) (firstStopIn(element) ?? element).focus();
    });
    observer.observe(element, { childList: true, subtree: true });
    return () => observer.disconnect();
  }, []);
  return (
    <Base.Root open={open} onOpenChange={(next) => (next ? undefined : onClose?.())} disablePointerDismissal>
      <Base.Portal>
        <Base.Backdrop className="dialog-veil" />
        <Base.Popup
          ref={watch}
          initialFocus={() => firstStopIn(popup.current) ?? true}
          className={wide ? 'dialog dialog-wide' : 'dialog'}
        >
          <header className="dialog-head">
            <Base.Title className="dialog-title">{title}</Base.Title>
            {onClose === undefined ? null : (
              <Base.Close render={<Button look="quiet" icon="close" iconOnly />}>{t('close')}</Base.Close>
            )}
          </header>
          <div className="dialog-body">{children}</div>
          {actions === undefined ? null : <footer className="dialog-actions">{actions}</footer>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** What one came for: a field to fill in, else the buttons below. To close it there is Escape. */
function firstStopIn(popup: HTMLElement | null): HTMLElement | undefined {
  return (
    popup?.querySelector<HTMLElement>('.dialog-body :is(input, select, textarea)') ??
    popup?.querySelector<HTMLElement>('.dialog-actions button') ??
    undefined
  );
}
