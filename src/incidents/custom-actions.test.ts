import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startActionReceiver } from '../../test/support/action-receiver.ts';
import { databases } from '../../test/support/databases.ts';
import { ada, disposableDomain, report, type Domain } from '../../test/support/domain.ts';
import { answer, type Script } from '../../test/support/scripted-receiver.ts';
import { defaultSettings } from '../channels/channel.ts';
import { listInvocations, readInvocation } from '../delivery/history.ts';
import type { Database } from '../database/database.ts';
import type { WebhookChange } from '../webhooks/draft.ts';
import { embeddedAlertsMax } from './custom-actions.ts';
import { pushedAlert } from '../http/shapes/alert.ts';
import { pushedIncident } from '../http/shapes/incident.ts';

const group = { ...defaultSettings.group, method: 'p', equals: [['labels.resource']] } as const;

for (const { name, open } of databases) {
  suite(`custom actions on ${name}`, () => {
    test('a call carries the incident with its newest alerts, and becomes the event whose id it had', async () => {
      await using scene = await started(open);
      const { domain, receiver, incidentId } = scene;
      const keys = Array.from({ length: embeddedAlertsMax + 2 }, (_, index) => `k${index}`);
      await domain.report(...keys.map((alertKey) => report({ alertKey })));
      const before = domain.owed.length;
      const { webhookId } = await scene.action();
      assert.equal(await scene.run(webhookId), '');
      const body = JSON.parse(receiver.requests[0]?.body ?? '') as Body;
      assert.deepEqual([body.event_type, body.person, body.incident.incident_id], ['i_custom', ada, incidentId]);
      assert.deepEqual([body.incident.alert_cnt, body.incident.alerts.length], [keys.length + 1, embeddedAlertsMax]);
      pushedIncident.parse(body.incident);
      pushedAlert.parse(body.incident.alerts[0]);
      assert.equal(body.incident.alerts[0]?.alert_key, keys.at(-1));
      const [event, ...more] = domain.owed.slice(before);
      assert.deepEqual(more, []);
      assert.deepEqual([event?.type, event?.eventId, event?.person], ['i_custom', body.event_id, ada]);
      assert.deepEqual(event?.detail, { integration_id: webhookId, integration_name: 'Restart' });
      const recorded = JSON.parse(event?.payload ?? '') as Body;
      assert.equal(recorded.event_id, body.event_id);
      assert.equal('alerts' in recorded.incident, false);
    });

    test('a call that fails says why, is kept in the history and makes no event', async () => {
      await using scene = await started(open, (socket) => socket.write(answer(503, 'later')));
      const { webhookId } = await scene.action();
      const before = scene.domain.owed.length;
      assert.equal(await scene.run(webhookId), 'the receiver answered 503');
      assert.equal(scene.domain.owed.length, before);
      const [item] = await history(scene.domain, webhookId);
      assert.deepEqual(
        [item?.webhook_type, item?.event_type, item?.status, item?.status_code, item?.attempt, item?.ref_id],
        ['custom_action', 'i_custom', 'failed', 503, 1, scene.incidentId],
      );
      const detail = await readInvocation(scene.domain.database, webhookId, item?.event_id ?? '');
      assert.equal(detail.item.request_body, scene.receiver.requests[0]?.body);
      assert.equal(detail.item.response_body, 'later');
    });

    test('what the receiver took is in the history with the body that it got', async () => {
      await using scene = await started(open);
      const { webhookId } = await scene.action();
      await scene.run(webhookId);
      const [item] = await history(scene.domain, webhookId);
      assert.deepEqual([item?.status, item?.error_message], ['success', undefined]);
      const { item: detail } = await readInvocation(scene.domain.database, webhookId, item?.event_id ?? '');
      assert.equal(detail.request_body, scene.receiver.requests[0]?.body);
    });

    test('nothing is written while the receiver thinks but that it is being called', async () => {
      let seen: Promise<string[]> | undefined;
      let states = async (): Promise<string[]> => [];
      await using scene = await started(open, (socket) => {
        seen = states().then((found) => {
          socket.write(answer(204));
          return found;
        });
      });
      const { database } = scene.domain;
      states = async () => {
        // A transaction gets through, so none is held.
        await database.transaction((tx) => tx.query.selectFrom('incident').select('incident_id').execute());
        const rows = await database.read.selectFrom('delivery').select('state').execute();
        return rows.map((row) => row.state);
      };
      const { webhookId } = await scene.action();
      assert.equal(await scene.run(webhookId), '');
      assert.deepEqual(await seen, ['sending']);
    });

    test('an incident that is removed while the receiver works gets no event', async () => {
      let remove = async (): Promise<void> => {};
      await using scene = await started(open, (socket) => void remove().then(() => socket.write(answer(200))));
      remove = () => scene.domain.edits.remove([scene.incidentId]);
      const { webhookId } = await scene.action();
      const before = scene.domain.owed.length;
      assert.equal(await scene.run(webhookId), '');
      assert.equal(scene.domain.owed.length, before);
      assert.equal((await history(scene.domain, webhookId))[0]?.status, 'success');
    });

    test('an action is refused unless it is one, is enabled and is for the channel', async () => {
      await using scene = await started(open);
      const { domain, run, incidentId } = scene;
      const { webhooks } = domain.administration;
      const elsewhere = await domain.administration.channels.create({ name: 'DB', ...defaultSettings }, 0);
      const other = await scene.action({ name: 'other', channelIds: [elsewhere.channelId] });
      const paused = await scene.action({ name: 'paused' });
      await webhooks.pause(paused.webhookId);
      const noAction = await webhooks.create('incident', { name: 'tickets', endpoint: 'https://example.com/' }, 0);
      const here = await scene.action({ name: 'here', channelIds: [domain.channel.channelId] });
      await assert.rejects(run(other.webhookId), { code: 'InvalidParameter' });
      await assert.rejects(run(paused.webhookId), { code: 'BadRequest', message: /is paused: enable it first/ });
      await assert.rejects(run(noAction.webhookId), { code: 'ResourceNotFound' });
      await assert.rejects(run(1), { code: 'ResourceNotFound' });
      await assert.rejects(scene.actions.run('f'.repeat(24), here.webhookId, ada), { code: 'ResourceNotFound' });
      assert.equal(scene.receiver.requests.length, 0);
      assert.equal((await domain.database.read.selectFrom('delivery').select('state').execute()).length, 0);
      const manual = { title: 't', description: '', severity: 'Info', channelId: 0, fields: {} } as const;
      const alone = await domain.incidents.create(manual, undefined, ada);
      await assert.rejects(scene.actions.run(alone.incidentId, here.webhookId, ada), /belongs to no channel/);
      assert.equal(await scene.actions.run(incidentId, here.webhookId, ada), '');
    });

    test('no more calls of an action run at once than its webhook allows', async () => {
      const held: (() => void)[] = [];
      const arrived = Promise.withResolvers<void>();
      await using scene = await started(open, (socket) => {
        held.push(() => socket.write(answer(200)));
        arrived.resolve();
      });
      const { webhookId } = await scene.action({ maxInFlight: 1, timeoutMs: 30_000 });
      const first = scene.run(webhookId);
      await arrived.promise;
      await assert.rejects(scene.run(webhookId), { code: 'RequestTooFrequently', retryAfterSeconds: 1 });
      for (const release of held) release();
      assert.equal(await first, '');
      assert.equal((await history(scene.domain, webhookId)).length, 1);
    });
  });
}

interface Body {
  readonly event_type: string;
  readonly event_id: string;
  readonly person: unknown;
  readonly incident: { incident_id: string; alert_cnt: number; alerts: { alert_key: string }[] };
}

/** A domain with one open incident, and a receiver of its actions. */
async function started(open: () => Promise<Database>, script?: Script) {
  const domain = await disposableDomain(open, { group });
  const { receiver, endpoint, caller, ...rest } = await startActionReceiver(domain.database, script);
  await domain.report(report());
  const incidentId = domain.owed[1]?.entityId ?? '';
  const actions = domain.customActions(caller);
  return {
    domain,
    receiver,
    incidentId,
    actions,
    run: (webhookId: number) => actions.run(incidentId, webhookId, ada),
    action: (change: WebhookChange = {}) =>
      domain.administration.webhooks.create('custom_action', { name: 'Restart', endpoint, ...change }, 0),
    [Symbol.asyncDispose]: async () => {
      await rest[Symbol.asyncDispose]();
      await domain[Symbol.asyncDispose]();
    },
  };
}

async function history(domain: Domain, webhookId: number) {
  const everything = { startTime: 0, endTime: 9_999_999_999_999, entityId: '', eventTypes: [], status: undefined };
  const page = { ascending: true, limit: 10, cursor: '' };
  return (await listInvocations(domain.database, { ...everything, ...page, webhookId })).items;
}
