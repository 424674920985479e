import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { databases } from '../../test/support/databases.ts';
import { openTestService, report } from '../../test/support/test-service.ts';
import { pieceMax } from './push-result.ts';

for (const { name, open } of databases) {
  describe(`on ${name}`, () => {
    test('a small push waits for no more than one part of the large pushes of another integration', async () => {
      await using service = await openTestService(open);
      const { channelId } = service.channel;
      const other = await service.services.integrations.create({ name: 'small', type: 'prometheus', channelId }, 0);
      const part = (number: number) =>
        service.push(Array.from({ length: pieceMax }, (_, index) => report({ alertKey: `${number} ${index}` })));
      const small = { ...service.push([report({ alertKey: 'small' })]), integrationId: other.integrationId };
      const order: string[] = [];
      const take = async (what: string, push: typeof small) => {
        const { taken } = await service.queued.add(push);
        order.push(`${what} ${taken}`);
      };
      const parts = Array.from({ length: name === 'sqlite' ? 4 : 20 }, (_, number) => take('part', part(number)));
      await Promise.all([...parts, take('small', small)]);
      // SQLite takes it between two parts; PostgreSQL beside some of them, which may end before it.
      assert.ok(order.indexOf('small 1') <= (name === 'sqlite' ? 1 : parts.length - 1), order.join());
      assert.deepEqual(order.toSorted(), [...parts.map(() => 'part 50'), 'small 1']);
    });
  });
}
