import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { CallError } from '../api/call.ts';
import { Icon } from './icons.tsx';
import { lastSearchOf } from './last-search.ts';
import { Page } from './page.tsx';
import { Empty, Failed, Loading } from './states.tsx';

interface Question {
  readonly error: CallError | null;
  readonly isLoading: boolean;
  refetch(): unknown;
}

interface UnfoundPageProps {
  readonly title: string;
  readonly back: ReactNode;
  /** The sentence for an object that does not exist. */
  readonly gone: string;
  /** The address cannot be that of an object. */
  readonly malformed?: boolean;
  readonly found: Question;
}

/** A page of one object that is loading, missing or could not be loaded. */
export function UnfoundPage({ title, back, gone, malformed = false, found }: UnfoundPageProps): ReactNode {
  const missing = malformed || isMissing(found.error);
  return (
    <Page title={title} back={back}>
      {missing ? <Empty title={gone} /> : null}
      {!missing && found.error !== null ? <Failed error={found.error} onRetry={() => void found.refetch()} /> : null}
      {found.isLoading ? <Loading /> : null}
    </Page>
  );
}

export function isMissing(error: CallError | null): boolean {
  return error?.code === 'ResourceNotFound' || error?.code === 'InvalidParameter';
}

/** To the list as this tab last had it. */
export function BackLink({ to, children }: { readonly to: string; readonly children: ReactNode }): ReactNode {
  return (
    <Link to={to} search={lastSearchOf(to)}>
      <Icon name="left" />
      {children}
    </Link>
  );
}
