import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { clockOf } from '../parts/clock.tsx';
import { Snippet } from '../parts/snippet.tsx';

interface LinkViewProps {
  readonly name: string;
  readonly url: string;
  /** Unix seconds. */
  readonly expiresAt: number;
}

/** A link that signs in who opens it, to be handed over. */
export function LinkView({ name, url, expiresAt }: LinkViewProps): ReactNode {
  const t = useTranslations('people');
  return (
    <>
      <Snippet label={t('linkOf', { name })} text={url} />
      <p>{t.rich('linkWhy', { when: clockOf(expiresAt * 1000) })}</p>
    </>
  );
}
