import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { mapFields } from './field-mapping.ts';
import type { FieldMapping, ValueMapping } from './field-mapping.ts';
import { context } from './fixtures/fixture.ts';
import { standard } from './standard.ts';
import { threadCpuMs } from '../../runtime/loop-meter.ts';

const body = {
  name: 'disk',
  state: 'firing',
  level: 7,
  on: true,
  none: null,
  empty: '',
  tags: { env: 'prod', 'app.kubernetes.io/name': 'shop' },
  hosts: [{ name: 'db-1' }, { name: 'db-2' }],
  'a.b': { c: 'longest' },
  a: { b: { c: 'split' } },
  braces: '{{name}}',
};

function filled(template: unknown, values: ValueMapping = {}): unknown {
  const mapped = mapFields(body, { labels: template }, values);
  return 'labels' in mapped ? mapped['labels'] : mapped;
}

describe('a template is filled in', () => {
  const rows: readonly [template: unknown, value: unknown][] = [
    ['no variable', 'no variable'],
    ['{{name}}', 'disk'],
    ['{{ name }}', 'disk'],
    ['{{level}}', 7],
    ['{{on}}', true],
    ['{{none}}', null],
    ['{{empty}}', ''],
    ['{{tags}}', body.tags],
    ['{{tags.app.kubernetes.io/name}}', 'shop'],
    ['{{hosts.1.name}}', 'db-2'],
    ['{{a.b.c}}', 'longest'],
    ['{{name}} at {{level}}', 'disk at 7'],
    ['x{{none}}y{{on}}', 'xytrue'],
    ['tags: {{tags}}', `tags: ${JSON.stringify(body.tags)}`],
    ['{{braces}}!', '{{name}}!'],
    [
      { host: '{{hosts.0.name}}', n: ['{{level}}'] },
      { host: 'db-1', n: [7] },
    ],
    ['{name}', '{name}'],
    ['{{}}', '{{}}'],
  ];
  for (const [template, value] of rows) {
    test(JSON.stringify(template), () => assert.deepEqual(filled(template), value));
  }
});

describe('a path that is not in the body fails', () => {
  for (const path of [
    'nope',
    'tags.nope',
    'hosts.2.name',
    'hosts.-1',
    'name.length',
    'toString',
    'tags.__proto__',
    'none.x',
  ]) {
    test(path, () => {
      assert.deepEqual(filled({ x: `{{${path}}}` }), [
        { field: 'labels.x', message: `names {{${path}}}, which is not in the body` },
      ]);
    });
  }
});

describe('values of a path become others', () => {
  const values = { state: { firing: 'Critical', ok: 'Ok' }, level: { '7': 'high' }, on: { true: false } };
  const rows: readonly [template: string, value: unknown][] = [
    ['{{state}}', 'Critical'],
    ['is {{state}}', 'is Critical'],
    ['{{level}}', 'high'],
    ['{{on}}', false],
    ['{{name}}', 'disk'],
    ['{{tags}}', body.tags],
  ];
  for (const [template, value] of rows) test(template, () => assert.deepEqual(filled(template, values), value));

  test('a value that is not named stays', () => {
    assert.equal(filled('{{name}}', { name: { other: 'x' } }), 'disk');
    assert.equal(filled('{{name}}', { name: {} }), 'disk');
    assert.equal(filled('{{state}}', JSON.parse('{"state":{"x":"y"}}')), 'firing');
  });
});

test('a body cannot multiply itself', () => {
  const large = { text: 'x'.repeat(1_000_000), object: { a: 'y'.repeat(1_000_000) } };
  const before = threadCpuMs();
  const mapped = mapFields(large, { title: '{{text}} {{object}} '.repeat(25) }, {});
  assert.ok('title' in mapped && String(mapped['title']).length <= 24_576);
  assert.ok(threadCpuMs() - before < 500);
});

describe('the standard format with a mapping', () => {
  const fieldMapping: FieldMapping = {
    title: '{{name}} on {{hosts.0.name}}',
    event_status: '{{state}}',
    alert_key: '{{level}}',
    labels: '{{tags}}',
    images: [{ src: 'https://img.example.test/{{name}}.png' }],
  };
  const valueMapping = { state: { firing: 'Critical', resolved: 'Ok' } };
  const parse = (sent: unknown, change: object = {}) =>
    standard.parse(sent, { ...context, settings: { ...context.settings, fieldMapping, valueMapping, ...change } });

  test('any object becomes a report', () => {
    const parsed = parse(body);
    assert.ok(parsed.ok);
    const [report] = parsed.reports;
    assert.deepEqual(
      [report?.title, report?.status, report?.alertKey, report?.images.length],
      ['disk on db-1', 'Critical', '7', 1],
    );
    assert.deepEqual(report?.labels, { env: 'prod', 'app.kubernetes.io/name': 'shop' });
    assert.deepEqual(parsed.reply, { data: { alert_key: '7' } });
  });

  test('a list becomes several, and what is over recovers', () => {
    const parsed = parse([body, { ...body, state: 'resolved' }]);
    assert.ok(parsed.ok);
    assert.deepEqual(
      parsed.reports.map((report) => report.status),
      ['Critical', 'Ok'],
    );
  });

  const words: readonly [word: string, status: string][] = [
    ['critical', 'Critical'],
    ['OK', 'Ok'],
    ['high', 'Critical'],
    ['P3', 'Warning'],
  ];
  for (const [word, status] of words) {
    test(`the word ${word} is ${status}`, () => {
      const parsed = parse({ ...body, state: word });
      assert.ok(parsed.ok && parsed.reports[0]?.status === status);
    });
  }

  const refused: readonly [name: string, sent: unknown, fields: readonly string[]][] = [
    ['a word that nothing knows', { ...body, state: 'banana' }, ['event_status']],
    ['a path that is missing', { ...body, hosts: [] }, ['title']],
    ['one of a list', [body, { state: 'firing' }], ['[1].title', '[1].title', '[1].alert_key', '[1].labels']],
    ['no object', [5], ['[0]']],
    ['text', 'x', ['']],
    ['too long a list', Array.from({ length: 101 }, () => body), ['']],
    ['labels that are none', { ...body, tags: 'x' }, ['labels']],
  ];
  for (const [name, sent, fields] of refused) {
    test(`${name} is refused`, () => {
      const parsed = parse(sent);
      assert.ok(!parsed.ok);
      assert.deepEqual(
        parsed.faults.map((fault) => fault.field),
        fields,
      );
    });
  }
});
