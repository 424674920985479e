import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyReport, type Alert } from '../../alerts/alert.ts';
import { defaultSettings, type ChannelGroup } from '../../channels/channel.ts';
import type { Condition } from '../../filters/condition.ts';
import { groupingDigests, windowEnd } from './digests.ts';

const noGrouping = defaultSettings.group;

function alert(labels: Record<string, string>, title = 'disk'): Alert {
  const outcome = applyReport(
    undefined,
    { alertKey: 'k', title, titleRule: '', description: '', status: 'Info', labels, images: [], eventTime: 1 },
    { alertId: () => 'a', integrationId: 1, channelId: 2, now: 1, mergeWindowMs: 1000 },
  );
  assert.ok(outcome.kind === 'opened');
  return outcome.alert;
}

const rule = (changes: Partial<ChannelGroup>): ChannelGroup => ({ ...noGrouping, method: 'p', ...changes });

const web: Condition = { key: 'labels.service', oper: 'IN', vals: ['web*'] };

function alike(group: ChannelGroup, a: Alert, b: Alert): boolean {
  const digests = groupingDigests(group, a);
  return groupingDigests(group, b).some((digest) => digests.includes(digest));
}

const rows: [string, ChannelGroup, Alert, Alert, boolean][] = [
  ['no grouping makes nothing alike', noGrouping, alert({ a: '1' }), alert({ a: '1' }), false],
  ['equal in all of one set', rule({ equals: [['labels.a', 'title']] }), alert({ a: '1' }), alert({ a: '1' }), true],
  [
    'the order of a set does not matter',
    rule({
      equals: [
        ['title', 'labels.a'],
        ['labels.a', 'title'],
      ],
    }),
    alert({ a: '1' }),
    alert({ a: '1' }),
    true,
  ],
  [
    'different in one of a set',
    rule({ equals: [['labels.a', 'labels.b']] }),
    alert({ a: '1', b: '1' }),
    alert({ a: '1', b: '2' }),
    false,
  ],
  [
    'alike by the second set',
    rule({ equals: [['labels.a'], ['labels.b']] }),
    alert({ a: '1', b: '9' }),
    alert({ a: '2', b: '9' }),
    true,
  ],
  [
    'values of different sets do not mix',
    rule({ equals: [['labels.a'], ['labels.b']] }),
    alert({ a: '9', b: '1' }),
    alert({ a: '1', b: '9' }),
    false,
  ],
  ['empty on both sides is equal', rule({ equals: [['labels.a']] }), alert({}), alert({}), true],
  [
    'empty on both sides is different when strict',
    rule({ equals: [['labels.a']], allEqualsRequired: true }),
    alert({}),
    alert({}),
    false,
  ],
  [
    'an inherited property is no label',
    rule({ equals: [['labels.constructor']], allEqualsRequired: true }),
    alert({}),
    alert({}),
    false,
  ],
  [
    'alike by the case that matches, where the channel’s own set says otherwise',
    rule({ equals: [['labels.b']], cases: [{ if: [web], equals: ['labels.a'] }] }),
    alert({ service: 'web', a: '1', b: '1' }),
    alert({ service: 'web', a: '1', b: '2' }),
    true,
  ],
  [
    'different by the case that matches, where the channel’s own set says otherwise',
    rule({ equals: [['labels.b']], cases: [{ if: [web], equals: ['labels.a'] }] }),
    alert({ service: 'web', a: '1', b: '1' }),
    alert({ service: 'web', a: '2', b: '1' }),
    false,
  ],
  [
    'alike by the channel’s own set, where no case matches',
    rule({ equals: [['labels.b']], cases: [{ if: [web], equals: ['labels.a'] }] }),
    alert({ a: '1', b: '1' }),
    alert({ a: '2', b: '1' }),
    true,
  ],
  [
    'the first case that matches decides, and the next one is not asked',
    rule({
      cases: [
        { if: [web], equals: ['labels.a'] },
        { if: [web], equals: ['labels.b'] },
      ],
    }),
    alert({ service: 'web', a: '1', b: '1' }),
    alert({ service: 'web', a: '2', b: '1' }),
    false,
  ],
  [
    'a case asks for all of its conditions',
    rule({ cases: [{ if: [web, { key: 'severity', oper: 'IN', vals: ['Critical'] }], equals: ['title'] }] }),
    alert({ service: 'web' }),
    alert({ service: 'web' }),
    false,
  ],
];

for (const [name, group, a, b, expected] of rows) {
  test(name, () => assert.equal(alike(group, a, b), expected));
}

test('a window ends so many minutes on, and 0 never does', () => {
  assert.equal(windowEnd(rule({ timeWindowMinutes: 5 }), 1000), 301_000);
  assert.equal(windowEnd(rule({}), 1000), 0);
});
