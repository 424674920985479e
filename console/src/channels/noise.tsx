import type { ReactNode } from 'react';
import { useFormatter, useTranslations } from 'use-intl';
import { filterIn } from '../parts/conditions-field.tsx';
import { DropDialog, InhibitDialog } from './noise-dialogs.tsx';
import { dayOfWeek, type Silence } from './noise-rules.ts';
import type { RuleOf } from './rule-kind.ts';
import { RuleList } from './rule-list.tsx';
import { SilenceDialog } from './silence-dialog.tsx';

/** Which alerts of a channel make no incident, and which events leave no trace. */
export function Noise({ channelId }: { readonly channelId: number }): ReactNode {
  const t = useTranslations('channels.silence');
  return (
    <div className="rule-section">
      <RuleList
        kind="silence"
        channelId={channelId}
        Sentence={SilenceSentence}
        note={(rule) => (rule.is_effective ? t('now') : '')}
        Dialog={SilenceDialog}
      />
      <RuleList kind="inhibit" channelId={channelId} Sentence={InhibitSentence} Dialog={InhibitDialog} />
      <RuleList kind="unsubscribe" channelId={channelId} Sentence={DropSentence} Dialog={DropDialog} />
    </div>
  );
}

function SilenceSentence({ rule }: { readonly rule: Silence }): ReactNode {
  const t = useTranslations('channels.silence');
  return (
    <>
      {t.rich('sentence', { filter: filterIn(rule.filters) })}{' '}
      <span className="muted">
        <SilenceTime rule={rule} />
        {rule.is_directly_discard ? ` · ${t('discards')}` : ''}
      </span>
    </>
  );
}

function InhibitSentence({ rule }: { readonly rule: RuleOf<'inhibit'> }): ReactNode {
  const t = useTranslations('channels.inhibit');
  return t.rich('sentence', {
    target: filterIn(rule.target_filters),
    source: filterIn(rule.source_filters),
    equals: rule.equals.join(', '),
  });
}

function DropSentence({ rule }: { readonly rule: RuleOf<'unsubscribe'> }): ReactNode {
  const t = useTranslations('channels.drop');
  return t.rich('sentence', { filter: filterIn(rule.filters) });
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
