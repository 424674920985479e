import type { Fault } from '../../runtime/failure.ts';

export const fieldTypes = ['text', 'single_select', 'multi_select', 'checkbox'] as const;
export type FieldType = (typeof fieldTypes)[number];
export const valueTypes = ['string', 'bool', 'float'] as const;
export type ValueType = (typeof valueTypes)[number];
export type FieldValue = string | number | boolean | readonly string[];

/** A custom field of incidents (contract 4.9). */
export interface Field {
  readonly fieldId: string;
  /** Unique; the key of its value in an incident. */
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  readonly type: FieldType;
  readonly valueType: ValueType;
  /** The options of a selection; else empty. */
  readonly options: readonly string[];
  /** The value of new incidents; `undefined` = none. */
  readonly defaultValue: FieldValue | undefined;
  readonly creatorId: number;
  readonly updatedBy: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Fields per installation (contract 4.9). */
export const fieldsMax = 15;
export const fieldNamePattern = /^[a-zA-Z_][a-zA-Z0-9_]{0,39}$/;
export const textMaxChars = 3000;
export const optionsMax = 20;
export const optionMaxChars = 200;

/** The kinds of value that a type may have, the usual one first: only a text may be a number. */
export function valueTypesOf(type: FieldType): readonly [ValueType, ...ValueType[]] {
  if (type === 'checkbox') return ['bool'];
  return type === 'text' ? ['string', 'float'] : ['string'];
}

/** A value in its stored form, or its fault. Choices are in the order of the options, each once. */
export type CheckedValue =
  | { readonly ok: true; readonly value: FieldValue }
  | { readonly ok: false; readonly message: string };

export function checkValue(field: Pick<Field, 'type' | 'valueType' | 'options'>, value: unknown): CheckedValue {
  if (field.valueType === 'float') {
    return typeof value === 'number' && Number.isFinite(value) ? { ok: true, value } : wrong('must be a number');
  }
  switch (field.type) {
    case 'checkbox':
      return typeof value === 'boolean' ? { ok: true, value } : wrong('must be true or false');
    case 'text':
      if (typeof value !== 'string') return wrong('must be a text');
      return value.length <= textMaxChars ? { ok: true, value } : wrong(`may have ${textMaxChars} characters at most`);
    case 'single_select':
      return typeof value === 'string' && field.options.includes(value)
        ? { ok: true, value }
        : wrong(`must be one of ${shown(field.options)}`);
    case 'multi_select':
      return Array.isArray(value) && value.every((one) => field.options.includes(one as string))
        ? { ok: true, value: field.options.filter((option) => value.includes(option)) }
        : wrong(`must be a list of ${shown(field.options)}`);
  }
}

/** All faults of the name and the options. */
export function fieldFaults(field: Pick<Field, 'name' | 'type' | 'options'>): Fault[] {
  const faults: Fault[] = [];
  const chooses = field.type === 'single_select' || field.type === 'multi_select';
  if (!fieldNamePattern.test(field.name) || field.name === '__proto__') {
    faults.push({
      field: 'field_name',
      message: 'must have letters, digits and _, 40 at most, and begin with no digit',
    });
  }
  if (chooses && field.options.length === 0) {
    faults.push({ field: 'options', message: `is required for ${field.type}: 1 to ${optionsMax} texts` });
  }
  if (!chooses && field.options.length > 0) {
    faults.push({ field: 'options', message: `must be left out for ${field.type}` });
  }
  if (new Set(field.options).size < field.options.length) {
    faults.push({ field: 'options', message: 'has an option twice' });
  }
  return faults;
}

export type FieldValues = Readonly<Record<string, unknown>>;

/** Every custom field, as of one moment. */
export class FieldDirectory {
  /** The oldest first. */
  readonly list: readonly Field[];
  /** The values of new incidents. */
  readonly defaults: FieldValues;
  readonly #byName: ReadonlyMap<string, Field>;

  constructor(fields: readonly Field[]) {
    this.list = fields;
    this.#byName = new Map(fields.map((field) => [field.name, field]));
    this.defaults = Object.fromEntries(
      fields.flatMap((field) => (field.defaultValue === undefined ? [] : [[field.name, field.defaultValue]])),
    );
  }

  byName(name: string): Field | undefined {
    return this.#byName.get(name);
  }

  /** The values of a new incident with these given; null = none, not even the default. */
  start(given: FieldValues): { readonly values: FieldValues; readonly faults: readonly Fault[] } {
    const values = new Map(Object.entries(this.defaults));
    const faults: Fault[] = [];
    for (const [name, value] of Object.entries(given)) {
      const field = this.byName(name);
      const checked = field === undefined ? wrong('there is no such custom field') : checkValue(field, value);
      if (field !== undefined && value === null) values.delete(name);
      else if (checked.ok) values.set(name, checked.value);
      else faults.push({ field: `fields.${name}`, message: checked.message });
    }
    return { values: Object.fromEntries(values), faults };
  }
}

function wrong(message: string): CheckedValue & { ok: false } {
  return { ok: false, message };
}

function shown(options: readonly string[]): string {
  return options.map((option) => JSON.stringify(option)).join(', ');
}
