import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Snippet } from './snippet.tsx';
import { samplesOf, type SourceType } from './source-snippets.ts';

interface SourceSamplesProps {
  readonly type: SourceType;
  readonly pushUrl: string;
  readonly now: number;
}

/** The lines to paste into the sender. */
export function SourceSamples({ type, pushUrl, now }: SourceSamplesProps): ReactNode {
  const t = useTranslations('sources');
  return samplesOf(type, pushUrl, now).map(({ where, text }) =>
    where === 'url' ? (
      <p key={where} className="muted">
        {t('pasteUrl')}
      </p>
    ) : (
      <Snippet key={where} label={t(`where.${where}`)} text={text} />
    ),
  );
}
