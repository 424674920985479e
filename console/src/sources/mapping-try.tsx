import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Request } from '../api/operations.ts';
import { useWrite } from '../api/query.ts';
import { Button } from '../parts/button.tsx';
import { AreaField, FaultsOf } from '../parts/field.tsx';
import { Severity } from '../parts/severity.tsx';
import { Refused, withoutFaults } from '../parts/states.tsx';
import { readJson } from './reading.ts';

type Reading = Omit<Request<'/integration/mapping/try'>, 'sample'>;

/** What the settings make of a body, before they are saved. */
export function MappingTry({ reading }: { readonly reading: Reading | undefined }): ReactNode {
  const t = useTranslations('sources.mapping');
  const [sample, setSample] = useState('');
  const attempt = useWrite('/integration/mapping/try');
  const body = readJson(sample);
  return (
    <FaultsOf faults={attempt.error?.faults ?? []}>
      <AreaField label={t('sample')} name="sample" value={sample} onChange={setSample} hint={t('sampleHint')} />
      <div className="form-actions">
        <Button
          busy={attempt.isPending}
          disabled={body === undefined || reading === undefined}
          onClick={() => (reading === undefined ? undefined : attempt.mutate({ ...reading, sample: body }))}
        >
          {t('try')}
        </Button>
      </div>
      <Refused error={withoutFaults(attempt.error)} />
      <div role="status">
        {attempt.data === undefined ? null : (
          <>
            {attempt.data.events.map((event) => (
              <dl key={event.alert_key} className="facts">
                <dt>{t('title')}</dt>
                <dd>{event.title}</dd>
                <dt>{t('severity')}</dt>
                <dd>
                  <Severity value={event.event_status} />
                </dd>
                <dt>{t('key')}</dt>
                <dd className="mono">{event.alert_key}</dd>
                {Object.entries(event.labels).map(([name, value]) => (
                  <div key={name} className="facts-line">
                    <dt className="mono">{name}</dt>
                    <dd className="mono">{value}</dd>
                  </div>
                ))}
              </dl>
            ))}
            {attempt.data.faults.map((fault) => (
              <p key={`${fault.field} ${fault.message}`} className={attempt.data.ok ? 'warned' : 'refused'}>
                <span className="mono">{fault.field}</span> {fault.message}
              </p>
            ))}
          </>
        )}
      </div>
    </FaultsOf>
  );
}
