import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { alertEventTypes, incidentEventTypes } from '../../receiver/src/index.ts';
import { deliveryTypes, reasonNames } from './parts/delivery-filters.ts';
import { alertTypes, incidentTypes } from './webhooks/event-types.ts';
import { en } from './words/en/index.ts';
import { reasons } from '../../src/delivery/store/outcome.ts';
import { isPage } from '../../src/http/console/page-paths.ts';

const root = join(import.meta.dirname, '..', '..');

test('the console calls only operations that the service has', async () => {
  const source = await readFile(join(root, 'console', 'src', 'api', 'operations.ts'), 'utf8');
  const document = JSON.parse(await readFile(join(root, 'docs', 'openapi.json'), 'utf8')) as { paths: object };
  const called = [...source.matchAll(/^ {2}'(\/[\w/-]+)':/gm)].map((match) => match[1] ?? '');
  assert.ok(called.length > 20);
  assert.deepEqual(
    called.filter((path) => !(path in document.paths)),
    [],
  );
});

test('the service knows each page of the console, so that its address opens it without an error', async () => {
  const source = await readFile(join(root, 'console', 'src', 'routes.tsx'), 'utf8');
  const pages = [...source.matchAll(/'(\/[\w$/-]*)'/g)].map((match) => match[1] ?? '');
  assert.ok(pages.length > 25, String(pages));
  assert.deepEqual(
    pages.filter((page) => !isPage(page.replaceAll(/\$\w+/g, '1'))),
    [],
  );
});

test('the event types of the console are those of the contract, and each has a name', () => {
  assert.deepEqual(Object.values(incidentTypes).flat().sort(), [...incidentEventTypes].sort());
  assert.deepEqual(alertTypes, alertEventTypes);
  assert.deepEqual(deliveryTypes, [...incidentEventTypes, ...alertEventTypes]);
  const named = Object.keys(en.events);
  assert.deepEqual(
    deliveryTypes.filter((type) => !named.includes(type)),
    [],
  );
});

test('each reason of a delivery has its words', () => {
  assert.deepEqual(Object.keys(en.reasons), [...reasons]);
  assert.deepEqual(Object.keys(en.reasonNames), [...reasons]);
  assert.deepEqual(['ok', ...reasonNames].sort(), [...reasons].sort());
});
