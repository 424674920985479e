import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { context } from './fixtures/fixture.ts';
import { read } from './report.ts';
import type { Draft } from './report.ts';

const draft: Draft = { title: 'T', alertKey: 'disk:1', description: 'D', status: 'Info', labels: [] };
const titleOf = (change: Partial<Draft>, titleRule = '') =>
  read({ ...draft, ...change }, '', { ...context, settings: { ...context.settings, titleRule } }).report.title;

describe('a title that has nothing to show', () => {
  const rows: readonly [name: string, change: Partial<Draft>, title: string][] = [
    ['is the sender’s rule', { title: ' ', titleRule: '[TPL]${a}', labels: [{ a: 'x' }] }, 'x'],
    ['is made of labels', { title: '', labels: [{ host: 'h', severity: 's' }] }, 'h'],
    ['is the key', { title: '\n' }, 'disk:1'],
    ['is never a digest', { title: '', isKeyDigest: true, alertKey: 'e08fbb4769fbe' }, 'Alert from Disk watch'],
    ['is never blank', { title: '', alertKey: '\u0007' }, 'Alert from Disk watch'],
  ];
  for (const [name, change, title] of rows) test(name, () => assert.equal(titleOf(change), title));
});

describe('the title rule of the integration', () => {
  const labels = [{ resource: 'shop', check: 'http' }];
  const rows: readonly [name: string, rule: string, title: string][] = [
    ['gives every alert its title', '[TPL]{{.Labels.resource}} is down', 'shop is down'],
    ['may speak of the title that there was', '[TPL]{{.Title}} / ${check}', 'T / http'],
    ['knows the older form', '$resource::$check', 'shop - http'],
    ['that renders to nothing leaves the title', '[TPL]{{.Labels.nope}}', 'T'],
  ];
  for (const [name, rule, title] of rows) test(name, () => assert.equal(titleOf({ labels }, rule), title));
});

test('descriptions and rules are cut', () => {
  const { report } = read({ ...draft, description: '😀'.repeat(7000), titleRule: 'r'.repeat(600) }, '', context);
  assert.equal(report.description, '😀'.repeat(6144));
  assert.equal(report.titleRule.length, 512);
});

test('left-out labels are named with their place', () => {
  const labels = [Object.fromEntries(Array.from({ length: 90 }, (_, index) => [`l_${10 + index}`, 'v']))];
  const { skipped } = read({ ...draft, labels, images: [{}] }, 'alerts[3]', context);
  assert.deepEqual(
    skipped.map((fault) => fault.field),
    ['alerts[3].labels', 'alerts[3].images[0]'],
  );
  assert.match(skipped[0]?.message ?? '', /left out: l_60, l_61, .*l_89 and 10 more/);
});
