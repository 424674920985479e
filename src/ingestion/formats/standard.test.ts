import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { context, fixture, now, onlyReport, plain, taken, wrongFields } from './fixtures/fixture.ts';
import { standard } from './standard.ts';

const smallest = { event_status: 'Warning', title_rule: 'disk' };

test('an event with everything becomes a report', () => {
  const body = {
    title_rule: '[TPL]${resource} / ${check}',
    event_status: 'Critical',
    alert_key: 'disk:db-3',
    event_time: now / 1000 - 60,
    description: '[MD]**/data** 91% full',
    labels: { resource: 'db-3', check: 'disk usage', team: null, cpu: 8 },
    images: [{ src: 'img_1', alt: 'usage', href: 'https://board.example.test' }],
    unknown_field: { is: 'ignored' },
  };
  const { reports, reply, ignored, skipped } = taken(standard, body);
  assert.deepEqual(reports, [
    {
      alertKey: 'disk:db-3',
      title: 'db-3 / disk usage',
      titleRule: '[TPL]${resource} / ${check}',
      description: '[MD]**/data** 91% full',
      status: 'Critical',
      labels: { resource: 'db-3', check: 'disk usage', cpu: '8' },
      images: [{ src: 'img_1', alt: 'usage', href: 'https://board.example.test' }],
      eventTime: now - 60_000,
      isSenderTime: true,
    },
  ]);
  assert.deepEqual(reply, { data: { alert_key: 'disk:db-3' } });
  assert.deepEqual([ignored, skipped], [0, []]);
});

describe('titles', () => {
  const rows: readonly [name: string, fields: Record<string, unknown>, title: string, titleRule: string][] = [
    ['title alone suffices', { title: 'down', title_rule: undefined }, 'down', ''],
    ['title_rule alone suffices', {}, 'disk', 'disk'],
    ['title wins over a rendered rule', { title: 'down', title_rule: '$a::$b' }, 'down', '$a::$b'],
    ['a blank title counts as absent', { title: ' \n' }, 'disk', 'disk'],
    [
      'the rule sees attributes',
      { title_rule: '[TPL]{{.AlertKey}} {{.IntegrationName}} {{.IntegrationType}}', alert_key: 'k' },
      'k Disk watch standard.alert',
      '[TPL]{{.AlertKey}} {{.IntegrationName}} {{.IntegrationType}}',
    ],
    [
      'a rule that renders to nothing gives the key',
      { title_rule: '[TPL]{{.Labels.a}}', alert_key: 'k' },
      'k',
      '[TPL]{{.Labels.a}}',
    ],
    ['a rule over 512 characters is cut', { title_rule: 'r'.repeat(600) }, 'r'.repeat(512), 'r'.repeat(512)],
    ['a title over 512 characters is cut', { title: 't'.repeat(600) }, 't'.repeat(512), 'disk'],
    ['control characters go', { title: 'a\u0000\u0007b\nc' }, 'ab c', 'disk'],
  ];
  for (const [name, fields, title, titleRule] of rows) {
    test(name, () => {
      const report = onlyReport(standard, { ...smallest, ...fields });
      assert.deepEqual([report.title, report.titleRule], [title, titleRule]);
    });
  }
});

describe('keys', () => {
  for (const absent of [undefined, null, '']) {
    test(`the key ${JSON.stringify(absent)} is absent, so one is made and returned`, () => {
      const { reports, reply } = taken(standard, { ...smallest, alert_key: absent });
      assert.equal(reports[0]?.alertKey, context.shortId());
      assert.deepEqual(reply, { data: { alert_key: context.shortId() } });
    });
  }

  test('the given key is echoed, and compared in its normal form', () => {
    const { reports, reply } = taken(standard, { ...smallest, alert_key: 'e\u0301' });
    assert.equal(reports[0]?.alertKey, '\u00e9');
    assert.deepEqual(reply, { data: { alert_key: 'e\u0301' } });
  });

  test('255 characters fit', () => {
    assert.equal(onlyReport(standard, { ...smallest, alert_key: '键'.repeat(255) }).alertKey.length, 255);
  });
});

describe('other fields', () => {
  const rows: readonly [name: string, fields: Record<string, unknown>, want: Record<string, unknown>][] = [
    ['no description is an empty one', { description: null }, { description: '' }],
    ['a description is cut at 6144', { description: '😀'.repeat(6200) }, { description: '😀'.repeat(6144) }],
    ['no time is now', {}, { eventTime: now }],
    ['a time of 0 is now', { event_time: 0 }, { eventTime: now }],
    ['a null time is now', { event_time: null }, { eventTime: now }],
    ['a time eight hours ahead is now', { event_time: now / 1000 + 28_800 }, { eventTime: now }],
    ['a time 40 days ahead is now', { event_time: now / 1000 + 3_456_000 }, { eventTime: now }],
    ['a fraction of a second is kept', { event_time: 1_795_519_500.25 }, { eventTime: 1_795_519_500_250 }],
    [
      'an image that cannot be shown is discarded',
      { images: [{ src: 'ftp://x/y.png' }, { src: `https://${'x'.repeat(256)}` }] },
      { images: [] },
    ],
    ['null for labels and images is none', { labels: null, images: null }, { images: [] }],
    [
      'Ok with a key needs no title',
      { event_status: 'Ok', title_rule: null, alert_key: 'k' },
      { status: 'Ok', title: 'k' },
    ],
  ];
  for (const [name, fields, want] of rows) {
    test(name, () => {
      const report = onlyReport(standard, { ...smallest, ...fields });
      assert.deepEqual({ ...report, ...want }, report);
    });
  }
  for (const status of ['Critical', 'Warning', 'Info']) {
    test(`${status} is taken as it is`, () => {
      assert.equal(onlyReport(standard, { ...smallest, event_status: status }).status, status);
    });
  }
});

describe('one bad image does not lose the alert', () => {
  const src = 'https://ok.example.test/1.png';
  const rows: readonly [name: string, images: unknown, kept: number, skipped: readonly string[]][] = [
    ['no src', [{ alt: 'graph' }, { src }], 1, ['images[0]']],
    ['not an object', ['x', 5, null, { src }], 1, ['images[0]', 'images[1]', 'images[2]']],
    ['a src that is no text', [{ src: 7 }], 0, ['images[0]']],
    ['a data URL', [{ src: 'data:image/png;base64,AA' }], 0, ['images[0]']],
    ['an alt and a link that are no text', [{ src, alt: 1, href: 2 }], 1, []],
    ['an object for the list', { src }, 0, ['images']],
    ['text for the list', 'x', 0, ['images']],
  ];
  for (const [name, images, kept, skipped] of rows) {
    test(name, () => {
      const { reports, reply } = taken(standard, { ...smallest, alert_key: 'k', images });
      assert.equal(reports[0]?.images.length, kept);
      assert.ok('data' in reply);
      const named = (reply.data['skipped'] ?? []) as { field: string }[];
      assert.deepEqual(
        named.map((fault) => fault.field),
        skipped,
      );
      assert.equal(reply.data['alert_key'], 'k');
    });
  }
});

test('labels over the limit are named in the reply', () => {
  const labels = Object.fromEntries(Array.from({ length: 55 }, (_, index) => [`l${10 + index}`, 'v']));
  const { reply } = taken(standard, { ...smallest, labels: { ...labels, 'Owner Team': 'pay' } });
  assert.match(JSON.stringify(reply), /left out: l59, l60, l61, l62, l63, l64/);
});

describe('refusals name every wrong field', () => {
  const rows: readonly [name: string, body: unknown, fields: readonly string[]][] = [
    ['an array', [smallest], ['']],
    ['text', 'disk', ['']],
    ['null', null, ['']],
    ['nothing in it', {}, ['event_status', 'title_rule']],
    ['a status in another case', { ...smallest, event_status: 'critical' }, ['event_status']],
    ['a status of another type', { ...smallest, event_status: 3 }, ['event_status']],
    ['no title', { event_status: 'Info' }, ['title_rule']],
    ['a blank title', { event_status: 'Info', title: '\t' }, ['title_rule']],
    ['Ok without a key', { ...smallest, event_status: 'Ok' }, ['alert_key']],
    ['Ok with an empty key', { ...smallest, event_status: 'Ok', alert_key: '' }, ['alert_key']],
    ['a long key', { ...smallest, alert_key: 'k'.repeat(256) }, ['alert_key']],
    [
      'a key of a megabyte of combining marks',
      { ...smallest, alert_key: `e${'\u0301\u0316'.repeat(400_000)}` },
      ['alert_key'],
    ],
    ['milliseconds', { ...smallest, event_time: now }, ['event_time']],
    ['the year 60000', { ...smallest, event_time: 1.83e12 }, ['event_time']],
    ['the year 1970', { ...smallest, event_time: 5 }, ['event_time']],
    ['a negative time', { ...smallest, event_time: -1 }, ['event_time']],
    ['a time as text', { ...smallest, event_time: '1795519500' }, ['event_time']],
    ['labels as an array', { ...smallest, labels: ['a=b'] }, ['labels']],
    ['labels as text', { ...smallest, labels: 'a=b' }, ['labels']],
    [
      'everything at once',
      { title: 1, title_rule: [], description: {}, alert_key: 5, event_status: 'bad', event_time: 'x', labels: 1 },
      ['title', 'title_rule', 'description', 'alert_key', 'event_status', 'event_time', 'labels'],
    ],
  ];
  for (const [name, body, fields] of rows) test(name, () => assert.deepEqual(wrongFields(standard, body), fields));

  test('the message says how to correct it', () => {
    const parsed = standard.parse({ ...smallest, event_time: now, event_status: 'critical' }, context);
    assert.ok(!parsed.ok);
    const [status, time] = parsed.faults.map((fault) => fault.message);
    assert.match(status ?? '', /is "critical": send "Critical", "Warning", "Info" or "Ok"/);
    assert.match(time ?? '', /looks like milliseconds/);
  });
});

describe('Uptime Kuma, which posts to the standard path', () => {
  const bodies = fixture('uptime-kuma');
  const rows: readonly [name: string, title: string, status: string, key: string, labels: Record<string, string>][] = [
    [
      'down',
      'Uptime Kuma Monitor 🔴 Down',
      'Critical',
      '17',
      { resource: 'https://shop.example.test', check: 'shop', team: 'web', 环境: 'prod' },
    ],
    ['up', 'Uptime Kuma Monitor ✅ Up', 'Ok', '17', { resource: 'https://shop.example.test', check: 'shop' }],
    ['test', 'Uptime Kuma Alert', 'Info', 'undefined', {}],
  ];
  for (const [name, title, status, key, labels] of rows) {
    test(name, () => {
      const report = onlyReport(standard, bodies[name]);
      assert.deepEqual([report.title, report.status, report.alertKey], [title, status, key]);
      assert.deepEqual(plain(report.labels), labels);
    });
  }
});
