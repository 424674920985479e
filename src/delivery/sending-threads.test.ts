import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databases } from '../../test/support/databases.ts';
import { createDispatcherHarness, pushOf, to } from '../../test/support/dispatcher-harness.ts';
import { testEvent } from '../../test/support/deliveries.ts';
import { answer, ScriptedReceiver } from '../../test/support/scripted-receiver.ts';
import { testThreads } from '../../test/support/test-threads.ts';
import { until } from '../../test/support/until.ts';
import { systemRandom } from '../runtime/random.ts';
import { retryDefaults } from '../webhooks/draft.ts';

for (const { name, open } of databases) {
  for (const how of ['ends', 'hangs'] as const) {
    test(`${name}: a thread that ${how} while it sends leaves unknown what goes at most once, and the rest is sent again`, async () => {
      await using receiver = await new ScriptedReceiver((socket, { number }) => {
        if (number > 2) socket.write(answer(200));
      }).listen();
      await using breaking = await new ScriptedReceiver((socket) => socket.write(answer(200))).listen();
      await using threads = testThreads();
      const once = to(receiver, { channelIds: [1] });
      const again = to(receiver, { channelIds: [1], mode: 'at_least_once', retry: retryDefaults.at_least_once });
      const breaks = to(breaking, { channelIds: [2], unsentRetrySeconds: 10 });
      await using rig = await createDispatcherHarness(open, [once, again, breaks], {
        network: () => threads.client,
        random: { ...systemRandom, fraction: () => 0 },
      });
      await rig.happen([testEvent('a', 1, { channelId: 1 })]);
      await until(() => receiver.requests.length === 2);
      await rig.happen([testEvent('a', 2, { channelId: 1 })]);
      if (how === 'ends') await threads.workers[0]?.terminate();
      else {
        threads.break('hang', 'send.before-write');
        await rig.happen([testEvent('b', 1, { channelId: 2 })]);
      }
      const ended = how === 'ends' ? 4 : 5;
      await rig.ended(ended);
      assert.deepEqual(await rig.states(), { unknown: 1, delivered: ended - 1 });
      // The first of both, the first again, and the second of both.
      const seen = receiver.requests.map((request) => pushOf(request).sequence);
      assert.deepEqual(
        seen.toSorted((one, other) => one - other),
        [1, 1, 1, 2, 2],
      );
      assert.equal(breaking.requests.length, how === 'ends' ? 0 : 1);
    });
  }
}
