import { useState, type ReactNode } from 'react';
import { useFormatter, useTranslations } from 'use-intl';
import { useRead } from '../api/query.ts';
import { filterIn } from '../parts/conditions-field.tsx';
import { Failed, Loading } from '../parts/states.tsx';
import { DropDialog, InhibitDialog } from './noise-dialogs.tsx';
import { dayOfWeek, type Drop, type Inhibition, type Silence } from './noise-rules.ts';
import { RuleCard, RuleSection } from './rule-card.tsx';
import { SilenceDialog } from './silence-dialog.tsx';

/** Which alerts of a channel make no incident, and which events leave no trace. */
export function Noise({ channelId }: { readonly channelId: number }): ReactNode {
  return (
    <div className="rule-section">
      <Silences channelId={channelId} />
      <Inhibitions channelId={channelId} />
      <Drops channelId={channelId} />
    </div>
  );
}

interface OfChannel {
  readonly channelId: number;
}

function Silences({ channelId }: OfChannel): ReactNode {
  const t = useTranslations('channels.silence');
  const rules = useRead('/channel/silence/rule/list', { channel_id: channelId });
  const [open, setOpen] = useState<Silence | 'new'>();
  return (
    <RuleSection
      title={t('title')}
      why={t('why')}
      add={t('add')}
      onAdd={() => setOpen('new')}
      empty={rules.data?.items.length === 0}
      none={t('none')}
      dialog={
        open === undefined ? null : (
          <SilenceDialog
            channelId={channelId}
            rule={open === 'new' ? undefined : open}
            onClose={() => setOpen(undefined)}
          />
        )
      }
    >
      <Asked question={rules} />
      {(rules.data?.items ?? []).map((rule) => (
        <RuleCard
          key={rule.rule_id}
          kind="silence"
          rule={rule}
          onEdit={() => setOpen(rule)}
          note={rule.is_effective ? <span className="muted">{t('now')}</span> : null}
        >
          {t.rich('sentence', { filter: filterIn(rule.filters) })}{' '}
          <span className="muted">
            <SilenceTime rule={rule} />
            {rule.is_directly_discard ? ` · ${t('discards')}` : ''}
          </span>
        </RuleCard>
      ))}
    </RuleSection>
  );
}

function SilenceTime({ rule }: { readonly rule: Silence }): ReactNode {
  const t = useTranslations('channels.silence');
  const format = useFormatter();
  const { time_filter: once, time_filters: weekly = [] } = rule;
  if (once !== undefined) {
    const style = { dateStyle: 'medium', timeStyle: 'short' } as const;
    return t('once', {
      from: format.dateTime(once.start_time * 1000, style),
      to: format.dateTime(once.end_time * 1000, style),
    });
  }
  if (weekly.length === 0) return t('always');
  return weekly
    .map(({ start, end, repeat }) => {
      const days = repeat.map((day) => format.dateTime(dayOfWeek(day), { weekday: 'short', timeZone: 'UTC' }));
      const when = repeat.length === 0 || repeat.length === 7 ? t('everyDay') : days.join(', ');
      return t('weekly', { days: when, start, end, zone: rule.time_zone });
    })
    .join('; ');
}

function Inhibitions({ channelId }: OfChannel): ReactNode {
  const t = useTranslations('channels.inhibit');
  const rules = useRead('/channel/inhibit/rule/list', { channel_id: channelId });
  const [open, setOpen] = useState<Inhibition | 'new'>();
  return (
    <RuleSection
      title={t('title')}
      why={t('why')}
      add={t('add')}
      onAdd={() => setOpen('new')}
      empty={rules.data?.items.length === 0}
      none={t('none')}
      dialog={
        open === undefined ? null : (
          <InhibitDialog
            channelId={channelId}
            rule={open === 'new' ? undefined : open}
            onClose={() => setOpen(undefined)}
          />
        )
      }
    >
      <Asked question={rules} />
      {(rules.data?.items ?? []).map((rule) => (
        <RuleCard key={rule.rule_id} kind="inhibit" rule={rule} onEdit={() => setOpen(rule)}>
          {t.rich('sentence', {
            target: filterIn(rule.target_filters),
            source: filterIn(rule.source_filters),
            equals: rule.equals.join(', '),
          })}
        </RuleCard>
      ))}
    </RuleSection>
  );
}

function Drops({ channelId }: OfChannel): ReactNode {
  const t = useTranslations('channels.drop');
  const rules = useRead('/channel/unsubscribe/rule/list', { channel_id: channelId });
  const [open, setOpen] = useState<Drop | 'new'>();
  return (
    <RuleSection
      title={t('title')}
      why={t('why')}
      add={t('add')}
      onAdd={() => setOpen('new')}
      empty={rules.data?.items.length === 0}
      none={t('none')}
      dialog={
        open === undefined ? null : (
          <DropDialog
            channelId={channelId}
            rule={open === 'new' ? undefined : open}
            onClose={() => setOpen(undefined)}
          />
        )
      }
    >
      <Asked question={rules} />
      {(rules.data?.items ?? []).map((rule) => (
        <RuleCard key={rule.rule_id} kind="unsubscribe" rule={rule} onEdit={() => setOpen(rule)}>
          {t.rich('sentence', { filter: filterIn(rule.filters) })}
        </RuleCard>
      ))}
    </RuleSection>
  );
}

function Asked({ question }: { readonly question: ReturnType<typeof useRead> }): ReactNode {
  if (question.error !== null) {
    return (
      <li>
        <Failed error={question.error} onRetry={() => void question.refetch()} />
      </li>
    );
  }
  return question.isPending ? (
    <li>
      <Loading rows={1} />
    </li>
  ) : null;
}
