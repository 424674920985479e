import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fixture, now, onlyReport, plain, taken, wrongFields } from './fixtures/fixture.ts';
import { prometheus } from './prometheus.ts';

const group = (...alerts: unknown[]) => ({ status: 'firing', version: '4', alerts });
const firing = { status: 'firing', labels: { alertname: 'A' }, annotations: {}, fingerprint: 'f1' };

test('a group gives one report per alert, and each has its own status', () => {
  const { reports, reply } = taken(prometheus, fixture('alertmanager-group'));
  const [disk, recovered] = reports;
  assert.ok(disk !== undefined && recovered !== undefined && reports.length === 2);
  assert.deepEqual(
    { ...disk, labels: plain(disk.labels) },
    {
      alertKey: '20c7e821a52907a9',
      title: 'DiskFilling / db-3:9100',
      titleRule: '',
      description: '/data is 91% full',
      status: 'Critical',
      labels: {
        alertname: 'DiskFilling',
        instance: 'db-3:9100',
        job: 'node',
        severity: 'critical',
        description: '/data is 91% full',
        summary: 'disk of db-3',
        runbook_url: 'https://runbooks.example.test/disk',
        generatorURL: 'http://prometheus.example.test/graph?g0.expr=disk',
      },
      images: [],
      eventTime: now,
    },
  );
  assert.deepEqual(
    [recovered.alertKey, recovered.status, recovered.description],
    ['fdbae362af4008f0', 'Ok', 'disk of db-4'],
  );
  assert.deepEqual(reply, { data: { accepted: 2, ignored: 0, skipped: [] } });
});

describe('one alert', () => {
  const rows: readonly [name: string, alert: Record<string, unknown>, want: Record<string, unknown>][] = [
    [
      'resolved wins over its severity',
      { status: 'resolved', labels: { alertname: 'A', severity: 'critical' } },
      { status: 'Ok' },
    ],
    ['no status takes the group’s', { status: undefined }, { status: 'Warning' }],
    ['no severity is a warning', {}, { status: 'Warning' }],
    ['the word ok recovers', { labels: { alertname: 'A', severity: 'ok' } }, { status: 'Ok' }],
    ['no instance: only the name', {}, { title: 'A' }],
    [
      'no name: the summary',
      { labels: { instance: 'x' }, annotations: { summary: 'S' } },
      { title: 'S', description: 'S' },
    ],
    ['no name and no annotation: the instance', { labels: { instance: 'x' } }, { title: 'x', description: '' }],
    ['nothing to say: the key', { labels: { job: 'x' } }, { title: 'f1' }],
    ['the description first', { annotations: { message: 'M', summary: 'S', description: 'D' } }, { description: 'D' }],
    ['then the summary', { annotations: { message: 'M', summary: 'S' } }, { description: 'S' }],
    ['then the message', { annotations: { message: 'M' } }, { description: 'M' }],
    [
      'a timestamp annotation is the time',
      { annotations: { timestamp: '1795519500' } },
      { eventTime: 1_795_519_500_000 },
    ],
    ['another text is no timestamp', { annotations: { timestamp: 'yesterday' } }, { eventTime: now }],
    ['a timestamp in milliseconds is not believed', { annotations: { timestamp: String(now) } }, { eventTime: now }],
    ['startsAt is not the time', { startsAt: '2026-01-02T03:04:05Z' }, { eventTime: now }],
    ['no annotations at all', { annotations: null }, { description: '' }],
  ];
  for (const [name, alert, want] of rows) {
    test(name, () => {
      const report = onlyReport(prometheus, group({ ...firing, ...alert }));
      assert.deepEqual({ ...report, ...want }, report);
    });
  }

  test('a very long fingerprint is replaced by its digest', () => {
    const report = onlyReport(prometheus, group({ ...firing, fingerprint: 'f'.repeat(300) }));
    assert.match(report.alertKey, /^[\da-f]{32}$/);
  });

  test('a label beats an annotation of the same name', () => {
    const report = onlyReport(
      prometheus,
      group({ ...firing, labels: { team: 'a' }, annotations: { team: 'b', team2: 'c' } }),
    );
    assert.deepEqual(plain(report.labels), { team: 'a', team2: 'c' });
  });

  test('without a fingerprint the labels are the key, in any order', () => {
    const one = onlyReport(prometheus, group({ labels: { a: '1', b: '2' } }));
    const other = onlyReport(prometheus, group({ labels: { b: '2', a: '1' }, annotations: { summary: 'later' } }));
    assert.equal(one.alertKey, other.alertKey);
  });

  test('prototype names in labels are labels', () => {
    const report = onlyReport(
      prometheus,
      group({ ...firing, labels: JSON.parse('{"__proto__":"x","constructor":"y"}') }),
    );
    assert.equal(JSON.stringify(report.labels), '{"__proto__":"x","constructor":"y"}');
  });
});

describe('a group with an odd item', () => {
  test('keeps the others and names the odd one, because the sender does not repeat a refused group', () => {
    const { reports, skipped, reply } = taken(
      prometheus,
      group(firing, 'x', { labels: {} }, { ...firing, fingerprint: 'f2' }),
    );
    assert.deepEqual(
      reports.map((report) => report.alertKey),
      ['f1', 'f2'],
    );
    assert.deepEqual(
      skipped.map((fault) => fault.field),
      ['alerts[1]', 'alerts[2]'],
    );
    assert.deepEqual(reply, { data: { accepted: 2, ignored: 0, skipped } });
  });

  test('a hundred odd items are summed up', () => {
    const { skipped } = taken(prometheus, group(firing, ...Array.from({ length: 100 }, () => 1)));
    assert.equal(skipped.length, 21);
    assert.match(skipped.at(-1)?.message ?? '', /80 more/);
  });

  test('an empty group is fine', () => assert.deepEqual(taken(prometheus, group()).reports, []));

  const rows: readonly [name: string, body: unknown, fields: readonly string[]][] = [
    ['no alerts', { status: 'firing' }, ['alerts']],
    ['alerts as an object', { alerts: {} }, ['alerts']],
    ['a bare array', [firing], ['alerts']],
    ['nothing readable', group(1, null), ['alerts[0]', 'alerts[1]']],
    ['more alerts than a body may hold', group(...Array.from({ length: 5001 }, () => firing)), ['alerts']],
  ];
  for (const [name, body, fields] of rows) {
    test(`${name} is refused`, () => assert.deepEqual(wrongFields(prometheus, body), fields));
  }
});
