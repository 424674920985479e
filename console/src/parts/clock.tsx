import { useLocale, useTimeZone, useTranslations } from 'use-intl';
import { useEffect, useMemo, type ReactNode } from 'react';
import { remembered } from '../api/remembered.ts';
import { signal, useSignal } from '../api/signal.ts';
import { showClock, showDuration, showExact, showMoment, showTime, type TimeStyle } from '../time/show.ts';

/** The present, as old as ten seconds at most: one clock for all ages on the screen. */
const present = signal(Date.now());
const tickMs = 10_000;

/** Whether all times are written in UTC. */
export const utcChoice = remembered('utc', ['off', 'on'] as const, 'off');

export function useTicking(): void {
  useEffect(() => {
    const timer = setInterval(() => present.set(Date.now()), tickMs);
    return () => clearInterval(timer);
  }, []);
}

export function useTimeStyle(): TimeStyle {
  const locale = useLocale();
  const zone = useTimeZone() ?? 'UTC';
  const now = useSignal(present);
  const utc = useSignal(utcChoice) === 'on';
  const t = useTranslations('time');
  return useMemo(() => ({ locale, zone, now, utc, justNow: t('now') }), [locale, zone, now, utc, t]);
}

/** A moment; its tooltip has the full time. */
export function TimeStamp({ ms }: { readonly ms: number }): ReactNode {
  const style = useTimeStyle();
  if (ms <= 0) return '–';
  return (
    <time dateTime={new Date(ms).toISOString()} title={showExact(ms, style)}>
      {showTime(ms, { ...style, now: Math.max(style.now, ms) })}
    </time>
  );
}

/** For a sentence about something to come: the time of day, or the date where that is not today's. */
export function clockOf(ms: number): () => ReactNode {
  return () => <Clock ms={ms} />;
}

const dayMs = 86_400_000;

function Clock({ ms }: { readonly ms: number }): ReactNode {
  const style = useTimeStyle();
  const near = Math.abs(ms - style.now) < dayMs / 2;
  return (
    <time dateTime={new Date(ms).toISOString()} title={showExact(ms, style)}>
      {near ? showClock(ms, style) : showMoment(ms, style)}
    </time>
  );
}

/** For a sentence with a moment in it. */
export function stampOf(ms: number): () => ReactNode {
  return () => <TimeStamp ms={ms} />;
}

export function Duration({ ms }: { readonly ms: number }): ReactNode {
  return showDuration(ms, useLocale());
}
