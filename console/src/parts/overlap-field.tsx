import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { SelectField } from './field.tsx';

/** Seconds for which an old secret or key is taken beside the new one. */
const overlaps = ['0', '3600', '86400', '604800'] as const;
export type Overlap = (typeof overlaps)[number];
export const overlapDefault: Overlap = '86400';

interface OverlapFieldProps {
  readonly value: Overlap;
  readonly onChange: (value: Overlap) => void;
}

/** For how long what is rotated stays valid. */
export function OverlapField({ value, onChange }: OverlapFieldProps): ReactNode {
  const t = useTranslations('states');
  return (
    <SelectField
      label={t('overlap')}
      name="overlap_seconds"
      value={value}
      onChange={onChange}
      choices={overlaps.map((one) => ({ value: one, label: t(`overlaps.${one}`) }))}
    />
  );
}
