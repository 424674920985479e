import { Outlet, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { DeliveryList } from '../parts/delivery-list.tsx';
import { Beside, Page } from '../parts/page.tsx';
import { useWide } from '../parts/wide.ts';
import './deliveries-page.css';

/** The list; on a wide screen with one delivery beside it, else one of the two. */
export function DeliveriesPage(): ReactNode {
  const t = useTranslations('deliveries');
  const { record }: { record?: string } = useParams({ strict: false });
  const wide = useWide();
  if (record !== undefined && !wide) return <Outlet />;
  return (
    <Page title={t('title')}>
      <div className={record === undefined ? undefined : 'deliveries-split'}>
        <div className="deliveries-list">
          <DeliveryList openRecord={record} narrow={record !== undefined} />
        </div>
        {record === undefined ? null : (
          <Beside value>
            <aside className="panel deliveries-beside" aria-label={t('facts')}>
              <Outlet />
            </aside>
          </Beside>
        )}
      </div>
    </Page>
  );
}
