import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { WebhookType } from '../api/operations.ts';
import { useRead } from '../api/query.ts';
import { AreaField, RadioField, SelectField, TextField } from '../parts/field.tsx';
import type { Draft } from './draft.ts';
import { endpointNote } from './draft-checks.ts';
import { HeadersField } from './headers-field.tsx';
import { HowPart } from './how-part.tsx';
import { WhatPart } from './what-part.tsx';
import { webhookKinds } from './webhook-filters.ts';
import './editor.css';

export interface PartProps {
  readonly draft: Draft;
  readonly onChange: (some: Partial<Draft>) => void;
  /** Faults of empty fields are shown after the first try to send. */
  readonly tried: boolean;
  readonly disabled: boolean;
}

interface EditorProps extends PartProps {
  /** Absent for a stored webhook, whose kind is fixed. */
  readonly onKind?: ((type: WebhookType) => void) | undefined;
}

/** All settings of a webhook: where to, what, and how. */
export function Editor({ onKind, ...part }: EditorProps): ReactNode {
  const t = useTranslations('editor');
  return (
    <div className="panel editor">
      <section className="panel-part" aria-labelledby="editor-where">
        <h2 id="editor-where">{t('where')}</h2>
        {onKind === undefined ? null : <KindField type={part.draft.type} onKind={onKind} />}
        <WherePart {...part} />
      </section>
      <section className="panel-part" aria-labelledby="editor-what">
        <h2 id="editor-what">{t('what')}</h2>
        <WhatPart {...part} />
      </section>
      <section className="panel-part" aria-labelledby="editor-how">
        <h2 id="editor-how">{t('how')}</h2>
        <HowPart {...part} stored={onKind === undefined} />
      </section>
    </div>
  );
}

function KindField({
  type,
  onKind,
}: {
  readonly type: WebhookType;
  readonly onKind: (type: WebhookType) => void;
}): ReactNode {
  const t = useTranslations('webhooks');
  return (
    <RadioField
      label={t('kindLabel')}
      name="type"
      value={type}
      onChange={onKind}
      choices={webhookKinds.map((value) => ({ value, label: t(`kind.${value}`), hint: t(`kindHint.${value}`) }))}
    />
  );
}

function WherePart({ draft, onChange, tried, disabled }: PartProps): ReactNode {
  const t = useTranslations('editor');
  const egress = useRead('/egress/info', {}, { enabled: !disabled });
  const note = endpointNote(draft.endpoint, egress.data?.guard.allowed);
  const warnings = { clear: t('endpointClear'), private: t('endpointPrivate'), scheme: undefined };
  const missing = tried && draft.endpoint.trim() === '';
  return (
    <>
      <TextField
        label={t('name')}
        name="name"
        maxLength={59}
        autoComplete="off"
        value={draft.name}
        disabled={disabled}
        onChange={(name) => onChange({ name })}
        fault={tried && draft.name.trim() === '' ? t('nameNeeded') : undefined}
      />
      <TextField
        label={t('endpoint')}
        name="endpoint"
        inputMode="url"
        autoComplete="off"
        spellCheck={false}
        value={draft.endpoint}
        disabled={disabled}
        onChange={(endpoint) => onChange({ endpoint })}
        fault={missing || note === 'scheme' ? t('endpointScheme') : undefined}
        warning={note === undefined ? undefined : warnings[note]}
        hint={t('endpointHint')}
      />
      <AreaField
        label={t('description')}
        name="description"
        rows={2}
        value={draft.description}
        disabled={disabled}
        onChange={(description) => onChange({ description })}
      />
      <TeamField teamId={draft.teamId} disabled={disabled} onChange={(teamId) => onChange({ teamId })} />
      <RadioField
        label={t('tls')}
        name="tls_verify"
        value={draft.tlsVerify ? 'check' : 'any'}
        disabled={disabled}
        onChange={(value) => onChange({ tlsVerify: value === 'check' })}
        choices={[
          { value: 'check', label: t('tlsCheck') },
          { value: 'any', label: t('tlsAny'), hint: t('tlsAnyWhy') },
        ]}
      />
      <HeadersField headers={draft.headers} disabled={disabled} onChange={(headers) => onChange({ headers })} />
    </>
  );
}

interface TeamFieldProps {
  readonly teamId: number;
  readonly disabled: boolean;
  readonly onChange: (teamId: number) => void;
}

const teamsShown = 100;

function TeamField({ teamId, disabled, onChange }: TeamFieldProps): ReactNode {
  const t = useTranslations('editor');
  const teams = useRead('/team/list', { limit: teamsShown, orderby: 'team_name', asc: true });
  const known = (teams.data?.items ?? []).map((team) => ({ value: String(team.team_id), label: team.team_name }));
  const own = String(teamId);
  const missing = teamId !== 0 && !known.some(({ value }) => value === own) ? [{ value: own, label: own }] : [];
  return (
    <SelectField
      label={t('team')}
      name="team_id"
      value={own}
      disabled={disabled}
      onChange={(value) => onChange(Number(value))}
      choices={[{ value: '0', label: t('noTeam') }, ...known, ...missing]}
    />
  );
}
