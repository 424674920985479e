import { useNavigate } from '@tanstack/react-router';
import { useId, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useRead } from '../api/query.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Icon, type IconName } from '../parts/icons.tsx';
import { lookupOf } from './lookup.ts';
import { places } from './places.ts';
import './palette.css';

interface Entry {
  readonly id: string;
  readonly label: string;
  readonly icon: IconName;
  readonly to: string;
}

const webhooksShown = 8;

export function Palette({ onClose }: { readonly onClose: () => void }): ReactNode {
  const t = useTranslations('palette');
  const navigate = useNavigate();
  const list = useId();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const entries = useEntries(text);
  const chosen = entries[Math.min(at, entries.length - 1)];
  const open = (entry: Entry | undefined): void => {
    if (entry === undefined) return;
    onClose();
    void navigate({ to: entry.to });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') open(chosen);
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (by === 0 || entries.length === 0) return;
    event.preventDefault();
    setAt((entries.indexOf(chosen as Entry) + by + entries.length) % entries.length);
  };
  return (
    <Dialog open title={t('title')} onClose={onClose}>
      <input
        className="input"
        role="combobox"
        aria-label={t('input')}
        aria-expanded={entries.length > 0}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={chosen === undefined ? undefined : `${list}-${chosen.id}`}
        placeholder={t('input')}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      {entries.length === 0 ? (
        <p className="muted" role="status">
          {t('empty', { text })}
        </p>
      ) : null}
      <div role="listbox" id={list} aria-label={t('title')} className="palette">
        {entries.map((entry) => (
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus -- the focus stays in the field, which has the keys
          <div
            key={entry.id}
            role="option"
            id={`${list}-${entry.id}`}
            aria-selected={entry === chosen}
            className="palette-entry"
            ref={entry === chosen ? (element) => element?.scrollIntoView({ block: 'nearest' }) : undefined}
            onClick={() => open(entry)}
          >
            <Icon name={entry.icon} />
            <span>{entry.label}</span>
          </div>
        ))}
      </div>
    </Dialog>
  );
}

function useEntries(text: string): Entry[] {
  const t = useTranslations();
  const wanted = text.trim().toLowerCase();
  const found = useRead(
    '/webhook/list',
    { query: wanted.slice(0, 100), limit: webhooksShown },
    { enabled: wanted !== '', keep: true },
  );
  const pages = places
    .map((place): Entry => ({ id: place.name, label: t(`frame.${place.name}`), icon: place.icon, to: place.to }))
    .filter((entry) => entry.label.toLowerCase().includes(wanted));
  const webhooks = (wanted === '' ? [] : (found.data?.items ?? [])).map((webhook): Entry => {
    const room = webhook.type === 'custom_action' ? 'action' : 'webhook';
    return {
      id: `webhook-${webhook.integration_id}`,
      label: t('palette.webhook', { name: webhook.name }),
      icon: room,
      to: `/integration-center/${room}/${webhook.integration_id}`,
    };
  });
  return [...useLookup(text), ...pages, ...webhooks];
}

/** Only what is there: an id is asked for before it is offered. */
function useLookup(text: string): Entry[] {
  const t = useTranslations('palette');
  const lookup = lookupOf(text);
  const id = lookup?.kind === 'object' ? lookup.text : '';
  const num = lookup?.kind === 'incidentNumber' ? lookup.text : '';
  const incident = useRead('/incident/info', num === '' ? { incident_id: id } : { num }, {
    enabled: lookup !== undefined,
  });
  const alert = useRead('/alert/info', { alert_id: id }, { enabled: id !== '' });
  const entries: Entry[] = [];
  if (lookup !== undefined && incident.data !== undefined) {
    const { num: shown, title, incident_id } = incident.data;
    entries.push({
      id: 'incident',
      label: `${t('incidentNumber', { text: shown })} · ${title}`,
      icon: 'incident',
      to: `/incident/detail/${incident_id}`,
    });
  }
  if (id !== '' && alert.data !== undefined) {
    entries.push({
      id: 'alert',
      label: `${t('alertId', { text: id })} · ${alert.data.title}`,
      icon: 'alert',
      to: `/alert/detail/${id}`,
    });
  }
  return entries;
}
