import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testLayer } from '../../../test/support/incident-rows.ts';
import { People } from '../../members/people.ts';
import type { Member } from '../../members/member.ts';
import type { Team } from '../../members/team.ts';
import { Escalations, RuleDirectory, type EscalationRule, type EscalationSettings } from './rule.ts';
import { incidentByHand, type Incident } from '../incident.ts';

/** A Monday, 00:40 UTC. */
const now = Date.UTC(2026, 5, 1, 0, 40);
const channelId = 7;

function member(memberId: number, email: string): Member {
  const blank = { countryCode: '', phone: '', locale: 'en-US', timeZone: 'UTC', refId: '' };
  return { ...blank, memberId, email, name: email, role: 'responder', status: 'enabled', createdAt: 0, updatedAt: 0 };
}

function team(teamId: number, personIds: readonly number[]): Team {
  const blank = { name: 'team', description: '', refId: '', creatorId: 0, updatedBy: 0, createdAt: 0, updatedAt: 0 };
  return { ...blank, teamId, personIds };
}

const people = new People(
  [member(1, 'ann@example.test'), member(2, 'bob@example.test'), member(3, 'cyd@example.test')],
  [team(50, [2, 3]), team(51, [])],
);

function rule(ruleId: string, settings: Partial<EscalationSettings>, change: Partial<EscalationRule> = {}) {
  const blank = { templateId: '', aggrWindowSeconds: 0, layers: [], filters: [], timeFilters: [], timeZone: 'UTC' };
  const made: EscalationRule = {
    ruleId,
    channelId,
    name: `rule ${ruleId}`,
    description: '',
    status: 'enabled',
    priority: 0,
    settings: { ...blank, ...settings },
    updatedBy: 0,
    createdAt: 0,
    updatedAt: 0,
    ...change,
  };
  return made;
}

function incident(change: Partial<Incident> = {}): Incident {
  const input = { title: 'disk full', description: '', severity: 'Warning', channelId, fields: {} } as const;
  return { ...incidentByHand('6a1f00c2d4e5f60718293a4b', input, 0, now), ...change };
}

function first(rules: readonly EscalationRule[], change: Partial<Incident> = {}) {
  return new Escalations(new RuleDirectory(rules), people).first(incident(change), now);
}

const ann = { layers: [testLayer({ personIds: [1] })] };
const bob = { layers: [testLayer({ personIds: [2] })] };

test('the rule with the lowest priority that takes the incident has it; of equal ones the oldest', () => {
  const cases: [string, readonly EscalationRule[], string | undefined][] = [
    ['no rule', [], undefined],
    ['priority', [rule('a', ann, { priority: 2 }), rule('b', bob, { priority: 1 })], 'b'],
    ['age', [rule('a', ann), rule('b', bob)], 'a'],
    ['disabled', [rule('a', ann, { status: 'disabled' }), rule('b', bob)], 'b'],
    ['another channel', [rule('a', ann, { channelId: 8 })], undefined],
    ['filter', [rule('a', { ...ann, filters: severityIs('Critical') }), rule('b', bob)], 'b'],
    ['filter that holds', [rule('a', { ...ann, filters: severityIs('Warning') }), rule('b', bob)], 'a'],
    ['at night', [rule('a', { ...ann, timeFilters: [{ start: '22:00', end: '06:00', repeat: [0] }] })], 'a'],
    ['by day', [rule('a', { ...ann, timeFilters: [{ start: '06:00', end: '22:00', repeat: [0, 1] }] })], undefined],
    ['by day elsewhere', [rule('a', { ...ann, ...inShanghai })], 'a'],
    ['the first that takes it decides, even with nobody', [rule('a', nobody), rule('b', bob)], undefined],
  ];
  for (const [name, rules, wanted] of cases) assert.equal(first(rules)?.escalateRuleId, wanted, name);
});

const nobody = { layers: [testLayer({ teamIds: [51] })] };
const inShanghai = { timeZone: 'Asia/Shanghai', timeFilters: [{ start: '08:00', end: '09:00', repeat: [1] }] };

function severityIs(severity: string): EscalationSettings['filters'] {
  return [[{ key: 'severity', oper: 'IN', vals: [severity] }]];
}

test('persons, teams and addresses of a layer are resolved, each person once, and who is unknown is passed over', () => {
  const target = { personIds: [2, 99], teamIds: [50, 98], emails: ['ANN@example.test', 'nobody@example.test'] };
  assert.deepEqual(first([rule('a', { layers: [testLayer(target)] })])?.to, [2, 3, 1]);
});

test('a label takes the place of the people of its layer, if it names a member', () => {
  const labels = (value: string) => ({ labels: { layer_person_reset_0_emails: value } });
  const cases: [string, number[]][] = [
    ['bob@example.test, Cyd@example.test', [2, 3]],
    ['nobody@example.test', [1]],
    ['', [1]],
  ];
  for (const [value, wanted] of cases) assert.deepEqual(first([rule('a', ann)], labels(value))?.to, wanted, value);
  assert.deepEqual(first([rule('a', ann)], { labels: { layer_person_reset_1_emails: 'bob@example.test' } })?.to, [1]);
});

test('a layer that has nobody is passed over', () => {
  const layers = [testLayer({ teamIds: [51] }), testLayer({ personIds: [3] })];
  const turn = first([rule('a', { layers })]);
  assert.deepEqual([turn?.layerIdx, turn?.to], [1, [3]]);
});

test('the wait for the next layer is the window, and the delay of notifications before the first', () => {
  const layers = [
    testLayer({ personIds: [1] }),
    testLayer({ personIds: [2], forceEscalate: true }),
    testLayer({ personIds: [3] }),
  ];
  const escalations = new Escalations(new RuleDirectory([rule('a', { layers, aggrWindowSeconds: 90 })]), people);
  const turns = [0, 1, 2].map((index) => {
    const assignedTo = { ...direct, escalateRuleId: 'a', layerIdx: index - 1 };
    return escalations.next(incident({ assignedTo }))?.escalation;
  });
  assert.deepEqual(turns, [{ afterMs: 690_000, force: false }, { afterMs: 600_000, force: true }, undefined]);
  assert.equal(escalations.next(incident({ assignedTo: { ...direct, escalateRuleId: 'a', layerIdx: 2 } })), undefined);
  assert.equal(escalations.next(incident({ assignedTo: { ...direct, escalateRuleId: 'gone' } })), undefined);
});

const direct = {
  id: '2',
  type: 'assign',
  assignedAt: now,
  escalateRuleId: '',
  escalateRuleName: '',
  layerIdx: 0,
  personIds: [],
} as const;
