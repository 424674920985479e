import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestServer } from '../../../test/support/test-server.ts';

interface Tried {
  readonly ok: boolean;
  readonly events: readonly Record<string, unknown>[];
  readonly faults: readonly unknown[];
}

const mapping = {
  field_mapping: {
    title: '{{name}}',
    event_status: '{{state}}',
    alert_key: '{{id}}',
    labels: { host: '{{where.host}}' },
  },
  value_mapping: { state: { bad: 'Critical', good: 'Ok' } },
};
const sample = { name: 'disk', state: 'bad', id: 7, where: { host: 'db-1' } };

test('a mapping is tried on a sample before it is saved', async () => {
  await using api = await startTestServer();
  const tried = (await api.data('/integration/mapping/try', { ...mapping, sample })) as Tried;
  const [event] = tried.events;
  const { event_time: _, ...rest } = event ?? {};
  assert.deepEqual([tried.ok, tried.faults], [true, []]);
  assert.deepEqual(rest, {
    title: 'disk',
    title_rule: '',
    description: '',
    event_status: 'Critical',
    alert_key: '7',
    labels: { host: 'db-1' },
    images: [],
  });
  const list = (await api.data('/integration/mapping/try', {
    ...mapping,
    title_rule: '[TPL]{{.Title}} on ${host}',
    sample: [sample, { ...sample, state: 'good' }],
  })) as Tried;
  assert.deepEqual(
    list.events.map((one) => [one['title'], one['event_status']]),
    [
      ['disk on db-1', 'Critical'],
      ['disk on db-1', 'Ok'],
    ],
  );
});

test('what does not fit is named, and is no failure of the call', async () => {
  await using api = await startTestServer();
  const missing = await api.data('/integration/mapping/try', { ...mapping, sample: { name: 'disk', state: 'bad' } });
  assert.deepEqual(missing, {
    ok: false,
    events: [],
    faults: [
      { field: 'alert_key', message: 'names {{id}}, which is not in the body' },
      { field: 'labels.host', message: 'names {{where.host}}, which is not in the body' },
    ],
  });
  const unknown = await api.data('/integration/mapping/try', { ...mapping, sample: { ...sample, state: 'banana' } });
  assert.match(JSON.stringify(unknown), /event_status.*is \\"banana\\"/);
});

test('how bodies are read is saved, shown, and taken back', async () => {
  await using api = await startTestServer();
  const { integration_id } = (await api.data('/integration/create', {
    name: 'disks',
    type: 'standard',
    channel_id: 0,
    ...mapping,
    severity_mapping: { Page: 'Warning' },
    title_rule: '[TPL]${host}',
    console_url: 'https://console.example.test/',
  })) as { integration_id: number };
  const shown = await api.data('/integration/info', { integration_id });
  assert.deepEqual(
    [
      shown['field_mapping'],
      shown['value_mapping'],
      shown['severity_mapping'],
      shown['title_rule'],
      shown['console_url'],
    ],
    [mapping.field_mapping, mapping.value_mapping, { page: 'Warning' }, '[TPL]${host}', 'https://console.example.test'],
  );
  await api.data('/integration/update', { integration_id, field_mapping: {}, severity_mapping: {} });
  const after = await api.data('/integration/info', { integration_id });
  assert.deepEqual([after['field_mapping'], after['severity_mapping'], after['title_rule']], [{}, {}, '[TPL]${host}']);
});
