import type { ReactNode } from 'react';
import { useRead } from '../api/query.ts';
import { SelectField } from './field.tsx';

interface ChannelChoiceProps {
  readonly label: string;
  readonly name: string;
  /** 0 = none. */
  readonly value: number;
  readonly onChange: (channelId: number) => void;
  readonly none: string;
  readonly hint?: string;
  readonly disabled?: boolean;
}

export function ChannelChoice({
  label,
  name,
  value,
  onChange,
  none,
  hint,
  disabled = false,
}: ChannelChoiceProps): ReactNode {
  const channels = useRead('/channel/list', { is_brief: true, limit: 100 });
  return (
    <SelectField
      label={label}
      name={name}
      value={String(value)}
      disabled={disabled}
      onChange={(channel) => onChange(Number(channel))}
      choices={[
        { value: '0', label: none },
        ...(channels.data?.items ?? []).map((one) => ({ value: String(one.channel_id), label: one.channel_name })),
      ]}
      {...(hint === undefined ? {} : { hint })}
    />
  );
}
