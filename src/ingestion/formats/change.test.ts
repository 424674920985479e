import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { defaultSettings } from './settings.ts';
import { parsePagerdutyChange, parseStandardChange } from './change.ts';
import type { ParseContext } from './format.ts';

const now = Date.parse('2026-11-24T12:00:00Z');
const context: ParseContext = {
  now,
  shortId: () => 'made',
  integrationName: 'ci',
  integrationType: 'standard.alert',
  settings: defaultSettings,
  path: '',
};

function taken(parsed: ReturnType<typeof parseStandardChange>) {
  if (!parsed.ok || parsed.change === undefined) assert.fail(JSON.stringify(parsed));
  return { ...parsed, change: parsed.change };
}

describe('a standard change', () => {
  test('has its fields as they were sent', () => {
    const body = {
      change_key: 'k',
      change_status: ' canceled ',
      title: 'a\nb',
      description: 'd',
      link: 'https://ci/1',
      labels: { service: 'pay', 'a b': 7, none: null },
      event_time: now / 1000 - 60,
    };
    assert.deepEqual(taken(parseStandardChange(body, context)).change, {
      changeKey: 'k',
      title: 'a b',
      description: 'd',
      status: 'Canceled',
      labels: { service: 'pay', a_b: '7' },
      link: 'https://ci/1',
      eventTime: now - 60_000,
    });
  });

  test('needs a title only: it is done, now, under a new key', () => {
    for (const empty of [undefined, null, '']) {
      const body = { title: 't', change_key: empty, change_status: empty, description: empty, link: empty };
      const { change, reply } = taken(parseStandardChange(body, context));
      assert.deepEqual([change.changeKey, change.status, change.eventTime], ['made', 'Done', now]);
      assert.deepEqual(reply, { data: { change_key: 'made' } });
    }
  });

  test('is cut at the limits, and the reply names labels that are left out', () => {
    const labels = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`l${index}`, index]));
    const body = { title: 't'.repeat(600), description: 'd'.repeat(7000), link: 'l'.repeat(3000), labels };
    const { change, skipped } = taken(parseStandardChange(body, context));
    assert.deepEqual([change.title.length, change.description.length, change.link.length], [512, 6144, 2048]);
    assert.deepEqual([Object.keys(change.labels).length, skipped.map(({ field }) => field)], [50, ['labels']]);
  });

  test('is refused with every fault', () => {
    const long = 'k'.repeat(256);
    const rows: readonly [body: unknown, fields: string[]][] = [
      [[], ['']],
      [{}, ['title']],
      [{ title: ' ' }, ['title']],
      [
        { title: 't', change_status: 'Finished', change_key: long, labels: 'x' },
        ['change_status', 'change_key', 'labels'],
      ],
      [{ title: 't', change_key: 7 }, ['change_key']],
      [{ title: 't', change_status: 7 }, ['change_status']],
    ];
    for (const [body, fields] of rows) {
      const parsed = parseStandardChange(body, context);
      assert.ok(!parsed.ok, JSON.stringify(body));
      assert.deepEqual(
        parsed.faults.map(({ field }) => field),
        fields,
      );
    }
  });
});

test('a change event of PagerDuty is a change that is done, with its details as labels', () => {
  const body = {
    routing_key: 'r',
    payload: {
      summary: 'Build 7',
      source: 'ci-1',
      timestamp: '2026-11-24T11:00:00Z',
      custom_details: { build_state: 'passed', run_time: 1200 },
    },
    links: [
      { href: 'https://ci/7', text: 'the build' },
      { href: 'https://git/7', text: 'the commit' },
    ],
  };
  assert.deepEqual(taken(parsePagerdutyChange(body, context)).change, {
    changeKey: 'made',
    title: 'Build 7',
    description: 'the commit: https://git/7',
    status: 'Done',
    labels: { source: 'ci-1', build_state: 'passed', run_time: '1200' },
    link: 'https://ci/7',
    eventTime: Date.parse('2026-11-24T11:00:00Z'),
  });
  const blank = parsePagerdutyChange({ routing_key: 'r', payload: { summary: ' ' } }, context);
  assert.ok(!blank.ok && blank.faults[0]?.field === 'payload.summary');
});
