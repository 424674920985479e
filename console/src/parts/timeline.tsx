import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useLocale, useTranslations } from 'use-intl';
import { call, type CallError } from '../api/call.ts';
import { useLive } from '../api/live.ts';
import type { Delivery, FeedItem } from '../api/operations.ts';
import { readAgain } from '../api/query.ts';
import { Button } from './button.tsx';
import { TimeStamp } from './clock.tsx';
import { useWebhookNames } from './delivery-columns.tsx';
import { EntryPushes } from './entry-pushes.tsx';
import { Explain } from './explain.tsx';
import { usePersonNames } from './person-names.ts';
import { usePushesByEvent } from './pushes.ts';
import { Failed, Loading } from './states.tsx';
import { detailOf } from './timeline-detail.ts';
import { showDuration } from '../time/show.ts';
import './timeline.css';

type Subject = { readonly incident_id: string } | { readonly alert_id: string };

interface TimelineProps {
  readonly subject: Subject;
  /** Of the object, in Unix seconds. */
  readonly since: number;
}

const pageEntries = 50;

/** What happened, newest first. */
export function Timeline({ subject, since }: TimelineProps): ReactNode {
  const t = useTranslations('incidents');
  const topic = 'incident_id' in subject ? 'incident' : 'alert';
  const client = useQueryClient();
  const queryKey = ['incident_id' in subject ? '/incident/feed' : '/alert/feed', subject];
  const feed = useInfiniteQuery({
    queryKey,
    // The kept answer may have missed a hint that came while nothing on the screen listened.
    staleTime: 0,
    initialPageParam: 1,
    queryFn: ({ pageParam, signal }) => {
      const page = { p: pageParam, limit: pageEntries, asc: false };
      if ('incident_id' in subject) return call('/incident/feed', { ...subject, ...page }, { signal });
      return call('/alert/feed', { ...subject, ...page }, { signal });
    },
    getNextPageParam: (last, all) => (last.has_next_page ? all.length + 1 : undefined),
  });
  const objectId = 'incident_id' in subject ? subject.incident_id : subject.alert_id;
  useLive([topic], () => readAgain(client, queryKey), { wants: (hint) => hint.data[`${topic}_id`] === objectId });
  const items = feed.data?.pages.flatMap((page) => page.items) ?? [];
  const names = usePersonNames(items.flatMap((item) => [item.creator_id, ...idsIn(item.detail['to'])]));
  const webhooks = useWebhookNames();
  const pushes = usePushesByEvent(objectId, since);
  const unmatched = pushes.complete
    ? items.filter((item) => item.event_id !== '' && !pushes.of.has(item.event_id))
    : [];
  return (
    <div className="timeline">
      {feed.error === null ? null : <Failed error={feed.error as CallError} onRetry={() => void feed.refetch()} />}
      {feed.isPending ? <Loading /> : null}
      {feed.data !== undefined && items.length === 0 ? <p className="muted">{t('feedNone')}</p> : null}
      <ol>
        {items.map((item) => (
          <Entry
            key={`${item.ref_id}-${item.type}-${item.created_at}-${item.updated_at}-${item.sequence}`}
            item={item}
            names={names}
            pushes={pushes.of.get(item.event_id)}
            webhooks={webhooks}
          />
        ))}
      </ol>
      {unmatched.length === 0 ? null : <Unmatched items={unmatched} />}
      {feed.hasNextPage ? (
        <Button busy={feed.isFetchingNextPage} onClick={() => void feed.fetchNextPage()}>
          {t('feedMore')}
        </Button>
      ) : null}
    </div>
  );
}

/** Events that no webhook got, each with the reason of every webhook once somebody asks. */
function Unmatched({ items }: { readonly items: readonly FeedItem[] }): ReactNode {
  const t = useTranslations();
  return (
    <div className="timeline-unmatched">
      <p className="muted">{t('incidents.unmatched', { count: items.length })}</p>
      {items.map((item) => (
        <Why key={item.event_id} item={item} />
      ))}
    </div>
  );
}

function Why({ item }: { readonly item: FeedItem }): ReactNode {
  const t = useTranslations();
  const [open, setOpen] = useState(false);
  const key = `events.${item.type as 'i_new'}` as const;
  const name = t.has(key) ? t(key) : item.type;
  return (
    <details className="details" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t('incidents.unmatchedWhy', { number: String(item.sequence), name })}</summary>
      {open ? <Explain eventId={item.event_id} /> : null}
    </details>
  );
}

function idsIn(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'number') : [];
}

interface EntryProps {
  readonly item: FeedItem;
  readonly names: ReadonlyMap<number, string>;
  readonly pushes: readonly Delivery[] | undefined;
  readonly webhooks: ReadonlyMap<number, string>;
}

function Entry({ item, names, pushes, webhooks }: EntryProps): ReactNode {
  const t = useTranslations();
  const locale = useLocale();
  const key = `events.${item.type as 'i_new'}` as const;
  const what = t.has(key) ? t(key) : item.type;
  const who = item.creator_id === 0 ? t('incidents.system') : (names.get(item.creator_id) ?? `#${item.creator_id}`);
  const detail = detailOf(item, names);
  return (
    <li className="timeline-entry">
      <span className="timeline-time muted">
        <TimeStamp ms={item.created_at} />
      </span>
      <div className="timeline-what">
        <p>
          {item.sequence > 0 ? (
            <span className="muted">{t('incidents.sequence', { number: String(item.sequence) })} </span>
          ) : null}
          {t('incidents.by', { what, who })} <span className="muted mono">{item.type}</span>
        </p>
        {detail.lines.map((line) => (
          <p key={line} className="timeline-detail">
            {line}
          </p>
        ))}
        {detail.change === undefined ? null : (
          <p className="timeline-detail">{t('incidents.fromTo', { from: detail.change[0], to: detail.change[1] })}</p>
        )}
        {detail.minutes === undefined ? null : (
          <p className="timeline-detail">
            {t('incidents.duration', { duration: showDuration(detail.minutes * 60_000, locale) })}
          </p>
        )}
        {detail.reason === '' ? null : (
          <p className="timeline-detail">{t('incidents.reason', { text: detail.reason })}</p>
        )}
        {pushes === undefined ? null : <EntryPushes pushes={pushes} names={webhooks} />}
      </div>
    </li>
  );
}
