import type { ReactNode } from 'react';
import { useLocale, useTranslations } from 'use-intl';
import type { TestReport } from '../api/operations.ts';
import { showDuration } from '../time/show.ts';
import { phasesOf } from './phases.ts';
import './waterfall.css';

export type Timing = NonNullable<TestReport['timing']>;

interface WaterfallProps {
  readonly timing: Timing;
  readonly totalMs: number;
  /** It ended without an answer: the last phase was cut off. */
  readonly cut: boolean;
}

/** Where the time of one request went: a bar for each phase, after those before it. */
export function Waterfall({ timing, totalMs, cut }: WaterfallProps): ReactNode {
  const t = useTranslations('deliveries');
  const locale = useLocale();
  const phases = phasesOf(timing, totalMs);
  return (
    <div className="waterfall">
      <div className="waterfall-line" aria-hidden="true">
        <span />
        <span className="waterfall-scale">
          <span>0</span>
          <span>{showDuration(totalMs, locale)}</span>
        </span>
      </div>
      <ul aria-label={t('waterfall')}>
        {phases.map(({ name, ms, startShare, share }, index) => {
          const isCut = cut && index === phases.length - 1;
          return (
            <li key={name} className="waterfall-line">
              <span className="muted">{t(`phase.${name}`)}</span>
              <span className="waterfall-bar" aria-hidden="true">
                <span
                  className={isCut ? 'waterfall-cut' : undefined}
                  style={{ marginInlineStart: `${startShare * 100}%`, inlineSize: `${share * 100}%` }}
                />
              </span>
              <span className="waterfall-ms">
                {showPhase(ms, locale)}
                {isCut ? ` ${t('phaseCut')}` : ''}
              </span>
            </li>
          );
        })}
      </ul>
      <p className="muted">
        {timing.reused ? t('reused') : null}
        {timing.address === '' ? null : <span className="mono"> {timing.address}</span>}
      </p>
    </div>
  );
}

/** Phases on a local network take less than a millisecond. */
function showPhase(ms: number, locale: string): string {
  if (ms >= 10) return showDuration(ms, locale);
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(ms)}\u2009ms`;
}
