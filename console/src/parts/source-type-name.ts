import { useCallback } from 'react';
import { useTranslations } from 'use-intl';
import { productNames, type SourceType } from './source-snippets.ts';

export function useTypeName(): (type: SourceType) => string {
  const t = useTranslations('sources');
  return useCallback((type) => (type === 'standard' ? t('standard') : productNames[type]), [t]);
}
