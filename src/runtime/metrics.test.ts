import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from './metrics.ts';

test('metrics show what was counted, every series of a closed list from the start', async () => {
  const metrics = createMetrics();
  const sent = metrics.counterBy('sent_total', 'Sent.', 'reason', ['ok', 'lost']);
  const took = metrics.histogram('took_seconds', 'Took.', [0.1, 1]);
  let held = 3;
  metrics.gauge('held', 'Held.', () => held);
  metrics.gaugeBy('open', 'Open.', 'state', () => new Map([['pending', 7]]));
  metrics.counter('starts_total', 'Starts.').add();
  metrics.counterOf('asked_total', 'Asked.', ['route', 'status']).add({ route: '/x', status: '2xx' });
  metrics.info('build_info', 'Build.', { version: '1.2.3' });
  sent.add('ok');
  sent.add('ok', 2);
  took.observe(0.5);
  held = 4;
  const text = await metrics.text();
  for (const line of [
    'sent_total{reason="ok"} 3',
    'sent_total{reason="lost"} 0',
    'took_seconds_bucket{le="1"} 1',
    'held 4',
    'open{state="pending"} 7',
    'starts_total 1',
    'asked_total{route="/x",status="2xx"} 1',
    'build_info{version="1.2.3"} 1',
  ]) {
    assert.ok(text.includes(`${line}\n`), `${line} is missing in\n${text}`);
  }
});

test('a series that is not read any more is gone, and a count is the one that was read', async () => {
  const metrics = createMetrics();
  let values = new Map([
    ['one', 1],
    ['two', 2],
  ]);
  metrics.gaugeBy('waiting', 'Waiting.', 'webhook', async () => values);
  metrics.countedBy('failed_total', 'Failed.', 'webhook', () => values);
  assert.match(await metrics.text(), /waiting\{webhook="one"\} 1\n/);
  values = new Map([['two', 5]]);
  const text = await metrics.text();
  assert.doesNotMatch(text, /"one"/);
  assert.match(text, /waiting\{webhook="two"\} 5\n/);
  assert.match(text, /failed_total\{webhook="two"\} 5\n/);
});

test('the metrics of the process are there, without those that count handles', async () => {
  const metrics = createMetrics();
  metrics.addProcess();
  const text = await metrics.text();
  for (const name of [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_p99_seconds',
  ]) {
    assert.match(text, new RegExp(`^${name} \\d`, 'm'));
  }
  assert.doesNotMatch(text, /nodejs_active|heap_space/);
});
