import assert from 'node:assert/strict';
import type { Database, Query } from '../../src/database/database.ts';
import { createDelivery, type DeliveryParts, type DeliverySettings } from '../../src/delivery/engine.ts';
import { endedStates, type DeliveryState } from '../../src/delivery/store/delivery.ts';
import { appendEvents } from '../../src/events/event-store.ts';
import type { Event, FanOut } from '../../src/events/event.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { noCrashPoints } from '../../src/runtime/crash-points.ts';
import { systemIds } from '../../src/runtime/ids.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { createMetrics } from '../../src/runtime/metrics.ts';
import { systemRandom } from '../../src/runtime/random.ts';
import { systemTimers } from '../../src/runtime/timers.ts';

/** Longer than a lease and the pauses after faults, on a machine that is busy with other things. */
const standstillMaxMs = 20_000;

type TestParts = Pick<DeliveryParts, 'database' | 'webhooks'> & Partial<DeliveryParts>;

/** The delivery engine as the service has it, for every test that runs one. It reaches this machine only, and forgets nothing. */
export function createTestEngine(parts: TestParts, settings: Partial<DeliverySettings> = {}) {
  return createDelivery(
    {
      clock: systemClock,
      timers: systemTimers,
      ids: systemIds(systemClock, systemRandom),
      random: systemRandom,
      at: noCrashPoints,
      metrics: createMetrics(),
      logger: silentLogger,
      version: 'test',
      ...parts,
    },
    { allow: ['127.0.0.1/32'], bind: [], proxy: '', historyDays: 36_500, ...settings },
  );
}

/** Without what several nodes need: its only node holds every lane without leases, also on PostgreSQL. */
export function forOneNode(database: Database): Database {
  const { shared: _, ...rest } = database;
  return rest;
}

/** Commits events with their deliveries, as a change does. */
export function happen(database: Database, fanOut: FanOut, events: readonly Event[]): Promise<void> {
  return database.transaction(async (tx) => {
    await appendEvents(tx, events);
    await fanOut.enqueueFor(tx, events);
  });
}

/** The number of deliveries in each state that any has. */
export async function countStates(query: Query): Promise<Partial<Record<DeliveryState, number>>> {
  const rows = await query
    .selectFrom('delivery')
    .select(['state', ({ fn }) => fn.countAll().as('count')])
    .groupBy('state')
    .execute();
  return Object.fromEntries(rows.map((row) => [row.state as DeliveryState, Number(row.count)]));
}

/** Resolves when so many deliveries have ended; rejects when for long none has. */
export async function untilEnded(query: Query, count: number): Promise<void> {
  let [most, since] = [0, systemClock.monotonic()];
  for (;;) {
    const states = await countStates(query);
    const ended = endedStates.reduce((sum, state) => sum + (states[state] ?? 0), 0);
    if (ended >= count) return;
    if (ended > most) [most, since] = [ended, systemClock.monotonic()];
    assert.ok(systemClock.monotonic() - since < standstillMaxMs, `only ${ended} of ${count} have ended`);
    await new Promise<void>((resolve) => void systemTimers.after(10, resolve));
  }
}
