import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databases } from '../../test/support/databases.ts';
import { testEvent } from '../../test/support/deliveries.ts';
import type { Database } from '../database/database.ts';
import { appendEvents } from './event-store.ts';
import { renderPush, type Event } from './event.ts';
import { payloadOf } from './stored-payload-store.ts';

const plain = { host: 'web-1', summary: 'x'.repeat(200) };
const odd = { 'a "quoted" \\ name}': `{"labels":{"a":"b"}} \u{1f525} é ${'\u{1f525}}"\\'.repeat(40)}\u0001`, '': '\\' };

/** An event of an alert or an incident with these labels, as a push says it. */
function event(kind: Event['kind'], labels: Readonly<Record<string, string>>, title = 'Disk full'): Event {
  const made: Event = { ...testEvent(kind, 1), kind, type: kind === 'alert' ? 'a_new' : 'i_new' };
  const object = { title, labels, progress: 'Triggered' };
  const head = { eventTime: made.eventTime, type: made.type, eventId: made.eventId, person: made.person };
  return { ...made, payload: renderPush(head, kind === 'alert' ? { alert: object } : { incident: object }) };
}

function stored({ read }: Database) {
  return read
    .selectFrom('event')
    .select(['event_id', 'payload as kept', 'shared_length', payloadOf().as('payload')])
    .execute();
}

for (const { name, open } of databases) {
  for (const [what, labels] of Object.entries({ plain, odd })) {
    test(`${name}: labels that an alert and its incident share are kept once, and both payloads are as they were: ${what}`, async () => {
      const database = await open();
      try {
        const events = [
          event('alert', labels, '\u{1f525} é'),
          event('incident', labels, '\u{1f525}\u{1f525} "labels":{'),
        ];
        await database.transaction((tx) => appendEvents(tx, events));
        const rows = new Map((await stored(database)).map((row) => [row.event_id, row]));
        assert.deepEqual(
          events.map(({ eventId }) => rows.get(eventId)?.payload),
          events.map(({ payload }) => payload),
        );
        const kept = events.map(({ eventId }) => rows.get(eventId)?.kept.includes(JSON.stringify(labels)));
        assert.deepEqual(kept, [true, false]);
        assert.ok(events.every(({ eventId }) => rows.get(eventId)?.kept.includes(eventId) === false));
      } finally {
        await database.close();
      }
    });
  }

  test(`${name}: other labels, short ones, and payloads of another form are kept as they are`, async () => {
    const database = await open();
    try {
      const events = [
        event('alert', plain),
        event('alert', { host: 'a' }),
        event('incident', { ...plain, host: 'web-2' }),
        event('incident', { host: 'a' }),
        { ...event('incident', plain), payload: 'x'.repeat(300) },
      ];
      for (const some of [events, [event('incident', plain)]]) {
        await database.transaction((tx) =>
          appendEvents(
            tx,
            some.map((one, at) => ({ ...one, entityId: `${at}` + one.eventId })),
          ),
        );
        const rows = new Map((await stored(database)).map((row) => [row.event_id, row]));
        for (const { eventId, payload } of some) {
          assert.equal(rows.get(eventId)?.payload, payload);
          assert.equal(rows.get(eventId)?.shared_length, 0);
        }
      }
    } finally {
      await database.close();
    }
  });
}
