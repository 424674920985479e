import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { call } from '../api/call.ts';
import { useEndless } from '../api/endless.ts';
import type { Reply } from '../api/operations.ts';
import { useRead } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { Chip } from '../parts/chip.tsx';
import { TimeStamp } from '../parts/clock.tsx';
import { moment } from '../parts/delivery-filters.ts';
import { download } from '../parts/download.ts';
import { FilterBar, FilterSelect } from '../parts/filter-bar.tsx';
import { RangePicker } from '../parts/range-picker.tsx';
import { choice, numberOrNone, text, type ValuesOf } from '../parts/search-params.ts';
import { Empty, Failed, Loading } from '../parts/states.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { rangeNames, spanOf } from '../time/range.ts';
import { objectsOf } from './audit-object.ts';
import { csvOf } from './csv.ts';
import { SettingsFrame } from './settings-frame.tsx';
import '../parts/object-page.css';
import './audit-page.css';

const params = {
  who: numberOrNone,
  operation: text,
  dangerous: choice(['yes']),
  range: choice(rangeNames, '7d'),
  from: moment,
  to: moment,
};

type Line = Reply<'/audit/search'>['docs'][number];

export function AuditPage(): ReactNode {
  return (
    <SettingsFrame least="admin">
      <Audit />
    </SettingsFrame>
  );
}

const pageRows = 50;
/** A page of the download, and its most rows: more is for the API. */
const downloadRows = 100;
const downloadMaxRows = 10_000;

function requestOf(values: ValuesOf<typeof params>, now: number) {
  const span = spanOf(values, now);
  return {
    start_time: Math.floor(span.from / 1000),
    end_time: Math.ceil(span.to / 1000) + 1,
    ...(values.who === 0 ? {} : { person_id: values.who }),
    ...(values.operation === '' ? {} : { operations: [values.operation] }),
    ...(values.dangerous === '' ? {} : { is_dangerous: true }),
  };
}

/** Who changed what in the configuration. */
function Audit(): ReactNode {
  const t = useTranslations();
  const isAdmin = useMay('admin');
  const nameOf = useOperationName();
  const filters = useFilters(params);
  const { values, set } = filters;
  const people = useRead('/member/list', { limit: 100 }).data?.items ?? [];
  const operations = useRead('/audit/operation/list', {}, { enabled: isAdmin }).data?.items ?? [];
  const list = useEndless<Line, string>(['/audit/search', values], '', async (cursor, signal) => {
    const more = cursor === '' ? {} : { search_after_ctx: cursor };
    const reply = await call(
      '/audit/search',
      { ...requestOf(values, Date.now()), limit: pageRows, ...more },
      { signal },
    );
    const next = reply.search_after_ctx;
    return { items: reply.docs, total: reply.total, next: next === '' ? undefined : next };
  });
  return (
    <>
      <FilterBar
        changed={filters.changed}
        onClear={filters.clear}
        dropped={filters.dropped}
        status={list.total < 0 ? '' : t('settings.auditCount', { count: list.total })}
      >
        <FilterSelect
          label={t('settings.who')}
          value={values.who === 0 ? '' : String(values.who)}
          choices={people.map((one) => ({ value: String(one.member_id), label: one.member_name }))}
          onChange={(who) => set({ who: Number(who) })}
        />
        <FilterSelect
          label={t('settings.operation')}
          value={values.operation}
          choices={operations.map(({ name }) => ({ value: name, label: nameOf(name, name) }))}
          onChange={(operation) => set({ operation })}
        />
        <Chip
          pressed={values.dangerous === 'yes'}
          onPress={() => set({ dangerous: values.dangerous === '' ? 'yes' : '' })}
        >
          {t('settings.dangerous')}
        </Chip>
        <RangePicker
          value={{ range: values.range, from: values.from, to: values.to }}
          onChange={({ range, from, to }) => set({ range, from, to })}
        />
        <Download values={values} />
      </FilterBar>
      {list.error === null ? null : <Failed error={list.error} onRetry={list.refetch} />}
      {list.isPending ? <Loading /> : null}
      {list.total === 0 ? <Empty title={t('settings.auditEmpty')} /> : null}
      {list.rows.length === 0 ? null : (
        <ul className="object-list">
          {list.rows.map((line) => (
            <AuditLine key={`${line.request_id}-${line.created_at}-${line.object_id}`} line={line} />
          ))}
        </ul>
      )}
      {list.more === undefined ? null : (
        <div>
          <Button busy={list.loadingMore} onClick={list.more}>
            {t('settings.auditMore')}
          </Button>
        </div>
      )}
    </>
  );
}

/** An operation that is newer than these words has those of the service. */
function useOperationName(): (operation: string, otherwise: string) => string {
  const t = useTranslations('operations');
  return (operation, otherwise) => {
    const key = operation as 'session:create';
    return t.has(key) ? t(key) : otherwise;
  };
}

function AuditLine({ line }: { readonly line: Line }): ReactNode {
  const t = useTranslations('settings');
  const nameOf = useOperationName();
  const objects = objectsOf(line.operation, line.object_id);
  return (
    <li>
      <details className="audit">
        <summary className="audit-line">
          <span className="muted">
            <TimeStamp ms={line.created_at} />
          </span>
          <span className="audit-what">
            {nameOf(line.operation, line.operation_name)}
            {line.is_dangerous ? <span className="audit-dangerous">{t('dangerous')}</span> : null}
            <span className="muted mono one-line">{line.operation}</span>
          </span>
          <span className="one-line">{line.member_name}</span>
        </summary>
        <dl className="facts audit-more">
          <dt>{t('object')}</dt>
          <dd className="mono">
            {objects.length === 0
              ? '–'
              : objects.map(({ id, to }) => (
                  <span key={id} className="audit-object">
                    {to === '' ? id : <Link to={to}>{id}</Link>}
                  </span>
                ))}
          </dd>
          <dt>{t('address')}</dt>
          <dd className="mono">{line.ip}</dd>
          <dt>{t('request')}</dt>
          <dd className="mono">{line.request_id}</dd>
          <dt>{t('body')}</dt>
          <dd className="mono">{line.body}</dd>
        </dl>
      </details>
    </li>
  );
}

function Download({ values }: { readonly values: ValuesOf<typeof params> }): ReactNode {
  const t = useTranslations('settings');
  const [busy, setBusy] = useState(false);
  const save = async (): Promise<void> => {
    setBusy(true);
    try {
      const lines = await allLines(values);
      const head = ['time', 'person', 'operation', 'object', 'address', 'request', 'dangerous', 'body'];
      const rows = lines.map((line) => [
        new Date(line.created_at).toISOString(),
        line.member_name,
        line.operation,
        line.object_id,
        line.ip,
        line.request_id,
        String(line.is_dangerous),
        line.body,
      ]);
      download('audit.csv', csvOf([head, ...rows]), 'text/csv;charset=utf-8');
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button busy={busy} onClick={() => void save()}>
      {t('download')}
    </Button>
  );
}

async function allLines(values: ValuesOf<typeof params>): Promise<Line[]> {
  const lines: Line[] = [];
  const request = requestOf(values, Date.now());
  let cursor = '';
  do {
    const more = cursor === '' ? {} : { search_after_ctx: cursor };
    const reply = await call('/audit/search', { ...request, limit: downloadRows, ...more });
    lines.push(...reply.docs);
    cursor = reply.search_after_ctx;
  } while (cursor !== '' && lines.length < downloadMaxRows);
  return lines;
}
