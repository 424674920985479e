import { useMemo, useState, type ReactNode } from 'react';
import { useLocale, useTranslations } from 'use-intl';
import { showBytes } from '../time/show.ts';
import { Button } from './button.tsx';
import { CopyButton } from './copy.tsx';
import { prettyJson, tokensOf } from './json-tokens.ts';
import './body-view.css';

/** So much of a body is shown and coloured at first. */
const shownMaxChars = 64 * 1024;

/** The body of a request or an answer: always text, whatever it says it is. */
export function BodyView({ text, fileName }: { readonly text: string; readonly fileName: string }): ReactNode {
  const t = useTranslations('deliveries');
  const locale = useLocale();
  const [raw, setRaw] = useState(false);
  const [all, setAll] = useState(false);
  const pretty = useMemo(() => prettyJson(text), [text]);
  const written = raw || pretty === undefined ? text : pretty;
  const cut = !all && written.length > shownMaxChars;
  const shown = cut ? written.slice(0, shownMaxChars) : written;
  if (text === '') return <p className="muted">{t('noBody')}</p>;
  return (
    <div className="body-view">
      <div className="body-tools">
        {pretty === undefined ? null : (
          <Button look="quiet" aria-pressed={raw} onClick={() => setRaw(!raw)}>
            {t('raw')}
          </Button>
        )}
        <CopyButton text={text} />
        <Button look="quiet" onClick={() => download(text, fileName)}>
          {t('download')}
        </Button>
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard */}
      <pre className="code" tabIndex={0} role="group" aria-label={t('body')}>
        {pretty === undefined || written.length > shownMaxChars ? shown : <Coloured json={shown} />}
      </pre>
      {cut ? (
        <Button onClick={() => setAll(true)}>{t('showAll', { size: showBytes(new Blob([text]).size, locale) })}</Button>
      ) : null}
    </div>
  );
}

function Coloured({ json }: { readonly json: string }): ReactNode {
  const tokens = useMemo(() => tokensOf(json), [json]);
  return tokens.map((token, index) =>
    token.kind === 'plain' ? (
      token.text
    ) : (
      // oxlint-disable-next-line react/no-array-index-key -- pieces of a text have no other identity
      <span key={index} className={`code-${token.kind}`}>
        {token.text}
      </span>
    ),
  );
}

/** As plain text, so that no browser runs it. */
function download(text: string, fileName: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(url);
}

/** Names and values of headers. */
export function HeaderTable({
  headers,
  label,
}: {
  readonly headers: readonly (readonly [string, string])[];
  readonly label: string;
}): ReactNode {
  const t = useTranslations('deliveries');
  return (
    <table className="header-table" aria-label={label}>
      <thead className="unseen">
        <tr>
          <th scope="col">{t('headerName')}</th>
          <th scope="col">{t('headerValue')}</th>
        </tr>
      </thead>
      <tbody>
        {headers.map(([name, value]) => (
          <tr key={`${name}\n${value}`}>
            <th scope="row">{name}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
