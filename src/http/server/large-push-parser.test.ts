import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultSettings } from '../../ingestion/formats/settings.ts';
import { bodiesOfOneMax, LargePushParser } from './large-push-parser.ts';

const context = {
  now: 1_796_000_000_000,
  integrationName: 'shop',
  integrationType: 'prometheus',
  settings: defaultSettings,
  path: '',
};

function shared(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  const part = new Uint8Array(new SharedArrayBuffer(bytes.length));
  part.set(bytes);
  return part;
}

test('a body in parts is read as one, and again when its push is taken again', async (t) => {
  const parser = new LargePushParser();
  t.after(() => parser.close());
  const text = JSON.stringify({ alerts: [{ status: 'firing', labels: { alertname: 'disk é full' } }] });
  const bytes = shared(text);
  // The cut goes through a character.
  const cut = Buffer.from(text).indexOf('é') + 1;
  const parts = [bytes.subarray(0, cut), bytes.subarray(cut)];
  for (let tries = 0; tries < 2; tries += 1) {
    const read = await parser.parse({ parts, type: 'prometheus', context, integrationId: 1 });
    assert.ok('pieces' in read);
    const titles: string[] = [];
    for await (const piece of read.pieces) titles.push(...piece.map(({ labels }) => String(labels['alertname'])));
    assert.deepEqual(titles, ['disk é full']);
  }
});

test('an integration that pushes many large bodies at once takes the turn of nobody else', async (t) => {
  const parser = new LargePushParser();
  t.after(() => parser.close());
  const push = (integrationId: number) => {
    const parts = [shared('{"alerts":[]}')];
    return parser.parse({ parts, type: 'prometheus', context, integrationId });
  };
  const first = await push(1);
  const [second, ...refused] = Array.from({ length: 5 }, () => push(1));
  for (const one of refused) await assert.rejects(one, { code: 'ServiceUnavailable', retryAfterSeconds: 2 });
  const other = push(2);
  assert.equal(refused.length, 5 + 1 - bodiesOfOneMax);
  // Each is read when the one before it is used up.
  await use(first);
  if (second !== undefined) await use(await second);
  await use(await other);
  await use(await push(1));
});

async function use(read: Awaited<ReturnType<LargePushParser['parse']>>): Promise<void> {
  assert.ok('pieces' in read);
  for await (const piece of read.pieces) assert.deepEqual(piece, []);
}
