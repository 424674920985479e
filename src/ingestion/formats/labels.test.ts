import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { plain } from './fixtures/fixture.ts';
import { fieldsOfPairs, isLabelName, keepLabels, labelName, titleFromLabels } from './labels.ts';
import { threadCpuMs } from '../../runtime/loop-meter.ts';

describe('labels', () => {
  test('values become text and nulls go', () => {
    const { labels } = keepLabels({
      text: 'a',
      number: 1.5,
      yes: true,
      none: null,
      list: [1, 'x'],
      object: { a: null },
      empty: '',
    });
    const want = { text: 'a', number: '1.5', yes: 'true', list: '[1,"x"]', object: '{"a":null}', empty: '' };
    assert.deepEqual(plain(labels), want);
  });

  test('a value is cut at 2048 characters', () => {
    assert.equal(keepLabels({ a: '😀'.repeat(3000) }).labels['a'], '😀'.repeat(2048));
  });

  test('beyond 50 the last names go', () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`l${String(99 - index)}`, index]));
    const kept = Object.keys(keepLabels(many).labels).toSorted();
    assert.deepEqual(kept, Object.keys(many).sort().slice(0, 50));
  });

  test('the first source wins a name, and a place', () => {
    const tags = Object.fromEntries(Array.from({ length: 49 }, (_, index) => [`tag_${index}`, 't']));
    const { labels } = keepLabels(tags, { tag_0: 'late', b: '1', a: '2' });
    assert.equal(labels['tag_0'], 't');
    assert.equal(labels['a'], '2');
    assert.equal(Object.keys(labels).length, 50);
    assert.equal(Object.hasOwn(labels, 'b'), false);
  });

  test('prototype names are names like others', () => {
    const { labels } = keepLabels(JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}'));
    assert.equal(JSON.stringify(labels), '{"__proto__":"a","constructor":"b","toString":"c"}');
    assert.deepEqual(Object.keys(labels), ['__proto__', 'constructor', 'toString']);
    assert.equal(Object.getPrototypeOf(labels), Object.prototype);
  });

  const names: readonly [name: string, isName: boolean][] = [
    ['alertname', true],
    ['_hidden', true],
    ['CamelCase9', true],
    ['service.name', true],
    ['app.kubernetes.io/name', true],
    ['env-prod', true],
    ['环境', true],
    ['a'.repeat(128), true],
    ['a'.repeat(129), false],
    ['', false],
    ['9lives', false],
    ['with space', false],
    ['semi;colon', false],
    ['new\nline', false],
    ['.dot', false],
  ];
  for (const [name, isName] of names) {
    test(`${JSON.stringify(name.slice(0, 20))} is ${isName ? 'a' : 'no'} label name`, () => {
      assert.equal(isLabelName(name), isName);
      assert.equal(Object.hasOwn(keepLabels({ [name]: 'x' }).labels, name), isName);
    });
  }

  const captions: readonly [caption: string, name: string][] = [
    ['p99 (ms)', 'p99__ms_'],
    ['Env (prod)', 'Env__prod_'],
    [' x', '_x'],
    ['a😀b', 'a_b'],
    ['Error Code', 'Error_Code'],
    ['1st', '_1st'],
    ['host', 'host'],
    ['', '_'],
    ['a@b', 'a_b'],
    ['-x', '_-x'],
  ];
  for (const [caption, name] of captions) {
    test(`the caption ${JSON.stringify(caption)} names the label ${JSON.stringify(name)}`, () => {
      assert.equal(labelName(caption), name);
    });
  }
});

describe('names that cannot be a label’s are changed, never dropped', () => {
  const rows: readonly [name: string, sent: Record<string, unknown>, kept: Record<string, string>][] = [
    [
      'blanks, colons, at signs and digits in front',
      { 'my label': 1, 'host:port': 2, 'Display Name': 'db', '1abc': 4, 'a@b': 5 },
      { my_label: '1', host_port: '2', Display_Name: 'db', _1abc: '4', a_b: '5' },
    ],
    ['two that fall together', { 'a b': 1, 'a:b': 2, 'a@b': 3 }, { a_b: '1', a_b_2: '2', a_b_3: '3' }],
    ['a sound name keeps itself', { 'a b': 1, a_b: 2 }, { a_b_2: '1', a_b: '2' }],
    ['and its number', { 'a b': 1, 'a:b': 2, a_b_2: 3 }, { a_b: '1', a_b_3: '2', a_b_2: '3' }],
    ['nothing sound in it', { '@@': 1, '': 2, '  ': 3 }, { __: '1', _: '2', ___2: '3' }],
    ['a name of a full-width colon', { '主机：端口': 1 }, { 主机_端口: '1' }],
    ['a long name is cut', { ['n'.repeat(200)]: 1 }, { ['n'.repeat(128)]: '1' }],
    [
      'long ones that fall together',
      { [`${'n'.repeat(200)}a`]: 1, [`${'n'.repeat(200)}b`]: 2 },
      { ['n'.repeat(128)]: '1', [`${'n'.repeat(126)}_2`]: '2' },
    ],
  ];
  for (const [name, sent, kept] of rows) test(name, () => assert.deepEqual(plain(keepLabels(sent).labels), kept));

  test('in two sources', () => {
    assert.deepEqual(plain(keepLabels({ 'a b': 1 }, { 'a:b': 2, 'a b': 3 }).labels), { a_b: '1', a_b_2: '2' });
  });
});

describe('of more than 50', () => {
  const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`l_${10 + index}`, 'v']));

  test('the well-known stay, wherever they stand, and the others are named', () => {
    const { labels, dropped } = keepLabels(
      { ...many, severity: 's' },
      { summary: 'sum', runbook_url: 'r' },
      { generatorURL: 'g' },
    );
    assert.equal(Object.keys(labels).length, 50);
    for (const name of ['severity', 'summary', 'runbook_url', 'generatorURL', 'l_55']) assert.ok(name in labels, name);
    assert.deepEqual(dropped, Object.keys(many).slice(46));
  });

  test('exactly 50 all stay', () => {
    const fifty = Object.fromEntries(Object.entries(many).slice(0, 50));
    assert.deepEqual(keepLabels(fifty), { labels: fifty, dropped: [] });
  });

  test('51 lose the last by name, not by place', () => {
    const { dropped } = keepLabels({ z: 1, ...Object.fromEntries(Object.entries(many).slice(0, 50)) });
    assert.deepEqual(dropped, ['z']);
  });

  test('a hundred thousand labels are looked through at once', () => {
    const flood = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`label ${index}`, 'v']));
    const before = threadCpuMs();
    assert.equal(Object.keys(keepLabels(flood).labels).length, 50);
    assert.ok(threadCpuMs() - before < 1000);
  });
});

test('tags that come as pairs: another value under the same name is kept, the same one is there once', () => {
  const pairs = [
    ['scope', 'a'],
    ['scope_2', 'x'],
    ['scope', 'b'],
    ['scope', 'a'],
    ['', 'y'],
    ['scope', 'c'],
  ] as const;
  assert.deepEqual({ ...fieldsOfPairs(pairs) }, { scope: 'a', scope_2: 'x', scope_3: 'b', scope_4: 'c' });
});

describe('a title made of labels', () => {
  const rows: readonly [labels: Record<string, string>, title: string][] = [
    [{ severity: 'critical', pod: 'web-1', namespace: 'shop' }, 'web-1 / shop'],
    [{ host: 'db-1', service: 'mysql', mount: '/data' }, 'mysql / db-1'],
    [{ severity: 'x', zone: 'a', disk: 'sda', x: 'y' }, 'zone=a / disk=sda'],
    [{ uuid: '0a1b2c3d4e5f60718293a4b5c6d7e8f9', token: '6b0cb65f-1d15-4693-b35a-a57f6b0cb65f' }, ''],
    [{ fingerprint: 'abc', rule_id: '7', generatorURL: 'http://x' }, ''],
    [{}, ''],
  ];
  for (const [labels, title] of rows) test(title, () => assert.equal(titleFromLabels(labels), title));
});
