import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AlertReport } from '../../alerts/alert.ts';
import { integrationTypes } from '../integration.ts';
import { context } from './fixtures/fixture.ts';
import { formats } from './index.ts';
import { storable } from './text.ts';

test('every type of integration has its format', () => {
  for (const type of integrationTypes) assert.equal(formats[type].type, type);
});

/** What each format needs to make a report, beside any other field. */
const storedFields: Readonly<Record<string, { readonly fields: object }>> = {
  standard: { fields: { title_rule: 't', event_status: 'Critical' } },
  n9e: { fields: { hash: 'h' } },
  zabbix: { fields: { event_id: '1', trigger_id: '2', event_value: '1', event_name: 'disk' } },
  cloudwatch: { fields: { Type: 'Notification', MessageId: 'm' } },
  datadog: { fields: { alert_cycle_key: 'k', title: 'disk' } },
  healthchecks: { fields: { name: 'backup', status: 'down', code: 'c' } },
};
const storedName = fc.constantFrom(
  ...'id rule_name rule_note annotations tags event_tags_json Message Subject title event_title body scope desc name'.split(
    ' ',
  ),
);
/** Of an even and of an odd length before each face, so that a cut between two units halves one. */
const faces = [0, 1, 63, 100].flatMap((before) =>
  [600, 5000].map((count) => 'x'.repeat(before) + '\u{1f600}'.repeat(count)),
);
/** JSON inside a field, whose escapes nobody has looked at. */
const nested = [
  '{"description":"a\\u0000b\\ud83d","AlarmName":"\\ud83d\\u0000","NewStateValue":"ALARM"}',
  '[{"tag":"a\\u0000","value":"\\ud83d\\u0000"}]',
];
const hostileText = fc.constantFrom(...faces, ...nested);
const settled = { ...context, settings: { ...context.settings, consoleUrl: 'https://n9e.example.org' } };

function unstorableIn(report: AlertReport): string[] {
  const found: string[] = [];
  JSON.stringify(report, (name, value: unknown) => {
    for (const text of [name, value]) if (typeof text === 'string' && text !== storable(text)) found.push(name);
    return value;
  });
  return found;
}

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

  test(`${format.type} takes no NUL and no half of a surrogate pair into a report, wherever it cuts a text`, () => {
    const { fields } = storedFields[format.type] ?? { fields: {} };
    const property = fc.property(fc.dictionary(storedName, hostileText, { maxKeys: 8 }), (more) => {
      const parsed = format.parse({ ...fields, ...more }, settled);
      if (parsed.ok) for (const report of parsed.reports) assert.deepEqual(unstorableIn(report), []);
    });
    fc.assert(property, { numRuns: 300 });
  });
}
