import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { AlertEvent } from '../api/operations.ts';
import { TimeStamp } from './clock.tsx';
import { Labels } from './labels.tsx';
import { Severity } from './severity.tsx';
import { WrittenText } from './written-text.tsx';
import './object-page.css';
import './event-list.css';

interface EventListProps {
  readonly events: readonly AlertEvent[];
  /** Each leads to the alert that it became a part of. */
  readonly withAlert?: boolean;
}

/** Events of a source, the newest first; each opens to all that it says. */
export function EventList({ events, withAlert = false }: EventListProps): ReactNode {
  const t = useTranslations('incidents');
  return (
    <ul className="object-list">
      {events.map((event) => (
        <li key={event.event_id}>
          <details className="event">
            <summary className="object-line">
              <Severity value={event.event_status} />
              <span className="object-line-name">{event.title}</span>
              <span className="muted">
                <TimeStamp ms={event.event_time * 1000} />
              </span>
            </summary>
            <div className="event-more">
              <dl className="facts">
                <dt>{t('key')}</dt>
                <dd className="mono">{event.alert_key}</dd>
                <dt>{t('received')}</dt>
                <dd>
                  <TimeStamp ms={event.created_at * 1000} />
                </dd>
                {withAlert && event.alert_id !== '' ? (
                  <>
                    <dt>{t('becameAlert')}</dt>
                    <dd>
                      <Link to={`/alert/detail/${event.alert_id}`}>{event.title}</Link>
                    </dd>
                  </>
                ) : null}
              </dl>
              <Labels labels={event.labels} />
              {event.description === '' ? null : <WrittenText text={event.description} />}
            </div>
          </details>
        </li>
      ))}
    </ul>
  );
}
