import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChannelDirectory, defaultSettings, type Channel } from '../../channels/channel.ts';
import type { Condition } from '../../filters/condition.ts';
import type { Facts } from '../../filters/matcher.ts';
import { channelIdsIn, channelsFor, type AlertRoute, type RouteCase } from './route.ts';

const blank = { description: '', teamId: 0, status: 'enabled' as const, creatorId: 0, settings: defaultSettings };
const times = { createdAt: 0, updatedAt: 0, deletedAt: 0 };
const channel = (channelId: number, name: string): Channel => ({ ...blank, ...times, channelId, name });
const channels = new ChannelDirectory([channel(1, 'web'), channel(2, 'payment'), channel(3, 'rest')]);

const critical: Condition = { key: 'severity', oper: 'IN', vals: ['Critical'] };
const alert: Facts = { severity: 'Critical', labels: { team: 'payment' } };

const to = (channelIds: number[], changes: Partial<RouteCase> = {}): RouteCase => ({
  if: [],
  mode: 'standard',
  channelIds,
  label: '',
  fallsThrough: false,
  ...changes,
});
const byName = (label: string, changes: Partial<RouteCase> = {}) => to([], { mode: 'name_mapping', label, ...changes });

function route(cases: RouteCase[], defaultChannelIds?: number[]): AlertRoute {
  const who = { creatorId: 0, updatedBy: 0, createdAt: 0, updatedAt: 0 };
  return { integrationId: 7, cases, defaultChannelIds, sections: [], version: 1, ...who };
}

const rows: [string, AlertRoute, Facts, number[]][] = [
  ['the first case that hits ends the search', route([to([1]), to([2])]), alert, [1]],
  [
    'a case that falls through lets the next ones hit too',
    route([to([1], { fallsThrough: true }), to([2])]),
    alert,
    [1, 2],
  ],
  [
    'a case goes into all of its channels, each once',
    route([to([1, 2], { fallsThrough: true }), to([2, 3])]),
    alert,
    [1, 2, 3],
  ],
  ['a case that does not match is passed over', route([to([1], { if: [critical] }), to([2])]), { labels: {} }, [2]],
  ['the default is for what no case hits', route([to([1], { if: [critical] })], [3]), { labels: {} }, [3]],
  [
    'the default is for nothing else, even behind one that falls through',
    route([to([1], { fallsThrough: true })], [3]),
    alert,
    [1],
  ],
  ['without a default it goes nowhere', route([to([1], { if: [critical] })]), { labels: {} }, []],
  ['a label names the channel', route([byName('team')], [3]), alert, [2]],
  ['a label names the channel by its whole key', route([byName('labels.team')], [3]), alert, [2]],
  ['a name that no channel has is no hit', route([byName('team'), to([1])], [3]), { labels: { team: 'none' } }, [1]],
  ['a label that is missing is no hit', route([byName('team')], [3]), { labels: {} }, [3]],
];

for (const [name, one, facts, expected] of rows) {
  test(`routes: ${name}`, () => assert.deepEqual(channelsFor(one, facts, channels), expected));
}

test('the ids in a route are named each once', () => {
  assert.deepEqual(channelIdsIn(route([to([1, 2]), byName('team'), to([2])], [1, 3])), [1, 2, 3]);
  assert.deepEqual(channelIdsIn(route([])), []);
});
