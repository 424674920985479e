import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { databases } from '../../../test/support/databases.ts';
import { ada, openTestService, report } from '../../../test/support/test-service.ts';
import type { Failure } from '../../runtime/failure.ts';
import { checkValue, fieldFaults, valueTypesOf, fieldsMax, optionMaxChars, textMaxChars } from './field.ts';
import { readIncidents } from '../incident-list-store.ts';

const options = ['low', 'high', 'top'];

test('a value is of its field’s type, and choices come in the order of the options', () => {
  const cases = [
    ['text', 'x'.repeat(textMaxChars), 'x'.repeat(textMaxChars)],
    ['text', 'x'.repeat(textMaxChars + 1), /at most/],
    ['text', 7, /must be a text/],
    ['checkbox', false, false],
    ['checkbox', 'true', /true or false/],
    ['single_select', 'high', 'high'],
    ['single_select', 'none', /"low", "high", "top"/],
    ['single_select', ['high'], /must be one of/],
    ['multi_select', ['top', 'low', 'top'], ['low', 'top']],
    ['multi_select', [], []],
    ['multi_select', ['none'], /must be a list of/],
    ['multi_select', 'low', /must be a list of/],
  ] as const;
  for (const [type, value, expected] of cases) {
    const checked = checkValue({ type, options, valueType: valueTypesOf(type)[0] }, value);
    if (expected instanceof RegExp) assert.match(checked.ok ? 'taken' : checked.message, expected);
    else assert.deepEqual(checked, { ok: true, value: expected });
  }
});

test('a text whose value type is float takes a number and nothing else', () => {
  const field = { type: 'text', valueType: 'float', options: [] } as const;
  for (const value of [0, -1.5, 1e300]) assert.deepEqual(checkValue(field, value), { ok: true, value });
  for (const value of ['1', true, [1], Number.NaN, Infinity]) {
    const checked = checkValue(field, value);
    assert.match(checked.ok ? 'taken' : checked.message, /must be a number/, String(value));
  }
});

test('a field is refused with every fault named', () => {
  const faults = (name: string, type: 'text' | 'single_select', chosen: readonly string[]) =>
    fieldFaults({ name, type, options: chosen }).map((fault) => fault.field);
  assert.deepEqual(faults('1st', 'single_select', []), ['field_name', 'options']);
  assert.deepEqual(faults('__proto__', 'text', ['a', 'a']), ['field_name', 'options', 'options']);
  assert.deepEqual(faults('_ok9', 'single_select', ['a'.repeat(optionMaxChars)]), []);
});

for (const { name, open } of databases) {
  suite(`custom fields on ${name}`, () => {
    test('defaults go into incidents made afterwards, by hand and by alerts, and into no other', async () => {
      await using service = await openTestService(open);
      const { fields } = service.services;
      const before = await service.incidents.create(manual({}), undefined, ada);
      await fields.create({ name: 'level', type: 'single_select', options, defaultValue: 'low' }, 1);
      await fields.create({ name: 'public', type: 'checkbox', defaultValue: false }, 1);
      await fields.create({ name: 'note', type: 'text' }, 1);
      const after = await service.incidents.create(manual({ note: 'n', level: 'top', public: null }), undefined, ada);
      await service.report(report());
      const ids = [before.incidentId, after.incidentId, service.events.at(-1)?.entityId ?? ''];
      const read = await readIncidents(service.database, ids);
      const fieldsOf = (id: string | undefined) => read.find((one) => one.incidentId === id)?.fields;
      assert.deepEqual(ids.map(fieldsOf), [{}, { note: 'n', level: 'top' }, { level: 'low', public: false }]);
    });

    test('an incident by hand names every custom field that is wrong, and is not made', async () => {
      await using service = await openTestService(open);
      await service.services.fields.create({ name: 'level', type: 'single_select', options }, 1);
      await assert.rejects(
        service.incidents.create(manual({ level: 'no', other: 1 }), undefined, ada),
        (error: Failure) => {
          assert.deepEqual(
            error.faults.map((fault) => fault.field),
            ['fields.level', 'fields.other'],
          );
          return true;
        },
      );
      assert.equal(service.events.length, 0);
    });

    test('a field is set, left alone when it has that value, and taken away', async () => {
      await using service = await openTestService(open);
      const { fields } = service.services;
      const level = await fields.create({ name: 'level', type: 'multi_select', options }, 1);
      const { incidentId } = await service.incidents.create(manual({}), undefined, ada);
      const set = (value: unknown) => service.incidents.resetField(incidentId, 'level', value, ada);
      await set(['top', 'low']);
      await set(['low', 'top']);
      await assert.rejects(set('top'), { code: 'InvalidParameter' });
      await fields.remove(level.fieldId);
      await assert.rejects(set(['top']), /no custom field "level"/);
      await set(undefined);
      await assert.rejects(set(undefined), /no custom field "level"/);
      const changes = service.events.slice(1).map((event) => [event.type, event.detail]);
      assert.deepEqual(changes, [
        ['i_r_field', { field_name: 'level', to: ['low', 'top'] }],
        ['i_r_field', { field_name: 'level', to: null }],
      ]);
    });

    test('fields are limited, no two have a name, and a default is always one of the options', async () => {
      await using service = await openTestService(open);
      const { fields } = service.services;
      const make = (field: string) => fields.create({ name: field, type: 'single_select', options }, 1);
      const first = await make('f0');
      const both = await Promise.allSettled([make('f1'), make('f1')]);
      assert.equal(both.filter((one) => one.status === 'fulfilled').length, 1);
      for (let count = 2; count < fieldsMax; count += 1) await make(`f${count}`);
      await assert.rejects(make('more'), /at most 15 custom fields/);
      await fields.update(first.fieldId, { defaultValue: 'top', displayName: 'First' }, 2);
      await assert.rejects(fields.update(first.fieldId, { options: ['low'] }, 2), /default_value/);
      await fields.update(first.fieldId, { options: ['low'], defaultValue: null }, 2);
      const { name: kept, displayName, defaultValue, options: left, updatedBy } = await fields.find(first.fieldId);
      assert.deepEqual([kept, displayName, defaultValue, left, updatedBy], ['f0', 'First', undefined, ['low'], 2]);
    });
  });
}

function manual(fields: Record<string, unknown>) {
  return { title: 't', description: '', severity: 'Info', channelId: 0, fields } as const;
}
