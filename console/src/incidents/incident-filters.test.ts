import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSearch } from '../parts/search-params.ts';
import { openIncidents } from '../parts/usual-requests.ts';
import { countsRequestOf, incidentFilters, isWorstFirst, listRequestOf, requestOf } from './incident-filters.ts';

const now = Date.UTC(2026, 10, 29, 12);
const valuesOf = (raw: Record<string, string>) => readSearch(incidentFilters, raw).values;
const asked = (raw: Record<string, string>) => requestOf(valuesOf(raw), 7, now);

test('open incidents are asked for without a window, the worst first', () => {
  assert.deepEqual(asked({}), {
    progress: 'Triggered,Processing',
    incident_severity: '',
    channel_ids: [],
    responder_ids: [],
    is_my_team: false,
    query: '',
    labels: {},
  });
  assert.equal(isWorstFirst(valuesOf({})), true);
  assert.equal(isWorstFirst(valuesOf({ sort: 'newest' })), false);
});

test('without filters the counts are those of the navigation, letter by letter, so that they are asked for once', () => {
  assert.equal(JSON.stringify(countsRequestOf(valuesOf({}), 7)), JSON.stringify(openIncidents));
  assert.notEqual(JSON.stringify(countsRequestOf(valuesOf({ who: 'me' }), 7)), JSON.stringify(openIncidents));
});

test('a list goes on by page numbers with the worst first, else by cursors', () => {
  const from = (raw: Record<string, string>, at: string): { p?: number; search_after_ctx?: string } =>
    listRequestOf(valuesOf(raw), 7, now, at);
  assert.deepEqual([from({}, '').p, from({}, '3').p, from({}, '3').search_after_ctx], [1, 3, undefined]);
  const newest = from({ sort: 'newest' }, 'c');
  assert.deepEqual([newest.search_after_ctx, newest.p], ['c', undefined]);
  assert.equal(from({ sort: 'newest' }, '').search_after_ctx, undefined);
});

test('closed ones are asked for within the time range, and cannot be had the worst first', () => {
  const { start_time, end_time, progress } = asked({ progress: 'all', range: '24h' });
  assert.deepEqual([start_time, end_time, progress], [now / 1000 - 86_400, now / 1000, '']);
  assert.equal(isWorstFirst(valuesOf({ progress: 'all' })), false);
});

test('each filter of the address reaches the service', () => {
  const request = asked({ severity: 'Critical,Info', channel: '3', who: 'me', q: 'disk', label: 'url:http://a' });
  assert.deepEqual(
    [request.incident_severity, request.channel_ids, request.responder_ids, request.query, request.labels],
    ['Critical,Info', [3], [7], 'disk', { url: 'http://a' }],
  );
  assert.equal(asked({ who: 'teams' }).is_my_team, true);
  assert.deepEqual(asked({ label: ':x' }).labels, {});
});
