import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { carryOut } from '../api/carry-out.ts';
import type { Incident } from '../api/operations.ts';
import { useMay } from '../api/session.ts';
import { stampOf } from '../parts/clock.tsx';
import { UndoableEdit } from '../parts/inline-edit.tsx';
import { Labels } from '../parts/labels.tsx';
import { OutsideLink, WrittenText } from '../parts/written-text.tsx';
import { FieldValues } from './field-values.tsx';
import { textFits } from './incident-rules.ts';
import { useReload } from './use-reload.ts';

const texts = [
  ['description', 'description', 'i_r_desc'],
  ['impact', 'impact', 'i_r_impact'],
  ['rootCause', 'root_cause', 'i_r_rc'],
  ['resolution', 'resolution', 'i_r_rsltn'],
] as const;

/** The details of an incident, each editable in place. */
export function IncidentSide({ incident }: { readonly incident: Incident }): ReactNode {
  const t = useTranslations('incidents');
  const mayAct = useMay('responder');
  const reload = useReload();
  const save = (name: (typeof texts)[number][1], text: string): Promise<unknown> =>
    carryOut('/incident/reset', { incident_id: incident.incident_id, [name]: text }).then(reload);
  return (
    <div className="panel object-side incident-side">
      <section className="panel-part">
        <h2>{t('responders')}</h2>
        <Responders incident={incident} />
      </section>
      <section className="panel-part">
        <h2>{t('labels')}</h2>
        <Labels labels={incident.labels} listAt="/incident" />
      </section>
      {texts.map(([label, name, event]) => (
        <section className="panel-part" key={name}>
          <h2>{t(label)}</h2>
          <UndoableEdit
            label={t(label)}
            value={incident[name]}
            event={event}
            lines={4}
            fits={textFits}
            onSave={mayAct ? (text) => save(name, text) : undefined}
          >
            <WrittenText text={incident[name]} />
          </UndoableEdit>
        </section>
      ))}
      <FieldValues incident={incident} />
      {incident.links.length + incident.images.length === 0 ? null : (
        <section className="panel-part">
          <h2>{t('links')}</h2>
          <ul>
            {incident.links.map((link) => (
              <li key={link.endpoint}>
                <OutsideLink href={link.endpoint}>{link.name}</OutsideLink>
              </li>
            ))}
            {incident.images.map((image) => (
              <li key={image.src}>
                <OutsideLink href={image.href ?? image.src}>{image.alt ?? image.src}</OutsideLink>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function Responders({ incident }: { readonly incident: Incident }): ReactNode {
  const t = useTranslations('incidents');
  if (incident.responders.length === 0) return <p className="muted">{t('nobody')}</p>;
  return (
    <ul>
      {incident.responders.map((one) => (
        <li key={one.person_id}>
          {one.person_name}{' '}
          <span className="muted">
            {one.acknowledged_at > 0
              ? t.rich('acknowledged', { when: stampOf(one.acknowledged_at * 1000) })
              : t.rich('assigned', { when: stampOf(one.assigned_at * 1000) })}
          </span>
        </li>
      ))}
    </ul>
  );
}
