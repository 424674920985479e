import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { replyText } from './reply-text.ts';

test('a reply is the text that JSON.stringify gives', async () => {
  const replies: unknown[] = [
    {},
    [],
    [1, undefined],
    'text',
    null,
    { items: [], total: 0 },
    { items: [{ a: undefined, b: [undefined] }, undefined, () => 1], missing: undefined, 'a "name"': { deep: [1] } },
    { at: new Date(0), toJSON: () => ({ other: 1 }) },
  ];
  for (const reply of replies) assert.equal(await replyText(reply), JSON.stringify(reply));
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => assert.equal(await replyText(value), JSON.stringify(value))),
  );
});
