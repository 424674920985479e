import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Integration } from '../api/operations.ts';
import { useWrite } from '../api/query.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy.tsx';
import { RadioField } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { SourceSamples } from '../parts/source-samples.tsx';
import { pathOf, sourceTypes, testBodyOf, type SourceType } from '../parts/source-snippets.ts';
import { useTypeName } from '../parts/source-type-name.ts';
import { Refused, withoutFaults } from '../parts/states.tsx';
import { TestAlert } from '../parts/test-alert.tsx';

interface SourceStepProps {
  /** Absent: none is there yet. */
  readonly source: Integration | undefined;
  readonly channelId: number;
}

export function SourceStep({ source, channelId }: SourceStepProps): ReactNode {
  return source === undefined ? <NewSource channelId={channelId} /> : <Connect source={source} />;
}

/** The usual ones are in sight; the others come after. */
const usual: readonly SourceType[] = ['prometheus', 'grafana', 'n9e', 'standard'];

function NewSource({ channelId }: { readonly channelId: number }): ReactNode {
  const t = useTranslations('firstRun');
  const typeName = useTypeName();
  const [type, setType] = useState<SourceType>('prometheus');
  const [all, setAll] = useState(false);
  const create = useWrite('/integration/create', { changes: ['/integration/list', '/session/info'] });
  const types = all ? sourceTypes : usual;
  const submit = (): void => {
    create.mutate({ name: typeName(type).split(',')[0] ?? type, type, channel_id: channelId });
  };
  return (
    <Form error={create.error} onSubmit={submit}>
      <RadioField
        label={t('which')}
        name="type"
        value={type}
        onChange={setType}
        choices={types.map((value) => ({ value, label: typeName(value) }))}
      />
      <Refused error={withoutFaults(create.error)} />
      <div className="form-actions">
        <Button type="submit" look="primary" busy={create.isPending}>
          {t('makeSource')}
        </Button>
        {all ? null : (
          <Button look="quiet" onClick={() => setAll(true)}>
            {t('more')}
          </Button>
        )}
      </div>
    </Form>
  );
}

function Connect({ source }: { readonly source: Integration }): ReactNode {
  const t = useTranslations('firstRun');
  const [now] = useState(() => Date.now());
  const body = testBodyOf(source.type, t('testTitle'), now);
  return (
    <div className="form">
      <div>
        <span className="field-label">{t('url')}</span>
        <div className="guide-url">
          <code>{source.push_url}</code>
          <CopyButton text={source.push_url} />
        </div>
      </div>
      <SourceSamples type={source.type} pushUrl={source.push_url} now={now} />
      <p role="status">{t('waiting')}</p>
      {body === undefined ? null : (
        <div className="form-actions">
          <TestAlert path={pathOf(source.push_url)} body={body} />
        </div>
      )}
    </div>
  );
}
