import type { Head, Place } from '../../src/delivery/store/backlog-store.ts';
import type { Delivery, Urgency } from '../../src/delivery/store/delivery.ts';
import { LaneQueue } from '../../src/delivery/queue/lane-queue.ts';
import { MemoryBudget } from '../../src/delivery/queue/memory-budget.ts';
import { testDelivery, testEvent, testWebhook } from './deliveries.ts';

const letters: Readonly<Record<string, Urgency>> = { c: 0, w: 1, i: 2 };

/** As urgent as its letter says: c, w or i; when none is given, the first of the lane's name. */
export function urgent(entityId: string, sequence = 1, letter = entityId[0] ?? '', day = ''): Delivery {
  const delivery = testDelivery(testEvent(entityId, sequence), testWebhook(), { urgency: letters[letter] ?? 1 });
  return day === '' ? delivery : { ...delivery, deliveryId: `${day}${delivery.deliveryId.slice(8)}` };
}

export function idOf(delivery: Delivery | undefined): string {
  return delivery?.deliveryId ?? '';
}

export function headOf(delivery: Delivery): Head {
  return { delivery, state: 'pending', urgency: delivery.urgency, since: delivery.deliveryId };
}

export function placeOf({ deliveryId, entityId }: Delivery): Place {
  return { deliveryId, entityId, state: 'pending' };
}

/** Answers all that is asked for. @param rows what waits, one in each lane. */
export function readAll(lanes: LaneQueue, rows: readonly Delivery[]): void {
  for (;;) {
    const page = lanes.nextPage();
    const wanted = lanes.wanted(64);
    if (page === undefined && wanted.length === 0) return;
    if (page !== undefined) {
      const waiting = rows
        .filter(({ urgency, deliveryId }) => urgency === page.urgency && deliveryId > page.after)
        .sort((one, other) => (one.deliveryId < other.deliveryId ? -1 : 1))
        .slice(0, 128);
      lanes.foundPage(page, waiting.map(placeOf), waiting.length < 128);
    }
    const heads = rows.filter(({ entityId }) => wanted.includes(entityId)).map(headOf);
    if (wanted.length > 0) lanes.foundHeads(wanted, heads);
  }
}

export function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(5, '0')}`);
}

export function lanesOf(entityIds: readonly string[], held = new MemoryBudget()): LaneQueue {
  const lanes = new LaneQueue(1, held, false);
  for (const entityId of entityIds) lanes.enqueue(urgent(entityId));
  return lanes;
}

/** Takes the next and lets it end. */
export function pass(lanes: LaneQueue): Delivery | undefined {
  const delivery = lanes.take();
  if (delivery !== undefined) lanes.ended(delivery.entityId);
  return delivery;
}
