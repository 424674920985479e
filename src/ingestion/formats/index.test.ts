import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { integrationTypes } from '../integration.ts';
import { context } from './fixtures/fixture.ts';
import { formats } from './index.ts';

test('every type of integration has its format', () => {
  for (const type of integrationTypes) assert.equal(formats[type].type, type);
});

for (const format of Object.values(formats)) {
  const names =
    'title event_status alert_key labels alerts annotations status state ruleId hash tags event_action payload dedup_key'.split(
      ' ',
    );
  const field = fc.constantFrom(...names, '__proto__', 'constructor');
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom('Ok', 'Critical', 'firing', 'trigger', 'alerting'));
  const object = fc.array(fc.tuple(field, value)).map((fields) => Object.fromEntries(fields));
  const item = fc.oneof(object, fc.jsonValue());
  const body = fc.oneof(
    item,
    fc.array(item),
    fc.array(item).map((alerts) => ({ alerts })),
  );

  test(`${format.type} never throws, and what it takes is within the limits`, () => {
    const property = fc.property(body, (body) => {
      const parsed = format.parse(body, context);
      if (!parsed.ok) return assert.ok(parsed.faults.length > 0);
      for (const report of parsed.reports) {
        assert.ok(report.title !== '' && report.alertKey !== '');
        assert.ok(Array.from(report.title).length <= 512 && !/\p{Cc}/u.test(report.title));
        assert.ok(Array.from(report.alertKey).length <= 255);
        assert.ok(Object.values(report.labels).every((label) => typeof label === 'string'));
        assert.ok(Number.isSafeInteger(report.eventTime));
      }
    });
    fc.assert(property, { numRuns: 200 });
  });
}
