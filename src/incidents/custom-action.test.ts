import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { startActionReceiver } from '../../test/support/action-receiver.ts';
import { databases } from '../../test/support/databases.ts';
import { ada, openTestService, report, type SourcedService } from '../../test/support/test-service.ts';
import { answer, type Script } from '../../test/support/scripted-receiver.ts';
import { defaultSettings } from '../channels/channel.ts';
import { listInvocations, readInvocation } from '../delivery/history/history.ts';
import type { Database } from '../database/database.ts';
import type { WebhookChange } from '../webhooks/draft.ts';
import { embeddedAlertsMax } from './present-object.ts';
import { pushedAlert } from '../http/schemas/alert.ts';
import { pushedIncident } from '../http/schemas/incident.ts';

const group = { ...defaultSettings.group, method: 'p', equals: [['labels.resource']] } as const;

for (const { name, open } of databases) {
  suite(`custom actions on ${name}`, () => {
    test('a call carries the incident with its newest alerts, and becomes the event whose id it had', async () => {
      await using scene = await started(open);
      const { service, receiver, incidentId } = scene;
      const keys = Array.from({ length: embeddedAlertsMax + 2 }, (_, index) => `k${index}`);
      await service.report(...keys.map((alertKey) => report({ alertKey })));
      const before = service.events.length;
      const { webhookId } = await scene.action();
      assert.equal(await scene.run(webhookId), '');
      const body = JSON.parse(receiver.requests[0]?.body ?? '') as Body;
      assert.deepEqual([body.event_type, body.person, body.incident.incident_id], ['i_custom', ada, incidentId]);
      assert.deepEqual([body.incident.alert_cnt, body.incident.alerts.length], [keys.length + 1, embeddedAlertsMax]);
      pushedIncident.parse(body.incident);
      pushedAlert.parse(body.incident.alerts[0]);
      assert.equal(body.incident.alerts[0]?.alert_key, keys.at(-1));
      const [event, ...more] = service.events.slice(before);
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
      const before = scene.service.events.length;
      assert.equal(await scene.run(webhookId), 'the receiver answered 503');
      assert.equal(scene.service.events.length, before);
      const [item] = await history(scene.service, webhookId);
      assert.deepEqual(
        [item?.webhook_type, item?.event_type, item?.status, item?.status_code, item?.attempt, item?.ref_id],
        ['custom_action', 'i_custom', 'failed', 503, 1, scene.incidentId],
      );
      const detail = await readInvocation(scene.service.database, webhookId, item?.event_id ?? '');
      assert.equal(detail.item.request_body, scene.receiver.requests[0]?.body);
      assert.equal(detail.item.response_body, 'later');
    });

    test('what the receiver took is in the history with the body that it got', async () => {
      await using scene = await started(open);
      const { webhookId } = await scene.action();
      await scene.run(webhookId);
      const [item] = await history(scene.service, webhookId);
      assert.deepEqual([item?.status, item?.error_message], ['success', undefined]);
      const { item: detail } = await readInvocation(scene.service.database, webhookId, item?.event_id ?? '');
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
      const { database } = scene.service;
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
      remove = () => scene.service.incidents.remove([scene.incidentId]);
      const { webhookId } = await scene.action();
      const before = scene.service.events.length;
      assert.equal(await scene.run(webhookId), '');
      assert.equal(scene.service.events.length, before);
      assert.equal((await history(scene.service, webhookId))[0]?.status, 'success');
    });

    test('an action is refused unless it is one, is enabled and is for the channel', async () => {
      await using scene = await started(open);
      const { service, run, incidentId } = scene;
      const { webhooks } = service.services;
      const elsewhere = await service.services.channels.create({ name: 'DB', ...defaultSettings }, 0);
      const other = await scene.action({ name: 'other', channelIds: [elsewhere.channelId] });
      const paused = await scene.action({ name: 'paused' });
      await webhooks.pause(paused.webhookId, ada.person_id);
      const noAction = await webhooks.create('incident', { name: 'tickets', endpoint: 'https://example.com/' }, 0);
      const here = await scene.action({ name: 'here', channelIds: [service.channel.channelId] });
      await assert.rejects(run(other.webhookId), { code: 'InvalidParameter' });
      await assert.rejects(run(paused.webhookId), { code: 'BadRequest', message: /is paused: enable it first/ });
      await assert.rejects(run(noAction.webhookId), { code: 'ResourceNotFound' });
      await assert.rejects(run(1), { code: 'ResourceNotFound' });
      await assert.rejects(scene.actions.run('f'.repeat(24), here.webhookId, ada), { code: 'ResourceNotFound' });
      assert.equal(scene.receiver.requests.length, 0);
      assert.equal((await service.database.read.selectFrom('delivery').select('state').execute()).length, 0);
      const manual = { title: 't', description: '', severity: 'Info', channelId: 0, fields: {} } as const;
      const alone = await service.incidents.create(manual, undefined, ada);
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
      assert.equal((await history(scene.service, webhookId)).length, 1);
    });

    test('of calls that begin in the same moment no more run than its webhook allows, and each gives its place back', async () => {
      const held: (() => void)[] = [];
      let ended = 0;
      let allSeen = Promise.withResolvers<void>();
      const seen = () => void (held.length + ended === 10 && allSeen.resolve());
      await using scene = await started(open, (socket) => {
        held.push(() => socket.write(answer(200)));
        seen();
      });
      const { webhookId } = await scene.action({ maxInFlight: 3, timeoutMs: 30_000 });
      for (const round of ['first', 'after the first']) {
        const calls = Array.from({ length: 10 }, () =>
          scene.run(webhookId).catch((error: { code: string }) => {
            ended += 1;
            seen();
            return error.code;
          }),
        );
        await allSeen.promise;
        for (const release of held.splice(0)) release();
        const ends = await Promise.all(calls);
        assert.equal(ends.filter((end) => end === 'RequestTooFrequently').length, 7, round);
        assert.equal(ends.filter((end) => end === '').length, 3, round);
        ended = 0;
        allSeen = Promise.withResolvers();
      }
    });

    test('a call whose beginning fails takes no place', async () => {
      await using scene = await started(open);
      const action = await scene.action({ maxInFlight: 1 });
      const push = {
        eventId: 'e',
        entityId: scene.incidentId,
        sequence: 1,
        eventTime: 1,
        channelId: 0,
        payload: '{}',
      };
      await assert.rejects(
        scene.service.database.transaction(async (tx) => {
          await scene.caller.begin(tx, action, push);
          throw new Error('after it began');
        }),
        /after it began/,
      );
      assert.equal(await scene.run(action.webhookId), '');
    });
  });
}

interface Body {
  readonly event_type: string;
  readonly event_id: string;
  readonly person: unknown;
  readonly incident: { incident_id: string; alert_cnt: number; alerts: { alert_key: string }[] };
}

/** A service with one open incident, and a receiver of its actions. */
async function started(open: () => Promise<Database>, script?: Script) {
  const service = await openTestService(open, { group });
  const { receiver, endpoint, caller, ...rest } = await startActionReceiver(service.database, script);
  await service.report(report());
  const incidentId = service.events[1]?.entityId ?? '';
  const actions = service.customActions(caller);
  return {
    service,
    receiver,
    incidentId,
    caller,
    actions,
    run: (webhookId: number) => actions.run(incidentId, webhookId, ada),
    action: (change: WebhookChange = {}) =>
      service.services.webhooks.create('custom_action', { name: 'Restart', endpoint, ...change }, 0),
    [Symbol.asyncDispose]: async () => {
      await rest[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
    },
  };
}

async function history(service: SourcedService, webhookId: number) {
  const everything = { startTime: 0, endTime: 9_999_999_999_999, entityId: '', eventTypes: [], status: undefined };
  const page = {
    ascending: true,
    limit: 10,
    after: undefined,
    states: [],
    reasons: [],
    webhookTypes: [],
    replayId: '',
  };
  return (await listInvocations(service.database, { ...everything, ...page, webhookId })).items;
}
