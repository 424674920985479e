import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Push } from './events.ts';
import { arrivalOf, createOrderGuard, deliveryIdOf, memoryOrderStore, orderOf } from './order.ts';
import type { Arrival, Order } from './order.ts';

const arrival = (sequence: number | undefined, eventTime: number, entity = 'incident-1', webhook = ''): Arrival => ({
  webhook,
  entity,
  sequence,
  eventTime,
});
const nothing = () => undefined;

const rows: readonly { row: number; what: string; arrived: Arrival; newest: Arrival | undefined; order: Order }[] = [
  { row: 82, what: 'the first push of an entity', arrived: arrival(7, 700), newest: undefined, order: 'apply' },
  { row: 82, what: 'a newer push, with a gap', arrived: arrival(9, 900), newest: arrival(7, 700), order: 'apply' },
  { row: 82, what: 'an old push after a newer one', arrived: arrival(6, 600), newest: arrival(7, 700), order: 'stale' },
  { row: 82, what: 'the newest push again', arrived: arrival(7, 700), newest: arrival(7, 700), order: 'duplicate' },
  {
    row: 82,
    what: 'an old push, the header lost on its way',
    arrived: arrival(undefined, 699),
    newest: arrival(7, 700),
    order: 'stale',
  },
  {
    row: 82,
    what: 'a newer push, the header lost on its way',
    arrived: arrival(undefined, 701),
    newest: arrival(7, 700),
    order: 'apply',
  },
  {
    row: 82,
    what: 'the same push, the header lost the first time',
    arrived: arrival(7, 700),
    newest: arrival(undefined, 700),
    order: 'duplicate',
  },
];

for (const { row, what, arrived, newest, order } of rows) {
  test(`C7 row ${row}: ${what} → ${order}`, () => assert.equal(orderOf(arrived, newest), order));
}

test('in whatever order and however often pushes arrive, what is applied strictly rises and ends at the newest', async () => {
  const pushes = fc.array(
    fc.record({ entity: fc.constantFrom('a', 'b'), sequence: fc.integer({ min: 1, max: 8 }), lost: fc.boolean() }),
    { maxLength: 30 },
  );
  const property = fc.asyncProperty(pushes, async (pushes) => {
    const guard = createOrderGuard();
    const applied = new Map<string, number[]>();
    await Promise.all(
      pushes.map(({ entity, sequence, lost }) =>
        guard.apply(arrival(lost ? undefined : sequence, sequence * 10, entity), async () => {
          await Promise.resolve();
          applied.set(entity, [...(applied.get(entity) ?? []), sequence]);
        }),
      ),
    );
    for (const [entity, sequences] of applied) {
      assert.deepEqual(
        sequences,
        [...new Set(sequences)].sort((left, right) => left - right),
      );
      const newest = Math.max(...pushes.filter((push) => push.entity === entity).map((push) => push.sequence));
      assert.equal(sequences.at(-1), newest);
    }
  });
  await fc.assert(property, { numRuns: 100 });
});

test('C7 row 81: a push whose effect failed is applied when it is repeated', async () => {
  const guard = createOrderGuard();
  await assert.rejects(
    guard.apply(arrival(1, 10), () => Promise.reject(new Error('ticket system is down'))),
    /is down/,
  );
  assert.equal(await guard.apply(arrival(1, 10), nothing), 'apply');
  assert.equal(await guard.apply(arrival(1, 10), nothing), 'duplicate');
});

test('C7 row 81: with a store that outlives the process, a push of yesterday is not applied again', async () => {
  const store = memoryOrderStore();
  assert.equal(await createOrderGuard({ store }).apply(arrival(2, 20), nothing), 'apply');
  assert.equal(await createOrderGuard({ store }).apply(arrival(2, 20), nothing), 'duplicate');
  assert.equal(await createOrderGuard({ store }).apply(arrival(1, 10), nothing), 'stale');
});

test('two webhooks that carry the same incident do not hold each other back', async () => {
  const guard = createOrderGuard();
  assert.equal(await guard.apply(arrival(1, 10, 'x', '/tickets'), nothing), 'apply');
  assert.equal(await guard.apply(arrival(1, 10, 'x', '/lake'), nothing), 'apply');
});

test('a slow effect holds back only its own entity', async () => {
  const guard = createOrderGuard();
  let finish: () => void = nothing;
  const slow = guard.apply(arrival(1, 10, 'slow'), () => new Promise((resolve) => (finish = resolve)));
  const successor = guard.apply(arrival(2, 20, 'slow'), nothing);
  assert.equal(await guard.apply(arrival(1, 10, 'quick'), nothing), 'apply');
  finish();
  assert.deepEqual(await Promise.all([slow, successor]), ['apply', 'apply']);
});

test('memory is bounded: the entity unused for longest is forgotten first', async () => {
  const guard = createOrderGuard({ entitiesMax: 2 });
  for (const entity of ['a', 'b', 'a', 'c']) await guard.apply(arrival(1, 10, entity), nothing);
  assert.equal(await guard.apply(arrival(1, 10, 'a'), nothing), 'duplicate');
  assert.equal(await guard.apply(arrival(1, 10, 'b'), nothing), 'apply');
  assert.throws(() => memoryOrderStore(0), /at least one entity/);
});

test('an arrival is read from the push and its headers', () => {
  const alert = { event_time: 10, event_type: 'a_new', event_id: 'e', alert: { alert_id: 'alert-1' } } as Push;
  assert.deepEqual(arrivalOf(alert, { 'tocsin-sequence': '3' }), arrival(3, 10, 'alert-1'));
  const incident = { event_time: 10, event_type: 'i_new', event_id: 'e', incident: { incident_id: 'i' } } as Push;
  assert.deepEqual(arrivalOf(incident, new Headers({ 'Tocsin-Sequence': '4' }), '/w'), arrival(4, 10, 'i', '/w'));
  for (const odd of ['0', '-1', '1.5', 'x', ['3'], undefined]) {
    assert.equal(arrivalOf(alert, { 'tocsin-sequence': odd }).sequence, undefined);
  }
});

test('the delivery of a push is known by its header, and by nothing that is not one', () => {
  const id = '20260528abcdefghijkmnopqrstuvw';
  assert.equal(deliveryIdOf({ 'Tocsin-Delivery-Id': id }), id);
  assert.equal(deliveryIdOf(new Headers({ 'tocsin-delivery-id': id })), id);
  for (const odd of [{}, { 'tocsin-delivery-id': '' }, { 'tocsin-delivery-id': [id, id] }]) {
    assert.equal(deliveryIdOf(odd), undefined);
  }
  assert.equal(deliveryIdOf({ 'tocsin-delivery-id': id, 'TOCSIN-DELIVERY-ID': id }), undefined);
});
