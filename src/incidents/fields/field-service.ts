import type { SharedConfig } from '../../database/config-snapshot.ts';
import type { Database, Transaction } from '../../database/database.ts';
import type { Clock } from '../../runtime/clock.ts';
import { invalid, notFound, type Fault } from '../../runtime/failure.ts';
import type { Ids } from '../../runtime/ids.ts';
import {
  checkValue,
  fieldFaults,
  fieldsMax,
  valueTypesOf,
  type Field,
  type FieldDirectory,
  type FieldType,
  type ValueType,
} from './field.ts';
import type { FieldStore } from './field-store.ts';

export interface FieldServiceParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly store: FieldStore;
  readonly config: SharedConfig<{ fields: FieldDirectory }>;
}

/** The settable fields; `undefined` = unchanged. */
export interface FieldChange {
  readonly displayName?: string | undefined;
  readonly description?: string | undefined;
  readonly options?: readonly string[] | undefined;
  /** null = new incidents start without a value. */
  readonly defaultValue?: unknown;
}

export type NewField = FieldChange & {
  readonly name: string;
  readonly type: FieldType;
  /** The first of the type's when left out. */
  readonly valueType?: ValueType | undefined;
};

/** Manages custom fields (contract 4.9, 6.9). Name and type never change: incidents have values of them. */
export class FieldService {
  readonly #parts: FieldServiceParts;

  constructor(parts: FieldServiceParts) {
    this.#parts = parts;
  }

  async directory(): Promise<FieldDirectory> {
    return (await this.#parts.config.current()).fields;
  }

  /** @throws Failure when there is none. */
  async find(fieldId: string): Promise<Field> {
    return found((await this.directory()).list, fieldId);
  }

  /** Existing incidents get no value. */
  async create(input: NewField, creatorId: number): Promise<Field> {
    const { ids, clock } = this.#parts;
    const now = clock.now();
    const blank: Field = {
      ...nowhere,
      fieldId: ids.object(),
      name: input.name,
      displayName: input.name,
      type: input.type,
      valueType: input.valueType ?? valueTypesOf(input.type)[0],
      creatorId,
      updatedBy: creatorId,
      createdAt: now,
      updatedAt: now,
    };
    return this.#with(async (tx, others) => {
      const { field, faults } = withChange(blank, input);
      faults.push(...newFaults(others, field.name));
      if (faults.length > 0) throw invalid(faults);
      await this.#parts.store.insert(tx, field);
      return field;
    });
  }

  /** Faults of a new field against others, and of its parts against each other as far as its type is known. */
  async faultsOfNew(
    input: FieldChange & { name: string | undefined; type: FieldType | undefined; valueType?: ValueType | undefined },
  ): Promise<Fault[]> {
    const { name = '', type } = input;
    const others = newFaults((await this.directory()).list, name);
    const blank = { ...nowhere, name: name === '' ? 'unnamed' : name, displayName: name };
    return type === undefined
      ? others
      : [
          ...withChange({ ...blank, type, valueType: input.valueType ?? valueTypesOf(type)[0] }, input).faults,
          ...others,
        ];
  }

  /** Faults of a change, without making it; none when there is no such field. */
  async faultsOf(fieldId: string, change: FieldChange): Promise<Fault[]> {
    const before = (await this.directory()).list.find((one) => one.fieldId === fieldId);
    return before === undefined ? [] : withChange(before, change).faults;
  }

  /** Values of incidents stay, also those that are no longer options. */
  async update(fieldId: string, change: FieldChange, memberId: number): Promise<void> {
    await this.#with(async (tx, fields) => {
      const { field, faults } = withChange(found(fields, fieldId), change);
      if (faults.length > 0) throw invalid(faults);
      await this.#parts.store.save(tx, { ...field, updatedBy: memberId, updatedAt: this.#parts.clock.now() });
    });
  }

  /** Values of incidents stay. */
  async remove(fieldId: string): Promise<void> {
    await this.#with(async (tx, fields) => this.#parts.store.remove(tx, found(fields, fieldId).fieldId));
  }

  async #with<Result>(work: (tx: Transaction, fields: readonly Field[]) => Promise<Result>): Promise<Result> {
    const { database, config, store } = this.#parts;
    return database.transaction(async (tx) => {
      await config.change(tx, 'fields');
      return work(tx, await store.all(tx.query));
    });
  }
}

const nowhere: Field = {
  fieldId: '',
  name: '',
  displayName: '',
  description: '',
  type: 'text',
  valueType: 'string',
  options: [],
  defaultValue: undefined,
  creatorId: 0,
  updatedBy: 0,
  createdAt: 0,
  updatedAt: 0,
};

function newFaults(others: readonly Field[], name: string): Fault[] {
  const faults: Fault[] = [];
  if (others.some((other) => other.name === name)) {
    faults.push({ field: 'field_name', message: 'another field has this name: choose another', code: 'taken' });
  }
  if (others.length >= fieldsMax) {
    faults.push({
      field: '',
      message: `there may be at most ${fieldsMax} custom fields: delete some first`,
      code: 'limit',
    });
  }
  return faults;
}

function found(fields: readonly Field[], fieldId: string): Field {
  const field = fields.find((one) => one.fieldId === fieldId);
  if (field === undefined) throw notFound('custom field', fieldId);
  return field;
}

function withChange(before: Field, change: FieldChange): { field: Field; faults: Fault[] } {
  const field: Field = {
    ...before,
    displayName: change.displayName ?? before.displayName,
    description: change.description ?? before.description,
    options: change.options ?? before.options,
    defaultValue: undefined,
  };
  const faults = fieldFaults(field);
  const wanted = change.defaultValue === undefined ? before.defaultValue : change.defaultValue;
  if (wanted === undefined || wanted === null) return { field, faults };
  const checked = checkValue(field, wanted);
  if (checked.ok) return { field: { ...field, defaultValue: checked.value }, faults };
  return { field, faults: [...faults, { field: 'default_value', message: checked.message }] };
}
