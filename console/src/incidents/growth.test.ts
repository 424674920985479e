import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Alert, Incident } from '../api/operations.ts';
import { joinedAt } from './growth.ts';

const incident = (incident_id: string, created_at: number) => ({ incident_id, created_at }) as Incident;
const alert = (incident_id: string, created_at: number) =>
  ({ created_at, incident: { incident_id, title: '', progress: 'Triggered' } }) as Alert;

test('an incident has grown by alerts that began after it, not by the one that opened it', () => {
  const incidents = [incident('a', 100), incident('b', 100)];
  const alerts = [alert('a', 130), alert('a', 120), alert('a', 100), alert('b', 100), alert('elsewhere', 140)];
  assert.deepEqual([...joinedAt(incidents, alerts)], [['a', 130_000]]);
});

test('an alert without an incident makes none grow', () => {
  assert.deepEqual([...joinedAt([incident('a', 100)], [{ created_at: 200 } as Alert])], []);
});
