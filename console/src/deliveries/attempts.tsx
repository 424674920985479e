import { use, type ReactNode } from 'react';
import { useLocale, useTranslations } from 'use-intl';
import type { DeliveryDetail } from '../api/operations.ts';
import { Duration, TimeStamp } from '../parts/clock.tsx';
import { useReasonText } from '../parts/delivery-mark.tsx';
import { Beside } from '../parts/page.tsx';
import { Waterfall } from '../parts/waterfall.tsx';

/** Every request that was made, with where its time went. */
export function Attempts({ delivery }: { readonly delivery: DeliveryDetail }): ReactNode {
  const t = useTranslations('deliveries');
  const reason = useReasonText();
  const locale = useLocale();
  const { attempts } = delivery;
  // One level below the title of the page, which is itself lower beside a list.
  const Head = use(Beside) ? 'h3' : 'h2';
  if (attempts.length === 0) return <p className="muted">{t('noAttempt')}</p>;
  return (
    <ol className="attempts">
      {attempts.map((one) => (
        <li key={one.attempt} className="attempt">
          <Head>
            {t('attempt', { number: String(one.attempt) })}
            <span className="muted">
              <TimeStamp ms={one.started_at} /> · <Duration ms={one.duration_ms} />
              {one.status_code === 0 ? '' : ` · HTTP ${one.status_code}`}
            </span>
          </Head>
          {one.outcome === 'delivered' ? null : (
            <p className="sentence">
              {reason(one.reason, one.error_message)}
              {/* What an answer says in English is in its code and its reason. */}
              {locale !== 'en' && one.error_message !== '' && one.status_code === 0 ? (
                <span className="muted attempt-exact">{one.error_message}</span>
              ) : null}
            </p>
          )}
          {one.timing === undefined ? null : (
            <Waterfall timing={one.timing} totalMs={one.duration_ms} cut={one.status_code === 0} />
          )}
        </li>
      ))}
    </ol>
  );
}
