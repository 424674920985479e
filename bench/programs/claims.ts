import { openDatabase } from '../../src/database/open.ts';
import { claimDeliveries } from '../../src/delivery/store/claim-store.ts';
import { releaseDeliveries } from '../../src/delivery/store/delivery-store.ts';
import { readHeadsOf, readPlaces } from '../../src/delivery/store/backlog-store.ts';
import { urgencyOf } from '../../src/delivery/store/delivery.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { systemTimers } from '../../src/runtime/timers.ts';
import { serveParent } from './parent.ts';

/** As many as the dispatcher reads at once. */
const heads = 64;
const times = 200;

/** What the dispatcher does to get work, timed: read the next heads of a webhook, claim them; then they are given back. */
serveParent({
  measure: async ({ folder, url, webhookIds }: { folder: string; url: string; webhookIds: readonly number[] }) => {
    const database = await openDatabase({ url, folder, clock: systemClock, timers: systemTimers });
    const reads: number[] = [];
    const claims: number[] = [];
    try {
      for (let index = 0; index < times; index += 1) {
        const webhookId = webhookIds[index % webhookIds.length] ?? 0;
        const before = performance.now();
        const places = await readPlaces(database.read, webhookId, urgencyOf.Critical, '', heads);
        const found = await readHeadsOf(
          database.read,
          database.dialect,
          webhookId,
          places.map(({ entityId }) => entityId),
        );
        const read = performance.now();
        const ids = found.map((head) => head.delivery.deliveryId);
        const claimed = await database.transaction((tx) => claimDeliveries(tx, database.dialect, ids, Date.now()));
        const done = performance.now();
        reads.push(read - before);
        claims.push(done - read);
        const given = found.flatMap(({ delivery }) => {
          const claim = claimed.get(delivery.deliveryId);
          return claim === undefined ? [] : [{ ...delivery, ...claim }];
        });
        await database.transaction((tx) => releaseDeliveries(tx, given));
      }
    } finally {
      await database.close();
    }
    return { reads, claims };
  },
});
