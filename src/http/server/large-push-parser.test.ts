import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultSettings } from '../../ingestion/formats/settings.ts';
import { LargePushParser } from './large-push-parser.ts';

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
    const read = await parser.parse(parts, 'prometheus', context);
    assert.ok('pieces' in read);
    const titles: string[] = [];
    for await (const piece of read.pieces) titles.push(...piece.map(({ labels }) => String(labels['alertname'])));
    assert.deepEqual(titles, ['disk é full']);
  }
});
