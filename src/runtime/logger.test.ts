import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from './logger.ts';

test('a line is JSON with its event, level and fields, and secrets are hidden wherever they slip in', () => {
  const lines: string[] = [];
  const logger = createLogger('info', { write: (line) => void lines.push(line) });
  logger.debug({ quiet: true }, 'not.shown');
  logger.info({ delivery_id: 'd1', secret: 'canary-1', webhook: { headers: 'canary-2' } }, 'delivery.attempted');
  logger.error({ error: Object.assign(new Error('broken'), { code: 'EPIPE' }) }, 'went.wrong');
  const [attempted, wrong] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.equal(lines.length, 2);
  assert.doesNotMatch(lines.join(''), /canary/);
  assert.deepEqual(
    [attempted?.['level'], attempted?.['event'], attempted?.['delivery_id']],
    ['info', 'delivery.attempted', 'd1'],
  );
  assert.match(String(attempted?.['time']), /^\d{4}-\d\d-\d\dT/);
  const error = wrong?.['error'] as Record<string, unknown>;
  assert.deepEqual([error['message'], error['code']], ['broken', 'EPIPE']);
});
