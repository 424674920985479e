import type { Fault } from '../../runtime/failure.ts';
import { isObject } from './fields.ts';
import type { Fields } from './fields.ts';
import { truncate } from './text.ts';

/** Fields of the standard format, in the order in which they are looked at (contract 5.2). */
export const mappedFields = [
  'title',
  'title_rule',
  'description',
  'event_status',
  'alert_key',
  'event_time',
  'labels',
  'images',
] as const;
export type MappedField = (typeof mappedFields)[number];

/** A template of each field: texts with `{{path}}` in them, in lists and objects too. */
export type FieldMapping = Readonly<Partial<Record<MappedField, unknown>>>;

/** What values of a path are replaced by, while a variable of exactly that path is filled in. */
export type ValueMapping = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Parts of a path; more are refused when the mapping is saved. */
export const pathPartsMax = 20;

/** What one variable adds to a text, and what a text is at most, in code points: a body must not multiply. */
const partMax = 6_144;
const textMax = 24_576;

const variable = /\{\{([^{}]{1,256})\}\}/g;
const onlyVariable = /^\{\{([^{}]{1,256})\}\}$/;

/** Makes a body of the standard format out of any object. A path that is not in it is a fault: nothing is guessed. */
export function mapFields(body: Fields, mapping: FieldMapping, values: ValueMapping): Fields | readonly Fault[] {
  const filler = new Filler(body, values);
  const mapped: Record<string, unknown> = {};
  for (const field of mappedFields) {
    if (Object.hasOwn(mapping, field)) mapped[field] = filler.fill(mapping[field], field);
  }
  if (filler.faults.length > 0) return filler.faults;
  for (const field of textFields) if (isScalar(mapped[field])) mapped[field] = String(mapped[field]);
  if (typeof mapped['event_time'] === 'string') mapped['event_time'] = Number(mapped['event_time']);
  return mapped;
}

/** Numbers are keys and titles too. */
const textFields = ['title', 'title_rule', 'description', 'event_status', 'alert_key'];

function isScalar(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}

class Filler {
  readonly faults: Fault[] = [];
  readonly #body: Fields;
  readonly #values: ValueMapping;
  /** Texts of paths that were written before: an object in a text is written as JSON once. */
  readonly #texts = new Map<string, string>();

  constructor(body: Fields, values: ValueMapping) {
    this.#body = body;
    this.#values = values;
  }

  fill(template: unknown, field: string): unknown {
    if (typeof template === 'string') return this.#fillText(template, field);
    if (Array.isArray(template)) return template.map((part, index) => this.fill(part, `${field}[${index}]`));
    if (!isObject(template)) return template;
    return Object.fromEntries(
      Object.entries(template).map(([name, part]) => [name, this.fill(part, `${field}.${name}`)]),
    );
  }

  /** A text that is one variable keeps the type of its value; beside other text the value becomes text. */
  #fillText(template: string, field: string): unknown {
    const only = onlyVariable.exec(template);
    if (only !== null) return this.#value(only[1] ?? '', field);
    let length = 0;
    const text = template.replace(variable, (_found, path: string) => {
      const part = length > textMax ? '' : this.#text(path, field);
      length += part.length;
      return part;
    });
    return truncate(text, textMax);
  }

  #text(path: string, field: string): string {
    const known = this.#texts.get(path);
    if (known !== undefined) return known;
    const value = this.#value(path, field);
    const text = truncate(asText(value), partMax);
    this.#texts.set(path, text);
    return text;
  }

  #value(written: string, field: string): unknown {
    const path = written.trim();
    const found = resolve(this.#body, path.split('.'));
    if (found === undefined) {
      this.faults.push({ field, message: `names {{${path}}}, which is not in the body` });
      return undefined;
    }
    return this.#mapped(path, found.value);
  }

  #mapped(path: string, value: unknown): unknown {
    const targets = Object.hasOwn(this.#values, path) ? this.#values[path] : undefined;
    if (targets === undefined || (typeof value === 'object' && value !== null)) return value;
    const source = String(value);
    return Object.hasOwn(targets, source) ? targets[source] : value;
  }
}

function asText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * Walks a body by the parts of a path. At each level the longest run of parts that is a name there is taken, so that names
 * with dots are found; a part may be an index of a list. Own names only: what an object inherits is not the sender's.
 */
function resolve(value: unknown, parts: readonly string[]): { readonly value: unknown } | undefined {
  if (parts.length === 0) return { value };
  if (Array.isArray(value)) {
    const [index = '', ...rest] = parts;
    const list: readonly unknown[] = value;
    return /^\d{1,9}$/.test(index) && Number(index) < list.length ? resolve(list[Number(index)], rest) : undefined;
  }
  if (!isObject(value)) return undefined;
  for (let count = Math.min(parts.length, pathPartsMax); count > 0; count -= 1) {
    const name = parts.slice(0, count).join('.');
    if (Object.hasOwn(value, name)) return resolve(value[name], parts.slice(count));
  }
  return undefined;
}
