import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useRead } from '../api/query.ts';
import { CheckField, FaultLines, RadioField, useFaults } from '../parts/field.tsx';
import type { PartProps } from './editor.tsx';
import { alertTypes, incidentTypes, typesOf, type EventType } from './event-types.ts';

export function WhatPart(props: PartProps): ReactNode {
  return (
    <>
      <ChannelsField {...props} />
      {props.draft.type === 'custom_action' ? null : <TypesField {...props} />}
    </>
  );
}

const channelsShown = 100;

function ChannelsField({ draft, onChange, tried, disabled }: PartProps): ReactNode {
  const t = useTranslations('editor');
  const channels = useRead('/channel/list', { is_brief: true, limit: channelsShown });
  const faults = useFaults('channel_ids');
  const known = channels.data?.items ?? [];
  const toggle = (channelId: number, on: boolean): void => {
    const others = draft.channelIds.filter((one) => one !== channelId);
    onChange({ channelIds: on ? [...others, channelId] : others });
  };
  const none = tried && draft.channelIds.length === 0 ? [t('channelsPick')] : [];
  return (
    <div className="field">
      <RadioField
        label={t('channels')}
        name="channels"
        value={draft.allChannels ? 'all' : 'some'}
        disabled={disabled || (known.length === 0 && draft.allChannels)}
        onChange={(value) => onChange({ allChannels: value === 'all' })}
        choices={[
          { value: 'all', label: t('channelsAll') },
          { value: 'some', label: t('channelsSome') },
        ]}
        hint={channels.data !== undefined && known.length === 0 ? t('channelsNone') : undefined}
      />
      {draft.allChannels ? null : (
        <div className="choices" role="group" aria-label={t('channelsSome')}>
          {known.map((channel) => (
            <CheckField
              key={channel.channel_id}
              label={channel.channel_name}
              checked={draft.channelIds.includes(channel.channel_id)}
              disabled={disabled}
              onChange={(on) => toggle(channel.channel_id, on)}
            />
          ))}
        </div>
      )}
      <FaultLines faults={[...faults, ...(draft.allChannels ? [] : none)]} />
    </div>
  );
}

function TypesField({ draft, onChange, tried, disabled }: PartProps): ReactNode {
  const t = useTranslations('editor');
  const faults = useFaults('event_types');
  const all = typesOf(draft.type);
  const groups: readonly (readonly [string, readonly EventType[]])[] =
    draft.type === 'alert'
      ? [['', alertTypes]]
      : (['life', 'people', 'edits'] as const).map((group) => [t(`groups.${group}`), incidentTypes[group]] as const);
  const none = tried && draft.eventTypes.length === 0 ? [t('typesPick')] : [];
  return (
    <div className="field">
      <RadioField
        label={t('types')}
        name="types"
        value={draft.allTypes ? 'all' : 'some'}
        disabled={disabled}
        onChange={(value) => onChange({ allTypes: value === 'all' })}
        choices={[
          { value: 'all', label: t('typesAll', { count: String(all.length) }) },
          { value: 'some', label: t('typesSome') },
        ]}
      />
      {draft.allTypes ? null : (
        <div className="type-groups">
          {groups.map(([group, types]) => (
            <TypeGroup key={group} name={group} types={types} draft={draft} disabled={disabled} onChange={onChange} />
          ))}
        </div>
      )}
      <FaultLines faults={[...faults, ...(draft.allTypes ? [] : none)]} />
    </div>
  );
}

interface TypeGroupProps extends Omit<PartProps, 'tried'> {
  readonly name: string;
  readonly types: readonly EventType[];
}

function TypeGroup({ name, types, draft, disabled, onChange }: TypeGroupProps): ReactNode {
  const t = useTranslations();
  const toggle = (type: EventType, on: boolean): void => {
    const chosen = new Set<string>(draft.eventTypes);
    onChange({ eventTypes: typesOf(draft.type).filter((one) => (one === type ? on : chosen.has(one))) });
  };
  return (
    <div role="group" aria-label={name === '' ? t('editor.types') : name}>
      {name === '' ? null : <h3>{name}</h3>}
      {types.map((type) => (
        <CheckField
          key={type}
          label={t(`events.${type}`)}
          hint={type === 'a_close' ? `${type} · ${t('editor.alwaysSent')}` : type}
          checked={draft.eventTypes.includes(type)}
          disabled={disabled}
          onChange={(on) => toggle(type, on)}
        />
      ))}
    </div>
  );
}
