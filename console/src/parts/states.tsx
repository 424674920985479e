import { useEffect, useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { CallError } from '../api/call.ts';
import type { Role } from '../api/operations.ts';
import { useRead } from '../api/query.ts';
import { useSession } from '../api/session.ts';
import { Button } from './button.tsx';
import { CopyButton } from './copy.tsx';
import './states.css';

const skeletonAfterMs = 150;

/** Grey rows, but only for what takes longer than a blink. */
export function Loading({ rows = 6 }: { readonly rows?: number }): ReactNode {
  const t = useTranslations('states');
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), skeletonAfterMs);
    return () => clearTimeout(timer);
  }, []);
  if (!late) return null;
  return (
    <div className="loading" role="status">
      <span className="unseen">{t('loading')}</span>
      {Array.from({ length: rows }, (_, index) => (
        <span className="loading-row" key={index} />
      ))}
    </div>
  );
}

interface EmptyProps {
  readonly title: string;
  readonly why?: ReactNode;
  readonly action?: ReactNode;
}

export function Empty({ title, why, action }: EmptyProps): ReactNode {
  return (
    <div className="state">
      <p className="state-title">{title}</p>
      {why === undefined ? null : <p className="muted">{why}</p>}
      {action === undefined ? null : <div className="state-actions">{action}</div>}
    </div>
  );
}

/** The fault of loading. Present rows stay, and this stands above them. */
export function Failed({
  error,
  onRetry,
  title,
}: {
  readonly error: CallError;
  readonly onRetry?: () => void;
  readonly title?: string;
}): ReactNode {
  const t = useTranslations('states');
  return (
    <div className="state state-failed" role="alert">
      <p className="state-title">{title ?? t('failedTitle')}</p>
      <p>{error.code === 'NoAnswer' ? t('failedNoAnswer') : error.message}</p>
      <div className="state-actions">
        {onRetry === undefined ? null : <Button onClick={onRetry}>{t('tryAgain')}</Button>}
        {error.requestId === '' ? null : (
          <>
            <span className="mono">{t('requestId', { id: error.requestId })}</span>
            <CopyButton text={error.requestId} iconOnly />
          </>
        )}
      </div>
    </div>
  );
}

/** The refusal of something that somebody tried to do. It stays until the next try. */
export function Refused({ error }: { readonly error: CallError | null }): ReactNode {
  const t = useTranslations('states');
  if (error === null) return null;
  return (
    <p className="refused" role="alert">
      {error.code === 'NoAnswer' ? t('failedNoAnswer') : error.message}
    </p>
  );
}

/** What stands at a field is not said once more below. */
export function withoutFaults(error: CallError | null): CallError | null {
  return error === null || error.faults.some(({ field }) => field !== '') ? null : error;
}

/** Who may do this, and whom to ask. */
export function NotAllowed({ needed }: { readonly needed: Role }): ReactNode {
  const t = useTranslations('states');
  const role = useTranslations('frame.role');
  const session = useSession();
  const admins = useRead('/member/list', { role_id: 1, limit: 5 });
  const names = admins.data?.items.map((member) => member.member_name) ?? [];
  return (
    <div className="state">
      <p className="state-title">{t('notAllowed', { needed: role(needed), role: role(session.role) })}</p>
      {names.length === 0 ? null : <p className="muted">{t('notAllowedAsk', { names: names.join(', ') })}</p>}
    </div>
  );
}

/** A sentence about what was just done, announced and seen where it was done. */
export function Notice({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <div role="status" className="notice-place">
      {children === null || children === undefined || children === '' ? null : <p className="notice">{children}</p>}
    </div>
  );
}
