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
  ]) {
    assert.ok(text.includes(`${line}\n`), `${line} is missing in\n${text}`);
  }
});
