import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { keepLabels } from './labels.ts';
import { renderTitleRule } from './title-rule.ts';

describe('a title rule', () => {
  const { labels } = keepLabels(
    JSON.parse(
      '{"cluster":"nj","resource":"es.nj.01","check":"heap","service.name":"shop","tricky":"${check}{{.Title}}","empty":"","__proto__":"p"}',
    ),
  );
  const attributes = new Map([
    ['Title', ''],
    ['EventStatus', 'Critical'],
    ['IntegrationName', 'Disk watch'],
  ]);
  const rows: readonly [rule: string, title: string][] = [
    ['[TPL]${resource} / ${check}', 'es.nj.01 / heap'],
    ['[TPL]${nope} down', '<no value> down'],
    ['[TPL]${empty}.', '.'],
    ['[TPL]{{.Labels.resource}} on {{ .Labels.cluster }}', 'es.nj.01 on nj'],
    ['[TPL]{{.Labels.service.name}} ${service.name}', 'shop shop'],
    ['[TPL]{{.Labels.nope}}down', 'down'],
    ['[TPL]{{.EventStatus}}: {{.IntegrationName}}{{.Title}}', 'Critical: Disk watch'],
    ['[TPL]{{.Nope}}x', 'x'],
    ['[TPL]${Title}', '<no value>'],
    ['[TPL]${toString}{{.Labels.constructor}}{{.constructor}}{{.__proto__}}', '<no value>'],
    ['[TPL]${__proto__}', 'p'],
    ['[TPL]{{constructor.constructor("return 1")()}}', '{{constructor.constructor("return 1")()}}'],
    ['[TPL]{{if .Labels.check}}', '{{if .Labels.check}}'],
    ['[TPL]${tricky}', '${check}{{.Title}}'],
    ['[TPL]plain', 'plain'],
    ['[TPL]${open', '${open'],
    ['[TPL]$resource', '$resource'],
    ['${resource}', '${resource}'],
    ['disk is full', 'disk is full'],
    ['costs $5::$6 now', 'costs $5::$6 now'],
    ['$cluster::$resource::$check', 'nj / es.nj.01 - heap'],
    ['$resource::$check', 'es.nj.01 - heap'],
    ['$check', 'heap'],
    ['$nope::$check', '<no value> - heap'],
    ['$toString::$check', '<no value> - heap'],
    ['$cluster::text', '$cluster::text'],
    ['', ''],
  ];
  for (const [rule, title] of rows) {
    test(`${JSON.stringify(rule)} gives ${JSON.stringify(title)}`, () => {
      assert.equal(renderTitleRule(rule, { labels, attributes }), title);
    });
  }
});
