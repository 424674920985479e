import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { databases } from '../../../test/support/databases.ts';
import { storeDeliveries, testEvent, testWebhook } from '../../../test/support/deliveries.ts';
import { openHeard } from '../../../test/support/query-plans.ts';
import { readCandidates } from '../../replay/selection-store.ts';
import type { Replay } from '../../replay/replay.ts';
import { failedStates, listHistory, type HistoryFilter } from './history-store.ts';

/*
 * A webhook had much to say long ago and is silent since. By statistics its deliveries are many, and as likely at one time as
 * at another: by event times alone, a database would read all that others had since, to find the newest of them.
 */

// Its number is between those of the others, so that by numbers, too, the rows are in no order.
const [before, silent, after] = [testWebhook(), testWebhook(), testWebhook()];
const [longAgo, late] = [1_700_000_000_000, 1_900_000_000_000];
const rounds = 100;
const every = { entityId: '', eventTypes: [], reasons: [], webhookTypes: [], replayId: '' };
const filter: HistoryFilter = {
  ...every,
  startTime: longAgo,
  endTime: late,
  webhookId: silent.webhookId,
  states: ['delivered', 'failed'],
};
const replay: Replay = {
  replayId: 'replay',
  webhookId: silent.webhookId,
  memberId: 1,
  state: 'running',
  selection: { ...every, startTime: longAgo, endTime: late, states: ['delivered', 'failed'], recordIds: [] },
  order: 'every',
  perSecond: 10,
  total: 1,
  made: 0,
  skipped: 0,
  cursor: { time: longAgo, id: '' },
  message: '',
  dueAt: 0,
  pauseMs: 0,
  createdAt: late,
  finishedAt: 0,
};

for (const { name, open } of databases) {
  test(`${name}: the history of a webhook that is long silent is read by its own index`, async () => {
    await using heard = await openHeard(open);
    const { database } = heard;
    for (let round = 0; round < rounds; round += 1) {
      const speaking = round < rounds / 2 ? [before, silent, silent, after] : [before, after];
      for (const [place, webhook] of speaking.entries()) {
        const change = (at: number) => ({ eventTime: longAgo + round * 1_000 + place * 100 + at });
        const events = Array.from({ length: 20 }, (_, at) => testEvent(`${round} ${place} ${at}`, 1, change(at)));
        await storeDeliveries(database, webhook, events);
      }
    }
    await database.transaction((tx) =>
      sql`update delivery set shard = 0, state = case when delivery_id like '%7' then 'failed' else 'delivered' end`.execute(
        tx.query,
      ),
    );
    await heard.analyze();
    const listed = (change: Partial<HistoryFilter>, ascending = false, from?: { time: number; id: string }) =>
      heard.indexes((tx) =>
        listHistory(
          { ...database, longRead: tx.query },
          { ...filter, ...change },
          { ascending, after: from, limit: 20 },
        ),
      );
    const replayed = (change: Partial<Replay['selection']>) =>
      heard.indexes((tx) =>
        readCandidates(
          { dialect: database.dialect, longRead: tx.query },
          { ...replay, selection: { ...replay.selection, ...change } },
          20,
        ),
      );
    const place = { time: longAgo + 40_000, id: 'f' };
    const found = {
      list: await listed({}),
      'the oldest first': await listed({}, true),
      'the next page': await listed({}, false, place),
      'the next page, the oldest first': await listed({}, true, place),
      failures: await listed({ states: failedStates }),
      'a replay': await replayed({}),
      'a replay of failures': await replayed({ states: ['failed'] }),
    };
    assert.deepEqual(found, {
      list: 'delivery_webhook',
      'the oldest first': 'delivery_webhook',
      'the next page': 'delivery_webhook',
      'the next page, the oldest first': 'delivery_webhook',
      failures: 'delivery_failed_webhook',
      'a replay': 'delivery_lane delivery_webhook',
      'a replay of failures': 'delivery_failed_webhook delivery_lane',
    });
  });
}
