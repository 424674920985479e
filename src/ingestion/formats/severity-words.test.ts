import assert from 'node:assert/strict';
import { test } from 'node:test';
import { severityOf, statusOf } from './severity-words.ts';

const rows: readonly [labels: Record<string, string>, status: string][] = [
  [{ severity: 'critical' }, 'Critical'],
  [{ severity: 'warning' }, 'Warning'],
  [{ severity: 'warn' }, 'Warning'],
  [{ severity: 'info' }, 'Info'],
  [{ severity: 'acknowledged' }, 'Info'],
  [{ severity: 'unknown' }, 'Info'],
  [{ severity: 'unk' }, 'Info'],
  [{ severity: 'ok' }, 'Ok'],
  [{ severity: 'CRITICAL' }, 'Critical'],
  [{ severity: 'page' }, 'Warning'],
  [{ severity: 'constructor' }, 'Warning'],
  [{}, 'Warning'],
  [{ priority: 'critical' }, 'Critical'],
  [{ level: 'info' }, 'Info'],
  [{ level: 'info', priority: 'critical' }, 'Critical'],
  [{ level: 'info', severity: 'P1', priority: 'critical' }, 'Warning'],
  [{ severity: '', priority: 'info' }, 'Info'],
];
for (const [labels, status] of rows) {
  test(`${JSON.stringify(labels)} is ${status}`, () => assert.equal(statusOf(labels), status));
}

test('what is a problem stays one, even when it calls itself ok', () => assert.equal(severityOf('ok'), 'Info'));
