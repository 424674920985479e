import type { Json } from '../openapi/schemas.ts';
import { inTurns } from '../../runtime/turns.ts';
import { element, type Html } from './html.ts';

/** Levels of nested objects that a table shows. */
const depthMax = 4;

/** The fields of a body, one line each; those of inner objects under their path. */
export function fieldsTable(schema: Json): Html {
  const forms = Array.isArray(schema['anyOf']) ? (schema['anyOf'] as Json[]) : [schema];
  const rows = forms.flatMap((one) => rowsOf(one, '', 0));
  if (rows.length === 0) return element('p', { class: 'type' }, typeOf(schema));
  const heads = ['Field', 'Type', 'Meaning'].map((name) => element('th', { scope: 'col' }, [name]));
  return element('div', { class: 'scroll', tabindex: '0' }, [
    element('table', {}, [element('thead', {}, [element('tr', {}, heads)]), element('tbody', {}, rows)]),
  ]);
}

/** The shared objects. */
export async function objectSections(document: Json): Promise<Html> {
  const schemas = (document['components'] as { schemas: Record<string, Json> }).schemas;
  return element('section', { id: 'objects' }, [
    element('h2', {}, ['objects']),
    element('p', {}, ['The shapes that operations and pushes refer to.']),
    ...(await inTurns(Object.entries(schemas), ([name, schema]) =>
      element('article', { id: `object-${name}` }, [
        element('h3', {}, [element('a', { href: `#object-${name}` }, [element('code', {}, [name])])]),
        fieldsTable(schema),
      ]),
    )),
  ]);
}

function rowsOf(schema: Json, path: string, depth: number): Html[] {
  const properties = (schema['properties'] ?? {}) as Record<string, Json>;
  const required = new Set((schema['required'] ?? []) as string[]);
  return Object.entries(properties).flatMap(([name, field]) => {
    const here = path === '' ? name : `${path}.${name}`;
    return [row(here, field, required.has(name)), ...innerRows(field, here, depth + 1)];
  });
}

/** The rows of an inner object, or of the objects in a list. */
function innerRows(field: Json, path: string, depth: number): Html[] {
  if (depth >= depthMax) return [];
  if (field['items'] !== undefined) return innerRows(field['items'] as Json, `${path}[]`, depth);
  if (Array.isArray(field['anyOf'])) return field['anyOf'].flatMap((one: Json) => innerRows(one, path, depth));
  return rowsOf(field, path, depth);
}

function row(path: string, field: Json, required: boolean): Html {
  const name = [
    element('code', {}, [path]),
    ...(required ? [element('span', { class: 'required', title: 'required' }, ['required'])] : []),
  ];
  const meaning = [textOf(field['description']), ...limitsOf(field)].filter((text) => text !== '').join(' ');
  return element('tr', {}, [
    element('td', {}, name),
    element('td', { class: 'type' }, typeOf(field)),
    element('td', {}, [meaning]),
  ]);
}

function typeOf(schema: Json): (string | Html)[] {
  const reference = /^#\/components\/schemas\/(.+)$/.exec(textOf(schema['$ref']))?.[1];
  if (reference !== undefined) return [element('a', { href: `#object-${reference}` }, [reference])];
  const choices = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(choices)) return choices.flatMap((one: Json, index) => [index === 0 ? '' : ' or ', ...typeOf(one)]);
  if (Array.isArray(schema['enum'])) return schema['enum'].flatMap((one, index) => quoted(one, index));
  if (schema['const'] !== undefined) return quoted(schema['const'], 0);
  if (schema['type'] === 'array') return ['list of ', ...typeOf((schema['items'] ?? {}) as Json)];
  if (
    schema['type'] === 'object' &&
    schema['additionalProperties'] !== undefined &&
    schema['properties'] === undefined
  ) {
    const inner = typeOf(schema['additionalProperties'] as Json);
    return inner[0] === 'anything' ? ['object'] : ['object of ', ...inner];
  }
  const types = [schema['type'] ?? 'anything'].flat().map((name) => typeNames[textOf(name)] ?? 'anything');
  return [types.join(' or ')];
}

function quoted(value: unknown, index: number): (string | Html)[] {
  return [
    index === 0 ? '' : ' · ',
    element('code', {}, [typeof value === 'string' && value !== '' ? value : JSON.stringify(value)]),
  ];
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'true or false',
  object: 'object',
  null: 'null',
};

/** The limits, in sentences. */
function limitsOf(schema: Json): string[] {
  const choices = (schema['anyOf'] ?? []) as Json[];
  const inner = choices.filter((one) => one['type'] !== 'null');
  const only = inner.length === 1 ? inner[0] : undefined;
  return [
    range(schema, 'minLength', 'maxLength', 'characters'),
    range(schema, 'minItems', 'maxItems', 'items'),
    range(schema, 'minimum', 'maximum', ''),
    ...(schema['default'] === undefined ? [] : [`Default: ${JSON.stringify(schema['default'])}.`]),
    ...(only === undefined ? [] : limitsOf(only)),
  ].filter((text) => text !== '');
}

function range(schema: Json, least: string, most: string, unit: string): string {
  const [low, high] = [schema[least], schema[most]].map((one) => (typeof one === 'number' ? String(one) : undefined));
  const end = unit === '' ? '.' : ` ${unit}.`;
  if (low !== undefined && high !== undefined) return `${low} to ${high}${end}`;
  if (low === '1' && unit !== '') return 'Not empty.';
  if (low !== undefined) return `At least ${low}${end}`;
  return high === undefined ? '' : `At most ${high}${end}`;
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
