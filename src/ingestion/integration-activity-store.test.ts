import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databases } from '../../test/support/databases.ts';
import { closing } from '../../test/support/test-service.ts';
import { activityCountMax, readActivity, saveActivity } from './integration-activity-store.ts';

for (const { name, open } of databases) {
  test(`counts of an integration are added, and end at a number that can be read again, on ${name}`, async () => {
    await using database = closing(await open());
    const add = (truncated: number, unrouted: number) =>
      database.transaction((tx) => saveActivity(tx, new Map([[7, { truncated, unrouted }]])));
    const counts = async () => {
      const { truncated, unrouted } = await readActivity(database.read, 7);
      return [truncated, unrouted];
    };
    await add(3, 4);
    await add(activityCountMax - 4, activityCountMax - 5);
    assert.deepEqual(await counts(), [activityCountMax - 1, activityCountMax - 1]);
    await add(1, 2);
    await add(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    assert.deepEqual(await counts(), [activityCountMax, activityCountMax]);
  });
}
