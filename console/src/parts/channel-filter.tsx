import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useRead } from '../api/query.ts';
import { FilterSelect } from './filter-bar.tsx';
import { channelChoices } from './usual-requests.ts';

interface ChannelFilterProps {
  /** 0 = any. */
  readonly value: number;
  readonly onChange: (channelId: number) => void;
}

export function ChannelFilter({ value, onChange }: ChannelFilterProps): ReactNode {
  const t = useTranslations('filters');
  const channels = useRead('/channel/list', channelChoices);
  return (
    <FilterSelect
      label={t('channel')}
      value={value === 0 ? '' : String(value)}
      choices={(channels.data?.items ?? []).map((one) => ({ value: String(one.channel_id), label: one.channel_name }))}
      onChange={(channel) => onChange(Number(channel))}
    />
  );
}
