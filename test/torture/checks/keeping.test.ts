import assert from 'node:assert/strict';
import type { Evidence } from '../evidence.ts';
import type { StoredEvent } from '../stored.ts';
import { alo, amo, changed, events, idOf, late, latest, mustFind, start, storing } from './valid-run.ts';

mustFind([
  {
    name: 'a gap in the sequence of an entity',
    because: /event 2 of a has the sequence 3/,
    change: (run) => storing(run, { events: events.filter(({ sequence }) => sequence !== 2) }),
  },
  {
    name: 'an event time that does not rise',
    because: /event 3 of a has the time/,
    change: (run) =>
      storing(run, { events: events.map((event) => (event.sequence === 3 ? { ...event, eventTime: start } : event)) }),
  },
  {
    name: 'a state that has no event',
    because: /a is at event 4 of/,
    change: (run) => storing(run, { entities: run.stored.entities.map((entity) => ({ ...entity, sequence: 4 })) }),
  },
  {
    name: 'a state that is not the snapshot in its event',
    because: /the progress of a is "Triggered"; its last event says "Closed"/,
    change: (run) => storing(run, { entities: run.stored.entities.map((one) => ({ ...one, progress: 'Triggered' })) }),
  },
  {
    name: 'an acknowledged push that is not stored',
    because: /push 4 of k was acknowledged and is not stored/,
    change: (run) => ({
      ...run,
      acknowledged: [
        ...run.acknowledged,
        { kind: 'push', number: 4, alertKey: 'k', recovery: false, tries: 1, at: start },
      ],
    }),
  },
  {
    name: 'an acknowledged recovery that is not stored',
    because: /2 recoveries of k were acknowledged, 1 are stored/,
    change: (run) => ({ ...run, acknowledged: [...run.acknowledged, ...run.acknowledged.slice(-1)] }),
  },
  {
    name: 'a push that made two events',
    because: /push 2 made 2 events/,
    change: (run) =>
      storing(run, {
        events: events.map((event) =>
          event.sequence === 3 ? { ...event, payload: event.payload.replace('"Ok"', '"Warning"') } : event,
        ),
      }),
  },
  {
    name: 'an operation that was done twice under one key',
    because: /operation 8 opened 2 incidents under one key/,
    change: (run) => opening(run, ['i1', 'i2'], ['i1']),
  },
  {
    name: 'two answers to one operation',
    because: /operation 8 was answered with i1, i2, and opened i1/,
    change: (run) => opening(run, ['i1'], ['i1', 'i2']),
  },
  {
    name: 'an operation that was acknowledged and not done',
    because: /operation 8 was answered with i1, and opened nothing/,
    change: (run) => opening(run, [], ['i1']),
  },
  {
    name: 'an event that goes to nobody',
    because: /amo: event 3 of a, of \d+, has 0 deliveries/,
    change: (run) => storing(run, { deliveries: changed(run.stored.deliveries, idOf(amo, 3)) }),
  },
  {
    name: 'an event that goes twice to one webhook',
    because: /amo: event 3 of a, of \d+, has 2 deliveries/,
    change: (run) => {
      const { deliveries } = run.stored;
      const again = deliveries.find(({ deliveryId }) => deliveryId === idOf(amo, 3));
      assert.ok(again !== undefined);
      return storing(run, { deliveries: [...deliveries, { ...again, deliveryId: 'another' }] });
    },
  },
  {
    name: 'an event that goes to a webhook which came later',
    because: /amo: event 1 of a, of \d+, has 1 deliveries, though there was no such webhook/,
    change: (run) => ({ ...run, targets: [{ ...amo, made: { at: late, endedAt: late } }, alo, latest] }),
  },
  {
    name: 'a row that was changed behind the log of its changes',
    because: /amo: event 3 of a is failed, but was last made delivered/,
    change: (run) =>
      storing(run, {
        deliveries: changed(run.stored.deliveries, idOf(amo, 3), { state: 'failed', reason: 'connect' }),
      }),
  },
  {
    name: 'a delivery that the history does not show',
    because: /amo: event 1 of a is delivered, and the history does not show it/,
    change: (run) => ({ ...run, history: run.history.slice(1) }),
  },
  {
    name: 'a delivery that the history shows otherwise',
    because: /amo: event 1 of a is delivered; the history says failed 500/,
    change: (run) => ({
      ...run,
      history: run.history.map((item, index) => (index === 0 ? { ...item, status: 'failed', status_code: 500 } : item)),
    }),
  },
  {
    name: 'a record that is there twice',
    because: /1 records of the history are there twice/,
    change: (run) => ({ ...run, history: [...run.history, ...run.history.slice(-1)] }),
  },
  {
    name: 'a record of nothing',
    because: /the history shows another, which is not stored/,
    change: (run) => ({
      ...run,
      history: [...run.history, ...run.history.slice(-1).map((item) => ({ ...item, event_id: 'another' }))],
    }),
  },
  {
    name: 'a state that is older than what was acknowledged',
    because: /shows k after push 1/,
    change: (run) => ({ ...run, alerts: [{ alert_key: 'k', description: 'push 1' }] }),
  },
]);

function opening(run: Evidence, opened: readonly string[], incidentIds: readonly string[]): Evidence {
  const made = opened.map((entityId, index): StoredEvent => ({
    eventId: `i${index}`,
    kind: 'incident',
    entityId,
    sequence: 1,
    type: 'i_new',
    eventTime: start,
    payload: JSON.stringify({ incident: { incident_id: entityId, title: 'operation 8', progress: 'Triggered' } }),
    committedAt: start,
  }));
  const operations = [{ kind: 'operation', number: 8, incidentIds, tries: 1 }] as const;
  return { ...storing(run, { events: [...events, ...made] }), operations };
}
