import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { liveHeld, liveStream } from '../api/live-stream.ts';
import { useSignal } from '../api/signal.ts';
import { serviceState } from '../api/state.ts';
import './state-light.css';

/** Whether what is on the screen is fresh. */
export function StateLight(): ReactNode {
  const t = useTranslations('frame.live');
  const gone = useSignal(serviceState) === 'gone';
  const held = useSignal(liveHeld);
  const stream = useSignal(liveStream.state);
  const state = gone ? 'gone' : held ? 'held' : stream === 'asleep' ? 'connecting' : stream;
  return (
    <p className={`state-light state-light-${state}`} role="status">
      {t(state)}
    </p>
  );
}
