import type { ReactNode } from 'react';
import { useLocale, useTranslations } from 'use-intl';
import type { Reply } from '../api/operations.ts';
import { useRead } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { TimeStamp } from '../parts/clock.tsx';
import { Failed, Loading } from '../parts/states.tsx';
import { showBytes } from '../time/show.ts';
import { SettingsFrame } from './settings-frame.tsx';
import './settings-page.css';

export function SystemPage(): ReactNode {
  return (
    <SettingsFrame least="admin">
      <SystemInfo />
    </SettingsFrame>
  );
}

function SystemInfo(): ReactNode {
  const isAdmin = useMay('admin');
  const info = useRead('/system/info', {}, { enabled: isAdmin, poll: true });
  return (
    <div className="settings">
      {info.error === null ? null : <Failed error={info.error} onRetry={() => void info.refetch()} />}
      {info.isPending ? <Loading /> : null}
      {info.data === undefined ? null : <Facts info={info.data} />}
    </div>
  );
}

const countNames = ['channels', 'integrations', 'webhooks', 'members', 'teams', 'waiting'] as const;

function Facts({ info }: { readonly info: Reply<'/system/info'> }): ReactNode {
  const t = useTranslations('settings.system');
  const locale = useLocale();
  const number = new Intl.NumberFormat(locale);
  return (
    <>
      <section className="panel panel-part" aria-labelledby="system-state">
        <h2 id="system-state">{info.ready ? t('ready') : t('notReady')}</h2>
        {info.reasons.length === 0 ? null : (
          <ul className="refused">
            {info.reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        )}
        <dl className="facts">
          <dt>{t('version')}</dt>
          <dd>{info.version}</dd>
          <dt>{t('database')}</dt>
          <dd>
            {info.database.kind === 'sqlite' ? 'SQLite' : 'PostgreSQL'}, {showBytes(info.database.bytes, locale)}
          </dd>
          <dt>{t('history')}</dt>
          <dd>{t('days', { count: info.history_days })}</dd>
          {countNames.map((name) => (
            <div className="facts-line" key={name}>
              <dt>{t(name)}</dt>
              <dd>{number.format(info.counts[name])}</dd>
            </div>
          ))}
        </dl>
      </section>
      {info.nodes.length === 0 ? null : (
        <section className="panel panel-part" aria-labelledby="system-nodes">
          <h2 id="system-nodes">{t('nodes')}</h2>
          <ul className="session-list">
            {info.nodes.map((node) => (
              <li key={node.node_id} className="session">
                <span className="mono session-what">{node.node_id}</span>
                <span className="muted">{t('shards', { count: node.shards })}</span>
                <span className="muted">
                  <TimeStamp ms={node.heartbeat_at} />
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section className="panel panel-part" aria-labelledby="system-settings">
        <h2 id="system-settings">{t('settings')}</h2>
        <dl className="facts">
          {Object.entries(info.settings).map(([name, value]) => (
            <div className="facts-line" key={name}>
              <dt className="mono">{name}</dt>
              <dd className="mono">{value === '' ? '–' : value}</dd>
            </div>
          ))}
        </dl>
      </section>
    </>
  );
}
