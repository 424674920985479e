import assert from 'node:assert/strict';
import { test } from 'node:test';
import { integrationTypes } from '../../../src/ingestion/integration.ts';
import { pathOf, productNames, samplesOf, sourceTypes } from './source-snippets.ts';

const url = 'https://tocsin.example.org/event/push/alert/prometheus?integration_key=abc';

test('the console knows every kind of source that the service has, and its name', () => {
  assert.deepEqual(sourceTypes, integrationTypes);
  assert.deepEqual(['standard', ...Object.keys(productNames)], [...integrationTypes]);
});

test('a test alert goes to this service whatever its public address is', () => {
  assert.equal(pathOf(url), '/event/push/alert/prometheus?integration_key=abc');
});

test('the lines to paste hold the address', () => {
  for (const type of sourceTypes) {
    for (const { where, text } of samplesOf(type, url, 0)) {
      if (where === 'prometheusStraight') assert.match(text, /path_prefix: \/event\/push\/alert\/prometheus\/abc/);
      else assert.ok(text.includes(url), `${type} ${where}`);
    }
  }
});
