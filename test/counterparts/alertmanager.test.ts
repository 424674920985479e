import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingAlertmanager, startAlertmanager } from './alertmanager.ts';
import { skipWithout } from './program.ts';
import { bodyOf, startReceiver } from './receiver.ts';
import type { Received } from './receiver.ts';

interface Notification {
  version: string;
  status: string;
  alerts: { status: string; labels: Record<string, string>; annotations: Record<string, string> }[];
}

test(
  'a real Alertmanager notifies of an alert that fires and of its end',
  skipWithout(missingAlertmanager()),
  async (t) => {
    const receiver = await startReceiver();
    t.after(() => receiver.stop());
    const alertmanager = await startAlertmanager({ webhookUrl: `${receiver.url}/am` });
    t.after(() => alertmanager.stop());

    await alertmanager.fire({ alertname: 'DiskFull', severity: 'critical' }, { summary: 'the disk is full' });
    const [fired] = await receiver.waitFor(1);
    assert.ok(fired !== undefined);
    assert.match(fired.headers['user-agent'] ?? '', /^Alertmanager\//);
    const notification = notificationOf(fired);
    assert.equal(notification.version, '4');
    assert.equal(notification.alerts[0]?.status, 'firing');
    assert.deepEqual(notification.alerts[0].labels, { alertname: 'DiskFull', severity: 'critical' });
    assert.deepEqual(notification.alerts[0].annotations, { summary: 'the disk is full' });

    await alertmanager.resolve({ alertname: 'DiskFull', severity: 'critical' });
    const [resolved] = await receiver.waitFor(1, (one) => notificationOf(one).status === 'resolved');
    assert.ok(resolved !== undefined);
    assert.equal(notificationOf(resolved).alerts[0]?.status, 'resolved');
  },
);

function notificationOf(received: Received): Notification {
  return bodyOf(received) as Notification;
}
