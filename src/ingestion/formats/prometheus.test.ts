import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fixture, now, onlyReport, plain, taken, wrongFields } from './fixtures/fixture.ts';
import { prometheus, truncatedMax } from './prometheus.ts';

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
        externalURL: 'http://alertmanager.example.test:9093',
      },
      images: [],
      eventTime: now,
      startedAt: Date.UTC(2026, 10, 24, 11, 40, 2, 155),
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
    [
      'what fires is no recovery, whatever its severity',
      { labels: { alertname: 'A', severity: 'ok' } },
      { status: 'Info' },
    ],
    ['no instance: only the name', {}, { title: 'A' }],
    [
      'no name: the summary',
      { labels: { instance: 'x' }, annotations: { summary: 'S' } },
      { title: 'S', description: 'S' },
    ],
    ['no name and no annotation: the instance', { labels: { instance: 'x' } }, { title: 'x', description: '' }],
    ['nothing but labels', { labels: { job: 'x', severity: 'info' } }, { title: 'x' }],
    ['nothing at all: never the fingerprint', { labels: {} }, { title: 'Alert from Disk watch' }],
    ['details describe', { annotations: { details: 'D', summary: 'S' } }, { description: 'D' }],
    ['the description first', { annotations: { message: 'M', summary: 'S', description: 'D' } }, { description: 'D' }],
    ['then the summary', { annotations: { message: 'M', summary: 'S' } }, { description: 'S' }],
    ['then the message', { annotations: { message: 'M' } }, { description: 'M' }],
    [
      'a timestamp annotation is the time',
      { annotations: { timestamp: '1795519500' } },
      { eventTime: 1_795_519_500_000 },
    ],
    ['another text is no timestamp', { annotations: { timestamp: 'yesterday' } }, { eventTime: now }],
    [
      'a timestamp as Prometheus prints a float',
      { annotations: { timestamp: '1.795519500123e+09' } },
      { eventTime: 1_795_519_500_123, isSenderTime: true },
    ],
    [
      'a timestamp as Go prints a time',
      { annotations: { timestamp: '2026-11-24 11:00:00.123 +0000 UTC' } },
      { eventTime: now - 3_599_877 },
    ],
    ['a timestamp in milliseconds', { annotations: { timestamp: String(now - 500) } }, { eventTime: now - 500 }],
    [
      'a timestamp in RFC 3339',
      { annotations: { timestamp: '2026-11-24T13:00:00+02:00' } },
      { eventTime: now - 3_600_000 },
    ],
    ['a timestamp that lies ahead', { annotations: { timestamp: '2026-11-24T20:00:00Z' } }, { eventTime: now }],
    [
      'startsAt is the start, not the time',
      { startsAt: '2026-11-02T03:04:05Z' },
      { eventTime: now, startedAt: Date.UTC(2026, 10, 2, 3, 4, 5) },
    ],
    ['severity in an annotation', { annotations: { severity: 'critical' } }, { status: 'Critical' }],
    [
      'a label before an annotation',
      { labels: { level: 'info' }, annotations: { severity: 'critical' } },
      { status: 'Info' },
    ],
    ['a label in another case', { labels: { Severity: 'emergency' } }, { status: 'Critical' }],
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

describe('titles name the thing that the alert is about', () => {
  const kube = { instance: '10.42.0.7:8080', job: 'kube-state-metrics', namespace: 'shop', severity: 'warning' };
  const rows: readonly [labels: Record<string, string>, title: string][] = [
    [{ ...kube, alertname: 'Crash', pod: 'cart-1', container: 'app' }, 'Crash / shop/cart-1'],
    [{ ...kube, alertname: 'Replicas', deployment: 'cart', pod: 'kube-state-metrics-x' }, 'Replicas / shop/cart'],
    [{ ...kube, alertname: 'Replicas', statefulset: 'db', pod: 'ksm-0' }, 'Replicas / shop/db'],
    [{ ...kube, alertname: 'Rollout', daemonset: 'proxy' }, 'Rollout / shop/proxy'],
    [{ ...kube, alertname: 'Job', job_name: 'backup-1' }, 'Job / shop/backup-1'],
    [{ ...kube, alertname: 'NotReady', node: 'worker-1' }, 'NotReady / worker-1'],
    [{ ...kube, alertname: 'Quota', resourcequota: 'q' }, 'Quota / shop'],
    [
      { alertname: 'Volume', persistentvolumeclaim: 'data-0', namespace: 'shop', node: 'w', job: 'kubelet' },
      'Volume / shop/data-0',
    ],
    [
      { alertname: 'Slow', pod: 'cart-1', namespace: 'shop', instance: '10.42.0.9:8080', job: 'cart' },
      'Slow / shop/cart-1',
    ],
    [{ alertname: 'Slow', pod: 'cart-1' }, 'Slow / cart-1'],
    [
      { alertname: 'Crash', pod: 'ksm-1', namespace: 'monitoring', exported_pod: 'cart-1', exported_namespace: 'shop' },
      'Crash / shop/cart-1',
    ],
    [
      {
        alertname: 'DiskFull',
        instance: '10.0.0.1:9100',
        job: 'node-exporter',
        pod: 'node-exporter-x7',
        namespace: 'monitoring',
      },
      'DiskFull / 10.0.0.1:9100',
    ],
    [{ alertname: 'Down', instance: 'web-1' }, 'Down / web-1'],
    [{ pod: 'web-1', namespace: 'shop', severity: 'critical' }, 'shop/web-1'],
    [{ severity: 'critical', zone: 'eu' }, 'zone=eu'],
  ];
  for (const [labels, title] of rows) {
    test(title, () => assert.equal(onlyReport(prometheus, group({ ...firing, annotations: {}, labels })).title, title));
  }
});

describe('alerts posted as to an Alertmanager', () => {
  const posted = { labels: { alertname: 'A', instance: 'i' }, annotations: {}, startsAt: '2026-11-24T11:00:00Z' };
  const rows: readonly [name: string, fields: Record<string, unknown>, want: Record<string, unknown>][] = [
    ['fires until its end', { endsAt: '2026-11-24T12:04:00Z' }, { status: 'Warning', expiresAt: now + 240_000 }],
    ['is over at its end', { endsAt: '2026-11-24T12:00:00Z' }, { status: 'Ok', eventTime: now }],
    [
      'was over before',
      { endsAt: '2026-11-24T11:30:00.123456789Z', annotations: { timestamp: '1795519800' } },
      { status: 'Ok', eventTime: now - 1_800_000 + 123, isSenderTime: true },
    ],
    ['without an end it fires', {}, { status: 'Warning' }],
    ['the zero time is no end', { endsAt: '0001-01-01T00:00:00Z' }, { status: 'Warning' }],
    ['has a start', {}, { startedAt: now - 3_600_000 }],
  ];
  for (const [name, fields, want] of rows) {
    test(name, () => {
      const report = onlyReport(prometheus, [{ ...posted, ...fields }]);
      assert.deepEqual({ ...report, ...want }, report);
    });
  }

  test('recover under the key that they fired with', () => {
    const [one, other] = ['2026-11-24T12:04:00Z', '2026-11-24T11:59:00Z'].map(
      (endsAt) => onlyReport(prometheus, [{ ...posted, endsAt }]).alertKey,
    );
    assert.equal(one, other);
  });
});

test('a group that its sender cut says by how many', () => {
  const parsed = taken(prometheus, { ...group(firing), truncatedAlerts: 7 });
  assert.equal(parsed.truncated, 7);
  assert.deepEqual(parsed.reply, { data: { accepted: 1, ignored: 0, skipped: [], truncated: 7 } });
  for (const truncatedAlerts of [-1, '7', 0.5, null]) {
    assert.equal(taken(prometheus, { ...group(firing), truncatedAlerts }).truncated, 0);
  }
  for (const truncatedAlerts of [truncatedMax, truncatedMax + 1, Number.MAX_SAFE_INTEGER]) {
    assert.equal(taken(prometheus, { ...group(firing), truncatedAlerts }).truncated, truncatedMax);
  }
});

test('labels left out of one alert of a group are named', () => {
  const labels = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`label_${10 + index}`, 'v']));
  const many = {
    ...firing,
    labels: { ...labels, alertname: 'Many', severity: 'critical', instance: 'i' },
    annotations: { summary: 's' },
  };
  const { reports, skipped, unreadable } = taken(prometheus, group(firing, many));
  const kept = reports[1]?.labels ?? {};
  for (const name of ['alertname', 'severity', 'instance', 'summary']) assert.ok(name in kept, name);
  assert.equal(Object.keys(kept).length, 50);
  assert.deepEqual([skipped.length, skipped[0]?.field, unreadable], [1, 'alerts[1].labels', 0]);
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
    ['nothing readable', group(1, null), ['alerts[0]', 'alerts[1]']],
    ['more alerts than a body may hold', group(...Array.from({ length: 5001 }, () => firing)), ['alerts']],
  ];
  for (const [name, body, fields] of rows) {
    test(`${name} is refused`, () => assert.deepEqual(wrongFields(prometheus, body), fields));
  }
});
