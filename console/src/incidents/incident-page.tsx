import { useNavigate, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { carryOut } from '../api/carry-out.ts';
import type { Incident } from '../api/operations.ts';
import { useRead } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { BackLink, isMissing, UnfoundPage } from '../parts/found.tsx';
import { InlineEdit } from '../parts/inline-edit.tsx';
import { Page } from '../parts/page.tsx';
import { PushesOf } from '../parts/pushes-of.tsx';
import { choice } from '../parts/search-params.ts';
import { Tabs } from '../parts/tabs.tsx';
import { Timeline } from '../parts/timeline.tsx';
import { useUndo } from '../parts/undo.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { useActionShortcuts } from './action-shortcuts.ts';
import { AlertsOf } from './alerts-of.tsx';
import { CommentBox } from './comment-box.tsx';
import { CustomActions } from './custom-actions.tsx';
import { IncidentActions } from './incident-actions.tsx';
import { titleFits } from './incident-rules.ts';
import { IncidentSide } from './incident-side.tsx';
import { IncidentSummary } from './incident-summary.tsx';
import { Similar } from './similar.tsx';
import { useActions } from './use-actions.tsx';
import { useReload } from './use-reload.ts';
import '../parts/object-page.css';
import './incident-page.css';

const params = { tab: choice(['timeline', 'alerts', 'pushes', 'similar'], 'timeline') };

/** Where `detail_url` of a push leads. */
export function IncidentPage(): ReactNode {
  const t = useTranslations();
  const { id = '' }: { id?: string } = useParams({ strict: false });
  const sound = /^[0-9a-f]{24}$/i.test(id);
  const found = useRead(
    '/incident/info',
    { incident_id: id },
    {
      enabled: sound,
      live: { topics: ['incident'], wants: (hint) => hint.data['incident_id'] === id.toLowerCase() },
      // Not every change is an event: an alert joins, somebody removes it.
      poll: true,
    },
  );
  if (found.data !== undefined && !isMissing(found.error)) return <OneIncident incident={found.data} />;
  return (
    <UnfoundPage
      title={t('frame.incidents')}
      back={<BackLink to="/incident">{t('frame.incidents')}</BackLink>}
      gone={t('incidents.gone')}
      malformed={!sound}
      found={found}
    />
  );
}

function OneIncident({ incident }: { readonly incident: Incident }): ReactNode {
  const t = useTranslations('incidents');
  const frame = useTranslations('frame');
  const navigate = useNavigate();
  const mayAct = useMay('responder');
  const reload = useReload();
  const filters = useFilters(params);
  const id = incident.incident_id;
  const actions = useActions((job) => {
    if (job.action === 'remove') void navigate({ to: '/incident' });
  });
  const title = useUndo({
    event: 'i_r_title',
    value: incident.title,
    fits: titleFits,
    save: mayAct ? (text) => carryOut('/incident/reset', { incident_id: id, title: text }).then(reload) : undefined,
  });
  useActionShortcuts(mayAct ? (name) => actions.start(name, [incident]) : undefined);
  return (
    <Page
      title={
        <InlineEdit label={t('column.title')} value={incident.title} event="i_r_title" onSave={title.onSave}>
          {incident.title}
        </InlineEdit>
      }
      name={`#${incident.num} ${incident.title}`}
      back={<BackLink to="/incident">{frame('incidents')}</BackLink>}
      below={<IncidentSummary incident={incident} />}
      actions={mayAct ? <IncidentActions incident={incident} actions={actions} /> : undefined}
    >
      {title.note}
      {actions.report}
      {actions.dialogs}
      {mayAct ? <CustomActions incidentId={id} /> : null}
      <div className="object-page">
        <div className="object-main">
          <Tabs
            label={t('tabsLabel')}
            value={filters.values.tab}
            onChange={(tab) => filters.set({ tab })}
            tabs={[
              {
                value: 'timeline',
                label: t('timeline'),
                content: (
                  <>
                    {mayAct ? <CommentBox incidentId={id} /> : null}
                    <Timeline subject={{ incident_id: id }} since={incident.created_at} />
                  </>
                ),
              },
              {
                value: 'alerts',
                label: t('alertCount', { count: incident.alert_cnt }),
                content: <AlertsOf incident={incident} />,
              },
              {
                value: 'pushes',
                label: t('pushes'),
                content: <PushesOf objectId={id} since={incident.created_at} />,
              },
              { value: 'similar', label: t('similar'), content: <Similar incidentId={id} /> },
            ]}
          />
        </div>
        <IncidentSide incident={incident} />
      </div>
    </Page>
  );
}
