import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { CheckField, RadioField, SelectField, TextField } from '../parts/field.tsx';
import { presetOf, presets, type Preset } from './draft.ts';
import { isOutside, numberLimits, type NumberLimit } from './draft-checks.ts';
import type { PartProps } from './editor.tsx';

interface HowPartProps extends PartProps {
  /** The secret of a stored webhook is rotated, not typed. */
  readonly stored: boolean;
}

export function HowPart({ stored, ...part }: HowPartProps): ReactNode {
  const t = useTranslations('editor');
  const { draft, onChange, disabled } = part;
  const preset = presetOf(draft);
  const names: Preset[] = [...(Object.keys(presets) as (keyof typeof presets)[]), 'own'];
  const choose = (name: Preset): void => {
    if (name !== 'own') onChange(presets[name]);
  };
  return (
    <>
      <RadioField
        label={t('preset')}
        name="preset"
        value={preset}
        disabled={disabled}
        onChange={choose}
        choices={names
          .filter((name) => name !== 'own' || preset === 'own')
          .map((value) => ({ value, label: t(`presets.${value}`), hint: t(`presetHints.${value}`) }))}
      />
      <details className="details" open={preset === 'own'}>
        <summary>{t('details')}</summary>
        <Details {...part} />
      </details>
      <div className="field">
        <CheckField
          label={t('signingOn')}
          hint={t('signingHint')}
          checked={draft.signing}
          disabled={disabled}
          onChange={(signing) => onChange({ signing })}
        />
      </div>
      {stored || !draft.signing ? null : (
        <TextField
          label={t('ownSecret')}
          name="secret"
          autoComplete="off"
          spellCheck={false}
          value={draft.secret}
          onChange={(secret) => onChange({ secret })}
          hint={t('ownSecretHint')}
        />
      )}
    </>
  );
}

function Details(part: PartProps): ReactNode {
  const t = useTranslations('editor');
  const { draft, onChange, disabled } = part;
  const repeats = draft.mode === 'at_least_once';
  const chooseMode = (mode: typeof draft.mode): void => {
    const { maxAttempts, maxAgeSeconds, retryOn, order } =
      mode === 'at_most_once' ? presets.documented : presets.durable;
    onChange({ mode, maxAttempts, maxAgeSeconds, retryOn, order });
  };
  return (
    <div className="details-grid">
      <NumberField {...part} field="timeoutMs" name="timeout_ms" label={t('timeout')} hint={t('timeoutHint')} />
      <SelectField
        label={t('mode')}
        name="delivery_mode"
        value={draft.mode}
        disabled={disabled}
        onChange={chooseMode}
        choices={[
          { value: 'at_most_once', label: t('modeOnce') },
          { value: 'at_least_once', label: t('modeRepeat') },
        ]}
      />
      {repeats ? (
        <>
          <SelectField
            label={t('order')}
            name="order_policy"
            value={draft.order}
            disabled={disabled}
            onChange={(order) => onChange({ order })}
            choices={[
              { value: 'every', label: t('orderEvery') },
              { value: 'latest', label: t('orderLatest') },
            ]}
          />
          <SelectField
            label={t('retryOn')}
            name="retry.on"
            value={draft.retryOn}
            disabled={disabled}
            onChange={(retryOn) => onChange({ retryOn })}
            choices={[
              { value: 'any', label: t('retryAny') },
              { value: 'network_faults', label: t('retryNetwork') },
            ]}
          />
          <NumberField
            {...part}
            field="maxAttempts"
            name="retry.max_attempts"
            label={t('attempts')}
            hint={t('attemptsHint')}
          />
        </>
      ) : null}
      <NumberField
        {...part}
        field="maxAgeSeconds"
        name="retry.max_age_seconds"
        label={t('maxAge')}
        hint={t('maxAgeHint')}
      />
      {draft.mode === 'at_most_once' ? (
        <NumberField
          {...part}
          field="unsentRetry"
          name="unsent_retry_seconds"
          label={t('unsentRetry')}
          hint={t('unsentRetryHint')}
        />
      ) : null}
      <NumberField {...part} field="inFlight" name="max_in_flight" label={t('inFlight')} hint={t('inFlightHint')} />
      <NumberField {...part} field="rate" name="rate_limit_per_second" label={t('rate')} hint={t('rateHint')} />
    </div>
  );
}

interface NumberFieldProps extends PartProps {
  readonly field: NumberLimit['field'];
  readonly name: string;
  readonly label: string;
  readonly hint: string;
}

function NumberField({ field, name, label, hint, draft, onChange, disabled }: NumberFieldProps): ReactNode {
  const t = useTranslations('editor');
  const limit = numberLimits.find((one) => one.field === field);
  const wrong = limit !== undefined && isOutside(draft[field], limit);
  return (
    <TextField
      label={label}
      name={name}
      inputMode="numeric"
      autoComplete="off"
      value={draft[field]}
      disabled={disabled}
      onChange={(value) => onChange({ [field]: value })}
      hint={wrong ? undefined : hint}
      fault={wrong ? t('number', { min: limit.min, max: limit.max }) : undefined}
    />
  );
}
