import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { editsOf, fieldEditOf, type Edit } from './transitions.ts';
import { incidentByHand, type Incident } from './incident.ts';

const now = 1_780_000_000_000;
const incident = incidentByHand(
  '6a1f00c2d4e5f60718293a4b',
  { title: 'old', description: 'old', severity: 'Info', channelId: 0, fields: { team: 'a' } },
  7,
  now,
);

function applied(before: Incident, edit: Edit): Incident {
  return editsOf(before, edit).reduce((one, step) => step.apply(one, now + 1), before);
}

test('each field that really changes has its event and its detail', () => {
  const edit = { title: 'new', description: 'old', impact: 'i', rootCause: 'c', resolution: 'r', severity: 'Critical' };
  const steps = editsOf(incident, edit as Edit).map(({ type, detail }) => [type, detail]);
  assert.deepEqual(steps, [
    ['i_r_title', { from: 'old', to: 'new' }],
    ['i_r_impact', {}],
    ['i_r_rc', {}],
    ['i_r_rsltn', {}],
    ['i_r_severity', { from: 'Info', to: 'Critical' }],
  ]);
});

test('title, description and severity are overridden once edited, the others never came from alerts', () => {
  const after = applied(applied(incident, { title: 'new', impact: 'i' }), { severity: 'Warning', title: 'newer' });
  assert.deepEqual(after.manualOverrides, ['title', 'severity']);
});

test('the status follows a severity set by hand only while there are no alerts to have it from', () => {
  assert.equal(applied(incident, { severity: 'Critical' }).status, 'Critical');
  assert.equal(applied({ ...incident, alertCnt: 1 }, { severity: 'Critical' }).status, 'Info');
});

test('an edit that was made is nothing the second time', () => {
  const text = fc.option(fc.constantFrom('a', 'b', 'old'), { nil: undefined });
  const severity = fc.option(fc.constantFrom('Critical' as const, 'Warning' as const, 'Info' as const), {
    nil: undefined,
  });
  const edits = fc.record({
    title: text,
    description: text,
    impact: text,
    rootCause: text,
    resolution: text,
    severity,
  });
  fc.assert(
    fc.property(edits, (edit) => {
      const after = applied(incident, edit);
      assert.deepEqual(editsOf(after, edit), []);
      for (const [key, value] of Object.entries(edit)) {
        if (value !== undefined) assert.equal(after[key as keyof Edit], value);
      }
    }),
  );
});

test('a custom field is set, is nothing the second time, and goes away', () => {
  const set = fieldEditOf(incident, 'level', ['x', 'y']);
  assert.deepEqual([set?.type, set?.detail], ['i_r_field', { field_name: 'level', to: ['x', 'y'] }]);
  const after = set?.apply(incident, now) ?? incident;
  assert.deepEqual(after.fields, { team: 'a', level: ['x', 'y'] });
  assert.equal(fieldEditOf(after, 'level', ['x', 'y']), undefined);
  const gone = fieldEditOf(after, 'level', undefined);
  assert.deepEqual(gone?.detail, { field_name: 'level', to: null });
  assert.deepEqual(gone?.apply(after, now).fields, { team: 'a' });
  assert.equal(fieldEditOf(incident, 'level', undefined), undefined);
  assert.equal(fieldEditOf(incident, 'toString', undefined), undefined);
});
