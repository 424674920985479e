import { bumpRevision, type Cached } from '../database/cached.ts';
import type { Database, Transaction } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import { invalid, notFound, type Fault } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import { checkValue, fieldFaults, fieldsMax, type Field, type FieldDirectory, type FieldType } from './field.ts';
import type { FieldStore } from './field-store.ts';

export interface FieldsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly store: FieldStore;
  readonly directory: Cached<FieldDirectory>;
}

/** What of a field can be set; what is `undefined` stays as it is. */
export interface FieldChange {
  readonly displayName?: string | undefined;
  readonly description?: string | undefined;
  readonly options?: readonly string[] | undefined;
  /** null = new incidents start without a value. */
  readonly defaultValue?: unknown;
}

export type NewField = FieldChange & { readonly name: string; readonly type: FieldType };

/** Which custom fields there are (contract 4.9, 6.9). Name and type of a field never change: incidents have values of them. */
export class Fields {
  readonly #parts: FieldsParts;

  constructor(parts: FieldsParts) {
    this.#parts = parts;
  }

  directory(): Promise<FieldDirectory> {
    return this.#parts.directory.current();
  }

  /** @throws Failure when there is none. */
  async find(fieldId: string): Promise<Field> {
    return found((await this.directory()).list, fieldId);
  }

  /** Incidents that are there already get no value. */
  async create(input: NewField, creatorId: number): Promise<Field> {
    const { ids, clock } = this.#parts;
    const now = clock.now();
    const blank: Field = {
      fieldId: ids.object(),
      name: input.name,
      displayName: input.name,
      description: '',
      type: input.type,
      options: [],
      defaultValue: undefined,
      creatorId,
      updatedBy: creatorId,
      createdAt: now,
      updatedAt: now,
    };
    return this.#with(async (tx, others) => {
      const { field, faults } = withChange(blank, input);
      if (others.some((other) => other.name === field.name)) {
        faults.push({ field: 'field_name', message: 'another field has this name: choose another' });
      }
      if (others.length >= fieldsMax) {
        faults.push({ field: '', message: `there may be at most ${fieldsMax} custom fields: delete some first` });
      }
      if (faults.length > 0) throw invalid(faults);
      await this.#parts.store.insert(tx, field);
      return field;
    });
  }

  /** Values that incidents have stay, also those that are no options any more. */
  async update(fieldId: string, change: FieldChange, memberId: number): Promise<void> {
    await this.#with(async (tx, fields) => {
      const { field, faults } = withChange(found(fields, fieldId), change);
      if (faults.length > 0) throw invalid(faults);
      await this.#parts.store.save(tx, { ...field, updatedBy: memberId, updatedAt: this.#parts.clock.now() });
    });
  }

  /** Values that incidents have stay. */
  async remove(fieldId: string): Promise<void> {
    await this.#with(async (tx, fields) => this.#parts.store.remove(tx, found(fields, fieldId).fieldId));
  }

  async #with<Result>(work: (tx: Transaction, fields: readonly Field[]) => Promise<Result>): Promise<Result> {
    const { database, store } = this.#parts;
    return database.transaction(async (tx) => {
      await bumpRevision(tx);
      return work(tx, await store.all(tx.query));
    });
  }
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
