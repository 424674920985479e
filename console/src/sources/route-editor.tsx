import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Integration, Reply } from '../api/operations.ts';
import { useRead, useWrite } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { plainConditions, type Condition } from '../parts/conditions.ts';
import { ConditionsField, FilterText } from '../parts/conditions-field.tsx';
import { CheckField, TextField } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { Failed, Loading, Notice, Refused, withoutFaults } from '../parts/states.tsx';

type Route = Reply<'/route/info'>;
type Case = Route['cases'][number];

/** Where a shared source sends what: the first case that fits decides, unless it says to go on. */
export function RouteEditor({ source }: { readonly source: Integration }): ReactNode {
  const t = useTranslations('sources.route');
  const route = useRead('/route/info', { integration_id: source.integration_id });
  // Here, since a saved route is another form.
  const save = useWrite('/route/upsert', { changes: ['/route/info'] });
  return (
    <section className="panel panel-part" aria-labelledby="source-route">
      <h2 id="source-route">{t('title')}</h2>
      <p className="muted">{t('why')}</p>
      {route.error === null ? null : <Failed error={route.error} onRetry={() => void route.refetch()} />}
      {route.isPending ? <Loading rows={2} /> : null}
      {route.data === undefined ? null : <RouteForm key={route.data.version} route={route.data} save={save} />}
    </section>
  );
}

const emptyCase: Case = {
  if: [],
  channel_ids: [],
  fallthrough: false,
  routing_mode: 'standard',
  name_mapping_label: '',
};

interface RouteFormProps {
  readonly route: Route;
  readonly save: ReturnType<typeof useWrite<'/route/upsert'>>;
}

function RouteForm({ route, save }: RouteFormProps): ReactNode {
  const t = useTranslations('sources.route');
  const mayEdit = useMay('admin');
  const [cases, setCases] = useState<readonly Case[]>(route.cases);
  const [rest, setRest] = useState<readonly number[]>(route.default?.channel_ids ?? []);
  const set = (index: number, some: Partial<Case>): void =>
    setCases(cases.map((one, at) => (at === index ? { ...one, ...some } : one)));
  const move = (index: number): void => {
    const next = [...cases];
    const [one] = next.splice(index, 1);
    if (one !== undefined) next.splice(index - 1, 0, one);
    setCases(next);
  };
  const submit = (): void => {
    save.mutate({
      integration_id: route.integration_id,
      cases: cases.map((one) => ({ ...one, if: plainConditions(one.if) })),
      default: { channel_ids: [...rest] },
      sections: route.sections,
      version: route.version,
    });
  };
  return (
    <Form error={save.error} onSubmit={submit}>
      {cases.map((one, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- a case is its place
        <div key={index} className="route-case">
          <div className="route-head">
            <h3>{t('case', { number: index + 1 })}</h3>
            {mayEdit ? (
              <span>
                {index === 0 ? null : (
                  <Button look="quiet" icon="superseded" iconOnly onClick={() => move(index)}>
                    {t('up', { number: index + 1 })}
                  </Button>
                )}
                <Button
                  look="quiet"
                  icon="trash"
                  iconOnly
                  onClick={() => setCases(cases.filter((_, at) => at !== index))}
                >
                  {t('remove', { number: index + 1 })}
                </Button>
              </span>
            ) : null}
          </div>
          {mayEdit ? (
            <ConditionsField
              label={t('if')}
              name={`cases[${index}].if`}
              value={one.if}
              onChange={(next: readonly Condition[]) => set(index, { if: plainConditions(next) })}
            />
          ) : (
            <FilterText filter={one.if.length === 0 ? [] : [one.if]} />
          )}
          {one.routing_mode === 'name_mapping' ? (
            <TextField
              label={t('label')}
              name={`cases[${index}].name_mapping_label`}
              disabled={!mayEdit}
              value={one.name_mapping_label}
              onChange={(label) => set(index, { name_mapping_label: label })}
            />
          ) : (
            <Channels
              label={t('to')}
              value={one.channel_ids}
              disabled={!mayEdit}
              onChange={(ids) => set(index, { channel_ids: [...ids] })}
            />
          )}
          {mayEdit ? (
            <>
              <CheckField
                label={t('byName')}
                checked={one.routing_mode === 'name_mapping'}
                onChange={(on) => set(index, { routing_mode: on ? 'name_mapping' : 'standard' })}
              />
              <CheckField
                label={t('goOn')}
                checked={one.fallthrough}
                onChange={(fallthrough) => set(index, { fallthrough })}
              />
            </>
          ) : null}
        </div>
      ))}
      {mayEdit ? (
        <div>
          <Button icon="plus" onClick={() => setCases([...cases, emptyCase])}>
            {t('add')}
          </Button>
        </div>
      ) : null}
      <Channels label={t('rest')} value={rest} disabled={!mayEdit} onChange={setRest} />
      <Refused error={withoutFaults(save.error)} />
      <Notice>{save.isSuccess ? t('saved') : null}</Notice>
      {mayEdit ? (
        <div className="form-actions">
          <Button type="submit" look="primary" busy={save.isPending}>
            {t('save')}
          </Button>
        </div>
      ) : null}
    </Form>
  );
}

interface ChannelsProps {
  readonly label: string;
  readonly value: readonly number[];
  readonly disabled: boolean;
  readonly onChange: (ids: readonly number[]) => void;
}

function Channels({ label, value, disabled, onChange }: ChannelsProps): ReactNode {
  const channels = useRead('/channel/list', { is_brief: true, limit: 100 });
  return (
    <fieldset className="field">
      <legend className="field-label">{label}</legend>
      <div className="channel-checks">
        {(channels.data?.items ?? []).map((one) => (
          <CheckField
            key={one.channel_id}
            label={one.channel_name}
            disabled={disabled}
            checked={value.includes(one.channel_id)}
            onChange={(on) => onChange(on ? [...value, one.channel_id] : value.filter((id) => id !== one.channel_id))}
          />
        ))}
      </div>
    </fieldset>
  );
}
