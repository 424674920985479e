import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startTestApp, type TestApp } from '../support/test-app.ts';
import { alerts } from './client-fields/alerts.ts';
import { channels } from './client-fields/channels.ts';
import { ClientFields } from './client-fields/fields.ts';
import { incidents } from './client-fields/incidents.ts';
import { people } from './client-fields/people.ts';

/*
 * Every field that the public clients (command line, SDK, MCP server, Terraform provider) can send to an operation that is
 * here, and its effect: what a later answer shows because of it, or the refusal or header that says that it has none.
 */

let scene: TestApp;
let client: ClientFields;
before(async () => {
  scene = await startTestApp({ env: { TOCSIN_API_RATE: '0' } });
  client = new ClientFields(scene);
});
after(() => scene.stop());

for (const [noun, requests] of Object.entries({ people, channels, incidents, alerts })) {
  test(`the fields of requests about ${noun} have their effect`, () => requests(client));
}

test('no field that a client can send is left out', async () => {
  const listed = await readFile(join(import.meta.dirname, 'client-fields', 'pairs.txt'), 'utf8');
  const pairs = listed.trim().split('\n');
  assert.ok(pairs.length >= 397, String(pairs.length));
  assert.deepEqual(
    pairs.filter((pair) => !client.seen.has(pair)),
    [],
  );
});
