import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyMaxChars, idMeant, withoutSecrets } from './audit-body.ts';

test('the body is kept without anything that may be a secret', () => {
  const cases: [string, unknown, unknown][] = [
    [
      'plain',
      { name: 'ops', channel_ids: [1], on: true, none: null },
      { name: 'ops', channel_ids: [1], on: true, none: null },
    ],
    ['a secret', { secret: 'whsec_abc' }, { secret: '(hidden)' }],
    ['no secret', { secret: '' }, { secret: '' }],
    [
      'headers',
      { headers: { Authorization: 'Bearer x', 'X-A': 'b' } },
      { headers: { Authorization: '(hidden)', 'X-A': '(hidden)' } },
    ],
    ['an endpoint', { endpoint: 'https://u:p@a.example/T0/x?k=v' }, { endpoint: 'https://a.example/(hidden)' }],
    ['no endpoint', { endpoint: 'nonsense' }, { endpoint: '(hidden)' }],
    ['a template', { body_template: '{"token":"x"}' }, { body_template: '(hidden)' }],
    ['inside', { retry: { api_key: 'x', on: 'any' } }, { retry: { api_key: '(hidden)', on: 'any' } }],
    ['in a list', { members: [{ password: 'x' }] }, { members: [{ password: '(hidden)' }] }],
    ['a switch', { is_token: false }, { is_token: false }],
    [
      'a condition',
      { filters: [[{ key: 'severity', vals: ['Info'] }]] },
      { filters: [[{ key: 'severity', vals: ['Info'] }]] },
    ],
  ];
  for (const [name, input, wanted] of cases) assert.deepEqual(JSON.parse(withoutSecrets(input)), wanted, name);
});

test('of a long request only the names of its fields are kept', () => {
  const body = withoutSecrets({ name: 'x', text: 'y'.repeat(bodyMaxChars) });
  assert.deepEqual(JSON.parse(body), { too_long: true, fields: ['name', 'text'] });
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`${index}`.padEnd(400), 'x']));
  assert.ok(withoutSecrets(many).length <= bodyMaxChars + 2000);
});

test('the id is that of the most specific thing', () => {
  const cases: [unknown, string][] = [
    [{ channel_id: 1, rule_id: 'r' }, 'r'],
    [{ channel_id: 1 }, '1'],
    [{ integration_id: 5, event_id: 'e' }, 'e'],
    [{ incident_ids: ['a', 'b'] }, 'a,b'],
    [{}, ''],
    [undefined, ''],
  ];
  for (const [input, wanted] of cases) assert.equal(idMeant(input), wanted);
});
