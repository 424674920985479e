import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSearch } from '../parts/search-params.ts';
import { incidentFilters, isWorstFirst, requestOf } from './incident-filters.ts';

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
