import { useId, type ClipboardEvent, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '../parts/button.tsx';
import { FaultLines, useFaults } from '../parts/field.tsx';
import type { HeaderRow } from './draft.ts';
import { headerNote, headersOfPaste } from './draft-checks.ts';

interface HeadersFieldProps {
  readonly headers: readonly HeaderRow[];
  readonly disabled: boolean;
  readonly onChange: (headers: readonly HeaderRow[]) => void;
}

export function HeadersField({ headers, disabled, onChange }: HeadersFieldProps): ReactNode {
  const t = useTranslations('editor');
  const id = useId();
  const faults = useFaults('headers');
  const set = (index: number, some: Partial<HeaderRow>): void => {
    onChange(headers.map((row, at) => (at === index ? { ...row, ...some } : row)));
  };
  const paste =
    (index: number) =>
    (event: ClipboardEvent): void => {
      const rows = headersOfPaste(event.clipboardData.getData('text'));
      if (rows === undefined) return;
      event.preventDefault();
      onChange([...headers.slice(0, index), ...rows, ...headers.slice(index + 1)]);
    };
  return (
    <fieldset className="field" aria-describedby={`${id}-hint`}>
      <legend className="field-label">{t('headers')}</legend>
      {headers.map((row, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- a row is its place: names change while they are typed
        <div className="header-row" key={index}>
          <input
            className="input mono"
            aria-label={t('headerNameOf', { number: String(index + 1) })}
            aria-invalid={headerNote(headers, index) === undefined ? undefined : true}
            placeholder={t('headerName')}
            autoComplete="off"
            spellCheck={false}
            value={row.name}
            disabled={disabled}
            onPaste={paste(index)}
            onChange={(event) =>
              set(index, { name: event.target.value, ...(row.kept ? { value: '', kept: false } : {}) })
            }
          />
          <input
            className="input mono"
            aria-label={t('headerValueOf', { number: String(index + 1) })}
            placeholder={t('headerValue')}
            autoComplete="off"
            spellCheck={false}
            value={row.value}
            title={row.kept ? t('headerKept') : undefined}
            disabled={disabled}
            onFocus={(event) => (row.kept ? event.currentTarget.select() : undefined)}
            onChange={(event) => set(index, { value: event.target.value, kept: false })}
          />
          <Button
            look="quiet"
            icon="close"
            iconOnly
            disabled={disabled}
            onClick={() => onChange(headers.filter((_, at) => at !== index))}
          >
            {t('removeHeader', { name: row.name })}
          </Button>
          <HeaderFault headers={headers} index={index} />
        </div>
      ))}
      <FaultLines faults={faults} />
      <p className="field-hint" id={`${id}-hint`}>
        {t('headersHint')}
      </p>
      {disabled ? null : (
        <div>
          <Button icon="plus" onClick={() => onChange([...headers, { name: '', value: '', kept: false }])}>
            {t('addHeader')}
          </Button>
        </div>
      )}
    </fieldset>
  );
}

function HeaderFault({
  headers,
  index,
}: {
  readonly headers: readonly HeaderRow[];
  readonly index: number;
}): ReactNode {
  const t = useTranslations('editor');
  const note = headerNote(headers, index);
  if (note === undefined) return null;
  const name = headers[index]?.name ?? '';
  return <FaultLines faults={[note === 'twice' ? t('headerTwice', { name }) : t('headerReserved', { name })]} />;
}
