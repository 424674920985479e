import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useLive } from '../api/live.ts';
import type { Hint } from '../api/live-stream.ts';
import { useTimeStyle } from '../parts/clock.tsx';
import { useWebhookNames } from '../parts/delivery-columns.tsx';
import { deliveryStates, onItsWay } from '../parts/delivery-state.ts';
import { Icon } from '../parts/icons.tsx';
import { showExact } from '../time/show.ts';

interface Happening {
  readonly id: number;
  readonly at: number;
  readonly hint: Hint;
}

const shownMax = 12;

/** What the service does at this moment, newest last. */
export function Happenings(): ReactNode {
  const t = useTranslations('firstRun');
  const [list, setList] = useState<readonly Happening[]>([]);
  useLive(
    ['alert', 'incident', 'delivery'],
    ({ hints }) => {
      const at = Date.now();
      setList((before) =>
        [...before, ...hints.map((hint, index) => ({ id: (before.at(-1)?.id ?? 0) + index + 1, at, hint }))].slice(
          -shownMax,
        ),
      );
    },
    { everyMs: 100, wants: ({ topic, data }) => topic !== 'delivery' || stateIn(data) !== undefined },
  );
  return (
    <section className="panel panel-part guide-log" aria-labelledby="guide-log">
      <h2 id="guide-log">{t('happens')}</h2>
      {list.length === 0 ? <p className="muted">{t('quiet')}</p> : null}
      <ol aria-live="polite">
        {list.map((one) => (
          <Line key={one.id} happening={one} />
        ))}
      </ol>
    </section>
  );
}

/** What became of a delivery, once it has ended. */
function stateIn(data: Hint['data']): (typeof deliveryStates)[number] | undefined {
  return deliveryStates.find((state) => state === data['state'] && !onItsWay.has(state));
}

const icons = { alert: 'alert', incident: 'incident', delivery: 'delivery', replay: 'delivery' } as const;

function Line({ happening: { at, hint } }: { readonly happening: Happening }): ReactNode {
  const t = useTranslations();
  const style = useTimeStyle();
  const { data, topic } = hint;
  const type = String(data['event_type'] ?? '');
  const key = `events.${type as 'i_new'}` as const;
  const names = useWebhookNames();
  const state = stateIn(data);
  const what =
    state !== undefined
      ? t('firstRun.push', {
          webhook: names.get(Number(data['integration_id'])) ?? '',
          state: t(`deliveries.state.${state}`),
          code: String(data['status_code'] ?? 0),
        })
      : type === 'i_new'
        ? t('firstRun.incidentOpened')
        : t.has(key)
          ? t(key)
          : type;
  return (
    <li className="guide-line">
      <span className="muted mono">{showExact(at, style).slice(11, 23)}</span>
      <Icon name={icons[topic]} />
      <span>
        {what} <span className="muted mono">{type}</span>
      </span>
    </li>
  );
}
