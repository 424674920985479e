import { useEffect, useState, type ReactNode } from 'react';
import { useLocale, useTranslations } from 'use-intl';
import type { Fault } from '../api/call.ts';
import type { Request } from '../api/operations.ts';
import { useRead } from '../api/query.ts';
import { useSession } from '../api/session.ts';
import { BodyView, HeaderTable } from '../parts/body-view.tsx';
import { stampOf } from '../parts/clock.tsx';
import { showBytes } from '../time/show.ts';
import { testRequest, type Draft, type TestChoice } from './draft.ts';
import { endpointNote } from './draft-checks.ts';

interface ForesightProps {
  readonly draft: Draft;
  readonly stored?: { readonly id: number; readonly draft: Draft };
  /** The event that the preview shows: the one of the next test push. */
  readonly choice: TestChoice;
  /** What stands at the fields is not said once more. */
  readonly said: readonly Fault[];
}

const typingMs = 300;
const daysRehearsed = 7;
const dayMs = 86_400_000;

/** What the settings in the editor would send: the exact request, and how many of the past days' events. */
export function Foresight({ draft, stored, choice, said }: ForesightProps): ReactNode {
  const { features } = useSession();
  const egress = useRead('/egress/info', {});
  const isWarned = endpointNote(draft.endpoint, egress.data?.guard.allowed) === 'private';
  const fields = new Set([...said.map(({ field }) => field), ...(isWarned ? ['endpoint'] : [])]);
  const asked = useSettled(testRequest(draft, choice, stored));
  if (!features.rehearse || draft.endpoint.trim() === '') return null;
  return (
    <>
      <Preview asked={asked} said={fields} />
      {draft.type === 'custom_action' ? null : <Rehearsal asked={asked} />}
    </>
  );
}

type Asked = Request<'/webhook/test'>;

/** The request once nobody has typed for a moment. */
function useSettled(now: Asked): Asked {
  const text = JSON.stringify(now);
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), typingMs);
    return () => clearTimeout(timer);
  }, [text]);
  return JSON.parse(settled) as Asked;
}

function Preview({ asked, said }: { readonly asked: Asked; readonly said: ReadonlySet<string> }): ReactNode {
  const t = useTranslations();
  const { data } = useRead('/webhook/preview', asked, { keep: true });
  if (data === undefined) return null;
  const { request, matches } = data;
  const faults = data.faults.filter(({ path }) => !said.has(path));
  if (request === null && faults.length === 0) return null;
  return (
    <section className="panel panel-part" aria-labelledby="preview">
      <h2 id="preview">{t('editor.preview')}</h2>
      {matches.matched || matches.reason === '' ? null : (
        <p className="warned">{t('editor.keptBack', { why: t(`deliveries.rule.${matches.reason}`) })}</p>
      )}
      {faults.map((fault) => (
        <p key={fault.path} className="refused">
          <span className="mono">{fault.path}</span> {fault.message}
        </p>
      ))}
      {request === null ? null : (
        <details className="details">
          <summary>
            <span className="mono">
              {request.method} {request.url}
            </span>
          </summary>
          <div className="exchange">
            <HeaderTable label={t('deliveries.headers')} headers={Object.entries(request.headers)} />
            <BodyView text={request.body} fileName="preview.txt" />
          </div>
        </details>
      )}
    </section>
  );
}

function Rehearsal({ asked }: { readonly asked: Asked }): ReactNode {
  const t = useTranslations();
  const locale = useLocale();
  const [until] = useState(() => Date.now());
  const { event_type: _, incident_id: __, alert_id: ___, ...draft } = asked;
  const { data } = useRead(
    '/webhook/rehearse',
    { ...draft, start_time: until - daysRehearsed * dayMs, end_time: until },
    { keep: true },
  );
  if (data === undefined) return null;
  const most = Math.max(1, ...data.by_type.map(({ count }) => count));
  return (
    <section className="panel panel-part" aria-labelledby="rehearsal">
      <h2 id="rehearsal">{t('editor.rehearsal', { days: daysRehearsed })}</h2>
      <p>
        {t('editor.rehearsed', { matched: data.matched, total: data.total })}{' '}
        {data.matched === 0
          ? null
          : t('editor.rehearsedPeak', { peak: data.peak_per_minute, bytes: showBytes(data.biggest_bytes, locale) })}
      </p>
      {data.complete ? null : <p className="muted">{t.rich('editor.rehearsedSince', { when: stampOf(data.since) })}</p>}
      <ul className="rehearsal-types">
        {data.by_type.map(({ event_type: type, count }) => (
          <li key={type}>
            <span>
              {t(`events.${type}`)} <small className="muted mono">{type}</small>
            </span>
            <span className="rehearsal-bar" aria-hidden="true">
              <span style={{ inlineSize: `${(count / most) * 100}%` }} />
            </span>
            <span>{new Intl.NumberFormat(locale).format(count)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
