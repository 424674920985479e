import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { databases } from '../../test/support/databases.ts';
import { ada, openTestService, report, type SourcedService } from '../../test/support/test-service.ts';
import { testLayer } from '../../test/support/incident-rows.ts';
import type { ChannelSettings } from '../channels/channel.ts';
import type { Database } from '../database/database.ts';
import type { Event } from '../events/event.ts';
import { silentLogger } from '../runtime/logger.ts';
import type { Timers } from '../runtime/timers.ts';
import type { Layer } from './escalation/rule.ts';
import { readIncidents } from './incident-list-store.ts';
import type { Incident } from './incident.ts';
import { lookEveryMs, DeadlineWorker } from './deadline-worker.ts';
import { dueNow } from './deadlines.ts';

const minuteMs = 60_000;

interface Snapshot {
  readonly incident: {
    readonly progress: string;
    readonly snoozed_before: number;
    readonly responder_ids: readonly number[];
    readonly assigned_to: Record<string, unknown>;
  };
  readonly person?: unknown;
}

const snapshot = (event: Event | undefined): Snapshot => JSON.parse(event?.payload ?? '{}') as Snapshot;

for (const { name, open } of databases) {
  describe(`what happens by time on ${name}`, () => {
    test('an incident goes to the first layer of the rule that takes it, and on until somebody acknowledges', async () => {
      await using scene = await sceneOn(open);
      const ruleId = await scene.rule([{ personIds: [1] }, { personIds: [2] }, { personIds: [3] }]);
      const incidentId = await scene.create();
      assert.deepEqual(scene.types(), ['i_new', 'i_assign']);
      const [opened, assigned] = scene.service.events.map(snapshot);
      assert.deepEqual(opened?.incident.assigned_to, {});
      assert.equal(assigned?.person, undefined);
      const { id, ...rest } = assigned?.incident.assigned_to ?? {};
      assert.match(String(id), /^\w{22}$/);
      assert.deepEqual(rest, {
        type: 'assign',
        assigned_at: Math.floor(scene.service.clock.now() / 1000),
        escalate_rule_id: ruleId,
        escalate_rule_name: 'rule 1',
        layer_idx: 0,
      });
      assert.deepEqual(assigned?.incident.responder_ids, scene.people([1]));

      assert.deepEqual(await scene.after(10 * minuteMs - 1), []);
      assert.deepEqual(await scene.after(1), ['i_assign']);
      const escalated = snapshot(scene.service.events.at(-1)).incident;
      assert.deepEqual([escalated.assigned_to['type'], escalated.assigned_to['layer_idx']], ['escalate', 1]);
      assert.deepEqual(escalated.responder_ids, scene.people([2]));

      await scene.service.incidents.acknowledge([incidentId], ada);
      assert.deepEqual(await scene.after(60 * minuteMs), []);
      await scene.service.incidents.unacknowledge([incidentId], ada);
      assert.deepEqual(await scene.after(10 * minuteMs), ['i_assign']);
      assert.deepEqual(await scene.after(600 * minuteMs), []);
    });

    test('force goes on when somebody has acknowledged, and who has stays responsible', async () => {
      await using scene = await sceneOn(open);
      await scene.rule([{ personIds: [1], forceEscalate: true }, { personIds: [2] }]);
      const incidentId = await scene.create();
      await scene.service.incidents.acknowledge([incidentId], ada);
      assert.deepEqual(await scene.after(10 * minuteMs), ['i_assign']);
      const { progress, responder_ids } = snapshot(scene.service.events.at(-1)).incident;
      assert.deepEqual([progress, responder_ids], ['Processing', [ada.person_id, ...scene.people([2])]]);
    });

    test('a snooze pauses the wait; awake again it goes on where it was', async () => {
      await using scene = await sceneOn(open);
      await scene.rule([{ personIds: [1] }, { personIds: [2] }]);
      const incidentId = await scene.create();
      await scene.after(4 * minuteMs);
      await scene.service.incidents.snooze([incidentId], 30, ada);
      assert.deepEqual(await scene.after(20 * minuteMs), []);
      await scene.service.incidents.wake([incidentId], ada);
      assert.deepEqual(await scene.after(6 * minuteMs - 1), []);
      assert.deepEqual(await scene.after(1), ['i_assign']);
    });

    test('a snooze that ends makes it Triggered, assigned again where it was, and nothing wakes', async () => {
      await using scene = await sceneOn(open);
      await scene.rule([{ personIds: [1] }, { personIds: [2] }]);
      const incidentId = await scene.create();
      await scene.service.incidents.acknowledge([incidentId], ada);
      await scene.service.incidents.snooze([incidentId], 30, ada);
      assert.deepEqual(await scene.after(30 * minuteMs), ['i_assign']);
      const { progress, snoozed_before, assigned_to, responder_ids } = snapshot(scene.service.events.at(-1)).incident;
      assert.deepEqual([progress, snoozed_before, assigned_to['layer_idx']], ['Triggered', 0, 0]);
      assert.deepEqual(responder_ids, [...scene.people([1]), ada.person_id]);
      assert.deepEqual(await scene.after(10 * minuteMs), ['i_assign']);
      assert.equal((await scene.read(incidentId)).assignedTo?.layerIdx, 1);
    });

    test('the end of a snooze makes an event even for an incident without responders', async () => {
      await using scene = await sceneOn(open);
      const incidentId = await scene.create();
      await scene.service.incidents.snooze([incidentId], 1, ada);
      assert.deepEqual(await scene.after(minuteMs), ['i_assign']);
      assert.deepEqual(snapshot(scene.service.events.at(-1)).incident.responder_ids, []);
      assert.equal((await scene.read(incidentId)).snoozedBefore, 0);
    });

    test('its time over, it closes with nobody as its closer; reopened, its time begins anew', async () => {
      await using scene = await sceneOn(open, { autoResolveTimeoutSeconds: 90 });
      const incidentId = await scene.create();
      assert.deepEqual(await scene.after(89_999), []);
      assert.deepEqual(await scene.after(1), ['i_rslv']);
      const resolved = scene.service.events.at(-1);
      assert.deepEqual([resolved?.person, resolved?.detail], [undefined, { from: 'autorslv' }]);
      assert.equal((await scene.read(incidentId)).closerId, 0);
      await scene.service.incidents.reopen([incidentId], '', ada);
      assert.deepEqual(await scene.after(89_999), []);
      assert.deepEqual(await scene.after(1), ['i_rslv']);
    });

    test('an alert is announced, then its incident, then who has it; alerts close when time closes their incident', async () => {
      await using scene = await sceneOn(open, { autoResolveTimeoutSeconds: 90, autoResolveMode: 'update' });
      await scene.rule([{ personIds: [1] }]);
      const labels = { layer_person_reset_0_emails: 'p3@example.test' };
      assert.deepEqual(await scene.service.report(report({ labels })), ['a_new', 'i_new', 'i_assign']);
      assert.deepEqual(snapshot(scene.service.events.at(-1)).incident.responder_ids, scene.people([3]));
      assert.deepEqual(await scene.after(60_000), []);
      await scene.service.report(report({ labels, description: '95% full' }));
      assert.deepEqual(await scene.after(89_999), []);
      assert.deepEqual(await scene.after(1), ['i_rslv', 'a_close']);
      assert.deepEqual(await scene.service.report(report({ labels })), ['a_new', 'i_new', 'i_assign']);
    });

    test('of many timekeepers at once, each transition is made by one', async () => {
      await using scene = await sceneOn(open);
      await scene.rule([{ personIds: [1] }, { personIds: [2] }]);
      const ids = await Promise.all(Array.from({ length: 12 }, () => scene.create()));
      const before = scene.service.events.length;
      scene.service.clock.move(10 * minuteMs);
      await Promise.all(Array.from({ length: 3 }, () => scene.timekeeper().keep()));
      const made = scene.service.events.slice(before);
      assert.deepEqual(made.map((event) => event.entityId).sort(), ids.toSorted());
      assert.ok(made.every((event) => event.type === 'i_assign' && event.sequence === 3));
    });

    test('after a long stop what is overdue is made up for once, and the waits begin then', async () => {
      await using scene = await sceneOn(open);
      await scene.rule([{ personIds: [1] }, { personIds: [2] }, { personIds: [3] }]);
      await scene.create();
      assert.deepEqual(await scene.after(24 * 60 * minuteMs), ['i_assign']);
      assert.deepEqual(await scene.after(10 * minuteMs), ['i_assign']);
    });

    test('without its rule it goes to nobody else', async () => {
      await using scene = await sceneOn(open);
      const ruleId = await scene.rule([{ personIds: [1] }, { personIds: [2] }]);
      const incidentId = await scene.create();
      await scene.service.services.escalationRules.remove(scene.service.channel.channelId, ruleId);
      assert.deepEqual(await scene.after(10 * minuteMs), []);
      assert.equal((await scene.read(incidentId)).timers.escalateAt, 0);
    });

    test('a person assigns to a layer, escalates, and names people by their addresses', async () => {
      await using scene = await sceneOn(open);
      const escalateRuleId = await scene.rule([{ personIds: [1] }, { personIds: [2] }, { personIds: [3] }]);
      const incidentId = await scene.create({ escalateRuleId, layerIdx: 1 });
      assert.deepEqual(scene.service.events.at(-1)?.person, ada);
      const { incidents } = scene.service;
      await incidents.assign([incidentId], { type: 'escalate' }, ada);
      assert.deepEqual((await scene.read(incidentId)).assignedTo?.layerIdx, 2);
      await incidents.assign([incidentId], { type: 'reassign', emails: ['P1@example.test', 'no@example.test'] }, ada);
      assert.deepEqual((await scene.read(incidentId)).assignedTo?.personIds, scene.people([1]));
      const refused = [
        { type: 'escalate' as const },
        { escalateRuleId, layerIdx: 3 },
        { escalateRuleId: 'f'.repeat(24) },
        { emails: ['no@example.test'] },
      ];
      for (const assignees of refused) await assert.rejects(incidents.assign([incidentId], assignees, ada));
    });

    test('the rules hold whatever people and time do', { timeout: 120_000 }, async () => {
      await using scene = await sceneOn(open, { autoResolveTimeoutSeconds: 7200 });
      await scene.rule([{ personIds: [1] }, { personIds: [2], forceEscalate: true }, { personIds: [3] }]);
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => scene.holds(steps)),
        { numRuns: 20 },
      );
    });
  });
}

test('it sleeps until the next due time, never longer than until the next look, and not at all once stopped', async () => {
  const [sqlite] = databases;
  if (sqlite === undefined) throw new Error('there is no database');
  await using scene = await sceneOn(sqlite.open, { autoResolveTimeoutSeconds: 7 });
  const alarms: { delayMs: number; work: () => void }[] = [];
  let ring = () => {};
  const timers: Timers = {
    soon: () => () => {},
    after: (delayMs, work) => {
      alarms.push({ delayMs, work });
      ring();
      return () => alarms.pop();
    },
  };
  const timekeeper = scene.timekeeper(timers);
  const slept = async (work: () => void) => {
    const rung = new Promise<void>((resolve) => (ring = resolve));
    work();
    await rung;
    return alarms.at(-1)?.delayMs;
  };
  const wake = async (afterMs: number) => {
    scene.service.clock.move(afterMs);
    return slept(alarms.pop()?.work ?? (() => assert.fail('nothing was scheduled')));
  };
  assert.equal(await slept(() => timekeeper.start()), lookEveryMs);
  await scene.create();
  assert.equal(await wake(lookEveryMs), 2000);
  assert.equal(await wake(2000), lookEveryMs);
  assert.deepEqual(scene.types().slice(-1), ['i_rslv']);
  await timekeeper.stop();
  assert.deepEqual(alarms, []);
});

type Step =
  | { readonly kind: 'ack' | 'unack' | 'wake' | 'resolve' | 'reopen' }
  | { readonly kind: 'snooze' | 'time'; readonly minutes: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('ack', 'unack', 'wake', 'resolve', 'reopen') }),
  fc.record({ kind: fc.constantFrom('snooze', 'time', 'time', 'time'), minutes: fc.integer({ min: 1, max: 25 }) }),
);

async function sceneOn(open: () => Promise<Database>, settings: Partial<ChannelSettings> = {}) {
  const service = await openTestService(open, settings);
  const { members, escalationRules } = service.services;
  const blank = { countryCode: '', phone: '', locale: 'en-US', timeZone: 'UTC', refId: '' };
  const invited = await members.invite(
    [1, 2, 3].map((number) => ({
      ...blank,
      name: `P${number}`,
      email: `p${number}@example.test`,
      role: 'responder' as const,
    })),
  );
  const people = (numbers: readonly number[]) => numbers.map((number) => invited[number - 1]?.memberId ?? 0);
  let rules = 0;
  const scene = {
    service,
    people,
    types: () => service.events.map((event) => event.type),
    rule: async (layers: readonly Partial<Layer>[]) => {
      rules += 1;
      const whole = layers.map((one) => testLayer({ ...one, personIds: people(one.personIds ?? []) }));
      const change = { name: `rule ${rules}`, layers: whole };
      return (await escalationRules.create(service.channel.channelId, change, 0)).ruleId;
    },
    create: async (assignees?: Parameters<typeof service.incidents.create>[1]) => {
      const { channelId } = service.channel;
      const input = { title: 'disk full', description: '', severity: 'Warning', channelId, fields: {} } as const;
      return (await service.incidents.create(input, assignees, ada)).incidentId;
    },
    read: async (incidentId: string): Promise<Incident> => {
      const [found] = await readIncidents(service.database, [incidentId]);
      return found ?? assert.fail('it is gone');
    },
    timekeeper: (timers: Timers = { after: () => () => {}, soon: () => () => {} }) =>
      new DeadlineWorker({ ...service.parts, timers, logger: silentLogger }),
    /** Lets time pass and gives the types of the events that this made. */
    after: async (milliseconds: number): Promise<string[]> => {
      const before = service.events.length;
      service.clock.move(milliseconds);
      await scene.timekeeper().keep();
      return service.events.slice(before).map((event) => event.type);
    },
    holds: (steps: readonly Step[]) => holds(service, scene, steps),
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
  return scene;
}

/** What one incident goes through: a layer never goes back, time makes one event for one due time, none when closed. */
async function holds(
  { incidents, clock, events }: SourcedService,
  scene: {
    create(): Promise<string>;
    read(incidentId: string): Promise<Incident>;
    after(milliseconds: number): Promise<string[]>;
  },
  steps: readonly Step[],
): Promise<void> {
  const incidentId = await scene.create();
  let layer = 0;
  for (const one of steps) {
    switch (one.kind) {
      case 'ack':
        await incidents.acknowledge([incidentId], ada);
        break;
      case 'unack':
        await incidents.unacknowledge([incidentId], ada);
        break;
      case 'wake':
        await incidents.wake([incidentId], ada);
        break;
      case 'resolve':
        await incidents.resolve([incidentId], {}, ada);
        break;
      case 'reopen':
        await incidents.reopen([incidentId], '', ada);
        break;
      case 'snooze':
        await incidents.snooze([incidentId], one.minutes, ada);
        break;
      case 'time': {
        const before = await scene.read(incidentId);
        const due = dueNow(before, clock.now() + one.minutes * minuteMs);
        const count = events.length;
        await scene.after(one.minutes * minuteMs);
        const made = events.slice(count).filter((event) => event.entityId === incidentId);
        const escalates = due === 'escalate' && layer < 2;
        const wanted = due === 'resolve' ? ['i_rslv'] : due === 'snooze' || escalates ? ['i_assign'] : [];
        assert.deepEqual(
          made.map((event) => event.type),
          wanted,
        );
        if (before.progress === 'Closed') assert.deepEqual(made, []);
        assert.ok(made.every((event) => event.person === undefined));
        break;
      }
    }
    const now = await scene.read(incidentId);
    const layerNow = now.assignedTo?.layerIdx ?? assert.fail('it is assigned to nobody');
    assert.ok(layerNow === layer || (one.kind === 'time' && layerNow === layer + 1), `${layer} became ${layerNow}`);
    layer = layerNow;
    assert.equal(now.lastSequence, events.filter((event) => event.entityId === incidentId).length);
    assert.deepEqual(
      snapshot(events.findLast((event) => event.entityId === incidentId)).incident.progress,
      now.progress,
    );
  }
  await incidents.resolve([incidentId], {}, ada);
}
