import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Condition } from './condition.ts';
import { compileConditions, compileFilter, factOf, matchesAll, matchesFilter, type Facts } from './matcher.ts';
import { threadCpuMs } from '../runtime/loop-meter.ts';

const facts: Facts = {
  severity: 'Critical',
  status: 'Warning',
  title: 'db-3 / disk usage',
  description: '',
  integrationId: 31,
  alertKey: 'disk:db-3',
  titleRule: '$resource::$check',
  labels: {
    service: 'pay-core',
    env: 'prod',
    ip: '10.1.2.3',
    ip6: '2001:db8::7',
    mapped: '::ffff:10.1.2.3',
    value: '91.5',
    empty: '',
    lines: 'one\ntwo',
    emoji: 'disk 💾 full',
  },
};

const condition = (key: string, oper: Condition['oper'], ...vals: string[]): Condition => ({ key, oper, vals });
const IN = (key: string, ...vals: string[]) => condition(key, 'IN', ...vals);
const NOTIN = (key: string, ...vals: string[]) => condition(key, 'NOTIN', ...vals);

/** Every row of the table of contract 7.1, and its edges. */
const rows: [string, Condition, boolean][] = [
  ['a severity', IN('severity', 'Critical'), true],
  ['one of several severities', IN('severity', 'Warning', 'Critical'), true],
  ['a status', IN('status', 'Warning'), true],
  ['a title as a whole', IN('title', 'db-3 / disk usage'), true],
  ['a part of a title is not the title', IN('title', 'disk usage'), false],
  ['the case counts', IN('severity', 'critical'), false],
  ['an integration by its id', IN('integration_id', '31'), true],
  ['an integration by its older name', IN('data_source_id', '31'), true],
  ['another integration', IN('integration_id', '32'), false],
  ['a label', IN('labels.env', 'prod'), true],
  ['an alert key', IN('alert_key', 'disk:*'), true],
  ['a title rule', IN('title_rule', '$resource::$check'), true],
  ['a dedup key, which an alert does not have', IN('dedup_key', '*'), false],
  ['the old name event_severity', IN('event_severity', 'Critical'), true],
  ['the old name alert_severity', IN('alert_severity', 'Critical'), true],
  ['the old name incident_severity', IN('incident_severity', 'Critical'), true],
  ['the old name alert_status', IN('alert_status', 'Warning'), true],
  ['the old name incident_status', IN('incident_status', 'Warning'), true],
  ['none of the values', NOTIN('severity', 'Warning', 'Info'), true],
  ['not none of the values', NOTIN('severity', 'Info', 'Critical'), false],
  ['a regular expression is found anywhere', IN('title', '/disk/'), true],
  ['a regular expression with anchors', IN('title', '/^disk/'), false],
  ['a regular expression of alternatives', NOTIN('labels.env', '/^(dev|test)$/'), true],
  ['a regular expression that ignores case', IN('title', '/(?i)DISK/'), true],
  ['a regular expression that cannot be read', IN('title', '/(/'), false],
  ['a regular expression with a look-ahead, which RE2 has not', IN('title', '/(?=disk)/'), false],
  ['a slash at one end only is text', IN('title', '/disk'), false],
  ['a wildcard at the end', IN('labels.service', 'pay-*'), true],
  ['a wildcard at the start', IN('labels.service', '*-core'), true],
  ['a wildcard in the middle', IN('labels.service', 'p*e'), true],
  ['a wildcard is for the whole value', IN('labels.service', 'ay-*'), false],
  ['a question mark is one character', IN('labels.env', 'pro?'), true],
  ['a question mark is not none', IN('labels.env', 'prod?'), false],
  ['a question mark is one character beyond the first plane', IN('labels.emoji', 'disk ? full'), true],
  ['a wildcard crosses lines', IN('labels.lines', 'one*two'), true],
  ['characters of regular expressions are text in a wildcard', IN('labels.service', 'pay.*'), false],
  ['a key that exists', IN('labels.env', '*'), true],
  ['a key that exists with an empty value', IN('labels.empty', '*'), true],
  ['a key that does not exist', IN('labels.nope', '*'), false],
  ['a key that is missing, as wanted', NOTIN('labels.nope', '*'), true],
  ['a key that is missing, as not wanted', NOTIN('labels.env', '*'), false],
  ['an empty attribute is missing', IN('description', '*'), false],
  ['a missing key never matches IN', IN('labels.nope', ''), false],
  ['a missing key always matches NOTIN', NOTIN('labels.nope', 'x'), true],
  ['what every object inherits is no label', IN('labels.constructor', '*'), false],
  ['a network', IN('labels.ip', 'cidr:10.0.0.0/8'), true],
  ['a network with bits of a host', IN('labels.ip', 'cidr:10.1.2.200/24'), true],
  ['another network', IN('labels.ip', 'cidr:192.168.0.0/16'), false],
  ['a network of version 6', IN('labels.ip6', 'cidr:2001:db8::/32'), true],
  ['an address of version 4 in a network of version 6', IN('labels.ip', 'cidr:::/0'), false],
  ['a mapped address is the one that it stands for', IN('labels.mapped', 'cidr:10.0.0.0/8'), true],
  ['what is no address is in no network', IN('labels.env', 'cidr:0.0.0.0/0'), false],
  ['a network that cannot be read', IN('labels.ip', 'cidr:10.0.0.0/33'), false],
  ['greater', IN('labels.value', 'num:gt:91.4'), true],
  ['not greater than itself', IN('labels.value', 'num:gt:91.5'), false],
  ['greater or equal', IN('labels.value', 'num:ge:91.5'), true],
  ['less', IN('labels.value', 'num:lt:100'), true],
  ['not less than itself', IN('labels.value', 'num:lt:91.5'), false],
  ['less or equal', IN('labels.value', 'num:le:91.5'), true],
  ['a limit as a power of ten', IN('labels.value', 'num:gt:1e1'), true],
  ['what is no number compares with none', IN('labels.env', 'num:ge:0'), false],
  ['an empty value is no number', IN('labels.empty', 'num:ge:0'), false],
  ['a limit that is no number', IN('labels.value', 'num:gt:high'), false],
  ['an unknown comparison is text', IN('labels.value', 'num:eq:91.5'), false],
];

describe('a condition', () => {
  for (const [name, one, expected] of rows) {
    test(name, () => assert.equal(compileConditions([one])(facts), expected));
  }
});

test('the groups of a filter are alternatives, and the conditions of a group are all needed', () => {
  const [yes, no] = [IN('severity', 'Critical'), IN('severity', 'Info')];
  assert.equal(compileFilter([[yes, no], [yes]])(facts), true);
  assert.equal(compileFilter([[yes, no], [no]])(facts), false);
  assert.equal(compileFilter([])(facts), false);
  assert.equal(compileConditions([])(facts), true);
});

test('a filter is compiled once, and asked by its object', () => {
  const filter = [[IN('severity', 'Critical')]];
  assert.equal(matchesFilter(filter, facts), true);
  assert.equal(matchesFilter(filter, { ...facts, severity: 'Info' }), false);
  assert.equal(matchesAll([IN('labels.env', 'prod')], facts), true);
});

test('a fact is read by the key that conditions name it with', () => {
  assert.equal(factOf(facts, 'labels.env'), 'prod');
  assert.equal(factOf(facts, 'data_source_id'), '31');
  assert.equal(factOf(facts, 'unknown'), undefined);
});

test('a value of half a million digits is no number, and is found to be none at once', () => {
  const started = threadCpuMs();
  const compare = compileConditions([IN('labels.a', 'num:gt:1')]);
  for (const value of ['9'.repeat(500_000), `${'9'.repeat(500_000)}x`, `1.${'0'.repeat(500_000)}e`]) {
    assert.equal(compare({ labels: { a: value } }), false);
  }
  assert.ok(threadCpuMs() - started < 50);
});

test('an expression that makes other engines stand still takes no time', () => {
  const started = threadCpuMs();
  const evil = ['/^(a+)+$/', '/(a|aa)+$/', '/^(a|a?)+$/', `/${'a?'.repeat(40)}${'a'.repeat(40)}$/`, '*a*a*a*a*a*a*a*b'];
  const text = `${'a'.repeat(2000)}!`;
  for (const pattern of evil)
    assert.equal(compileConditions([IN('title', pattern)])({ title: text, labels: {} }), false);
  assert.ok(threadCpuMs() - started < 2000);
});

const anyPattern = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '/', '(', ')', '[', ']', '|', '+', '{', '}', '\\', '.', '1') }),
  fc.string().map((text) => `/${text}/`),
  fc.string().map((text) => `cidr:${text}`),
  fc.string().map((text) => `num:gt:${text}`),
);

test('no filter throws, whatever its values and the facts are', () => {
  fc.assert(
    fc.property(fc.array(anyPattern, { maxLength: 4 }), fc.string({ unit: 'binary' }), (vals, value) => {
      const group = [IN('title', ...vals), NOTIN('labels.a', ...vals)];
      assert.equal(typeof compileFilter([group])({ title: value, labels: { a: value } }), 'boolean');
    }),
    { numRuns: 400 },
  );
});

const small = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });

test('a wildcard agrees with its plain definition', () => {
  const plain = (pattern: string, value: string): boolean => {
    const [first, rest] = [pattern[0], pattern.slice(1)];
    if (first === undefined) return value === '';
    if (first === '*') return plain(rest, value) || (value !== '' && plain(pattern, value.slice(1)));
    return value !== '' && (first === '?' || first === value[0]) && plain(rest, value.slice(1));
  };
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 6 });
  fc.assert(
    fc.property(pattern, small, (text, value) => {
      assert.equal(compileConditions([IN('labels.a', text)])({ labels: { a: value } }), plain(text, value));
    }),
    { numRuns: 1000 },
  );
});

test('a regular expression agrees with the language’s own engine where both have it', () => {
  const { regex } = fc.letrec<{ regex: string }>((tie) => ({
    regex: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '^', '$'),
      fc.tuple(tie('regex'), tie('regex')).map((pair) => pair.join('')),
      fc.tuple(tie('regex'), tie('regex')).map(([left, right]) => `(?:${left}|${right})`),
      fc.tuple(tie('regex'), fc.constantFrom('*', '+', '?')).map(([one, times]) => `(?:${one})${times}`),
    ),
  }));
  fc.assert(
    fc.property(regex, small, (source, value) => {
      const own = new RegExp(source, 'u').test(value);
      assert.equal(compileConditions([IN('labels.a', `/${source}/`)])({ labels: { a: value } }), own);
    }),
    { numRuns: 500 },
  );
});
