import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useRead } from '../api/query.ts';
import { Button } from '../parts/button.tsx';
import { plainFilter, type Filter } from '../parts/conditions.ts';
import { FilterField, filterIn } from '../parts/conditions-field.tsx';
import { CheckField, TextField } from '../parts/field.tsx';
import { PeoplePicker } from '../parts/people-picker.tsx';
import { RuleDialog } from './rule-dialog.tsx';
import type { RuleOf } from './rule-kind.ts';
import { RuleList, type Editing } from './rule-list.tsx';

type Rule = RuleOf<'escalate'>;

/** Who gets the incidents of a channel, and who next when nobody acknowledges. */
export function Escalation({ channelId }: { readonly channelId: number }): ReactNode {
  return <RuleList kind="escalate" channelId={channelId} Sentence={Layers} Dialog={EscalationDialog} />;
}

function Layers({ rule }: { readonly rule: Rule }): ReactNode {
  const t = useTranslations('channels.escalation');
  const names = useNames(rule);
  return (
    <>
      {rule.filters.length === 0 ? null : <p>{t.rich('for', { filter: filterIn(rule.filters) })}</p>}
      <ol>
        {rule.layers.map((layer, index) => (
          // oxlint-disable-next-line react/no-array-index-key -- a layer is its place
          <li key={index}>
            {t('layer', {
              number: index + 1,
              who: names(layer.target),
              minutes: layer.escalate_window,
              last: index === rule.layers.length - 1 ? 'yes' : 'no',
            })}
          </li>
        ))}
      </ol>
    </>
  );
}

type Target = Rule['layers'][number]['target'];

function useNames(rule: Rule): (target: Target) => string {
  const ids = [...new Set(rule.layers.flatMap(({ target }) => target.person_ids))].sort((a, b) => a - b);
  const people = useRead('/person/infos', { person_ids: ids }, { enabled: ids.length > 0, keep: true });
  const teams = useRead('/team/list', { limit: 100 });
  const personNames = new Map((people.data?.items ?? []).map((one) => [one.person_id, one.person_name]));
  const teamNames = new Map((teams.data?.items ?? []).map((one) => [one.team_id, one.team_name]));
  return (target) =>
    [
      ...target.person_ids.map((id) => personNames.get(id) ?? `#${id}`),
      ...target.team_ids.map((id) => teamNames.get(id) ?? `#${id}`),
      ...target.emails,
    ].join(', ');
}

interface TypedLayer {
  readonly people: readonly number[];
  readonly teams: readonly number[];
  readonly minutes: string;
  /** What the page does not show. */
  readonly rest: Partial<Rule['layers'][number]>;
}

const newLayer: TypedLayer = { people: [], teams: [], minutes: '30', rest: {} };

function layersOf(rule: Rule | undefined): readonly TypedLayer[] {
  if (rule === undefined) return [newLayer];
  return rule.layers.map((layer) => ({
    people: layer.target.person_ids,
    teams: layer.target.team_ids,
    minutes: String(layer.escalate_window),
    rest: layer,
  }));
}

function EscalationDialog(editing: Editing<'escalate'>): ReactNode {
  const { rule } = editing;
  const t = useTranslations('channels.escalation');
  const [filter, setFilter] = useState<Filter>(rule?.filters ?? []);
  const [layers, setLayers] = useState(() => layersOf(rule));
  const set = (index: number, some: Partial<TypedLayer>): void =>
    setLayers(layers.map((one, at) => (at === index ? { ...one, ...some } : one)));
  return (
    <RuleDialog
      kind="escalate"
      {...editing}
      body={() => ({
        filters: plainFilter(filter),
        layers: layers.map(({ people, teams, minutes, rest }) => ({
          ...rest,
          target: { ...rest.target, webhooks: null, person_ids: [...people], team_ids: [...teams] },
          escalate_window: Number(minutes),
        })),
      })}
    >
      <FilterField label={t('which')} name="filters" value={filter} onChange={setFilter} />
      {layers.map((layer, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- a layer is its place
        <div key={index} className="layer">
          <PeoplePicker
            label={t('people', { number: index + 1 })}
            name={`layers[${index}].target`}
            value={layer.people}
            onChange={(people) => set(index, { people })}
          />
          <Teams value={layer.teams} onChange={(teams) => set(index, { teams })} />
          <TextField
            label={t('minutes')}
            name={`layers[${index}].escalate_window`}
            inputMode="numeric"
            value={layer.minutes}
            onChange={(minutes) => set(index, { minutes })}
            hint={t('minutesHint')}
          />
          {layers.length > 1 ? (
            <div>
              <Button icon="trash" onClick={() => setLayers(layers.filter((_, at) => at !== index))}>
                {t('removeLayer', { number: index + 1 })}
              </Button>
            </div>
          ) : null}
        </div>
      ))}
      <div>
        <Button icon="plus" onClick={() => setLayers([...layers, newLayer])}>
          {t('addLayer')}
        </Button>
      </div>
    </RuleDialog>
  );
}

function Teams({
  value,
  onChange,
}: {
  readonly value: readonly number[];
  readonly onChange: (teams: readonly number[]) => void;
}): ReactNode {
  const t = useTranslations('channels.escalation');
  const teams = useRead('/team/list', { limit: 100 }).data?.items ?? [];
  if (teams.length === 0) return null;
  return (
    <fieldset className="field">
      <legend className="field-label">{t('teams')}</legend>
      <div className="weekdays">
        {teams.map((one) => (
          <CheckField
            key={one.team_id}
            label={one.team_name}
            checked={value.includes(one.team_id)}
            onChange={(on) => onChange(on ? [...value, one.team_id] : value.filter((id) => id !== one.team_id))}
          />
        ))}
      </div>
    </fieldset>
  );
}
