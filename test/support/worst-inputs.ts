import type { Json } from './service.ts';

/** A JSON Schema, as the description of the API has it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

/** A body, and how a failure names it. */
export interface WorstInput {
  readonly what: string;
  readonly body: string;
}

export interface Inputs {
  /** The request's schema. */
  readonly schema: Schema;
  /** What schemas refer to, by its name. */
  readonly components: Readonly<Record<string, Schema>>;
  /** Values of things that exist, by the name of the field; a list of them for a field of many. */
  readonly known: Readonly<Record<string, unknown>>;
  /** Bytes that the body may have. */
  readonly bytesMax: number;
}

/** Texts that work which is not linear in the length gets stuck on. Each takes a number of characters. */
export const hostileTexts: Readonly<Record<string, (chars: number) => string>> = {
  letters: (chars) => 'a'.repeat(chars),
  'combining marks': (chars) => `a${'\u0301\u0323'.repeat(chars / 2)}`.slice(0, chars),
  'blanks inside': (chars) => `a${' '.repeat(Math.max(0, chars - 2))}a`.slice(0, chars),
  digits: (chars) => `${'9'.repeat(Math.max(0, chars - 1))}x`.slice(0, chars),
  wildcards: (chars) => '*a'.repeat(chars / 2 + 1).slice(0, chars),
  'a regular expression': (chars) => `/${'(a?b*){9}'.repeat(chars / 9)}`.slice(0, Math.max(1, chars - 1)).concat('/'),
  templates: (chars) => '{{.Labels.a}}'.repeat(chars / 13 + 1).slice(0, chars),
  commas: (chars) => 'Critical,'.repeat(chars / 9 + 1).slice(0, chars),
};

/** Texts of some form that a pattern may ask for. */
const formed = ['a'.repeat(24), 'abcdef', 'title', 'labels.a', 'aa', 'AA', 'UTC', '09:00', ''];

/** Values that one body may have (limits on JSON), with some room. */
const nodesMax = 9_000;
/** Members that one object may have. */
const membersMax = 250;
const depthMax = 30;

/** The largest bodies that the limits of an operation allow, each of another kind. */
export function worstInputs(given: Inputs): WorstInput[] {
  const schema = resolved(given.schema, given.components);
  const whole = Object.keys(hostileTexts).map((kind) => ({
    what: `every field with ${kind}`,
    body: filled(given, kind),
  }));
  const minimal = least(given);
  const alone = Object.entries(schema.properties ?? {})
    .filter(([name, one]) => !(name in given.known) && isUnbounded(resolved(one, given.components)))
    .flatMap(([name]) =>
      ['combining marks', 'blanks inside', 'digits', 'commas'].map((kind) => ({
        what: `${name} alone with ${kind}`,
        body: cut({ ...minimal, [name]: hostileText(kind, given.bytesMax) }, name, kind, given.bytesMax),
      })),
    );
  const inputs = [...whole, ...alone, ...strange(minimal, given.bytesMax)];
  // Where there are no texts, all kinds are the same.
  return [...new Map(inputs.map((one) => [one.body, one])).values()];
}

/** Fields that the operation does not know. */
function strange(minimal: Json, bytesMax: number): WorstInput[] {
  const room = bytesMax - JSON.stringify(minimal).length - 100;
  const deep = '{"a":'.repeat(depthMax - 1) + '{}' + '}'.repeat(depthMax - 1);
  const many = Object.fromEntries(
    Array.from({ length: membersMax - 20 }, (_, at) => [`${'i'.repeat(1_000)}${at}`, at]),
  );
  return [
    { what: 'a long unknown name', body: JSON.stringify({ ...minimal, ['i'.repeat(room)]: 1 }) },
    { what: 'many unknown names', body: JSON.stringify({ ...minimal, ...many }) },
    { what: 'an unknown depth', body: JSON.stringify({ ...minimal, unknown: JSON.parse(deep) as unknown }) },
    {
      what: 'an unknown list',
      body: JSON.stringify({ ...minimal, unknown: Array.from({ length: nodesMax }, () => ({})) }),
    },
    { what: 'a text of escapes', body: JSON.stringify({ ...minimal, unknown: '\\"\u0001'.repeat(room / 10) }) },
  ];
}

export function hostileText(kind: string, chars: number): string {
  return hostileTexts[kind]?.(chars) ?? '';
}

/** Shortens one text until the body fits. */
function cut(body: Json, name: string, kind: string, bytesMax: number): string {
  for (let chars = bytesMax; ; chars = Math.floor(chars * 0.9)) {
    const text = JSON.stringify({ ...body, [name]: hostileText(kind, chars) });
    if (Buffer.byteLength(text) <= bytesMax) return text;
  }
}

/** Every field at its largest; fields without a limit share the room. */
function filled(inputs: Inputs, kind: string): string {
  for (let share = inputs.bytesMax; share > 16; share = Math.floor(share / 2)) {
    for (const items of [membersMax, 60, 12, 3]) {
      const maker = new Maker(inputs, kind, share, items);
      const value = maker.value(inputs.schema, '', 0);
      if (maker.isTooLarge) continue;
      const text = JSON.stringify(value);
      if (Buffer.byteLength(text) <= inputs.bytesMax) return text;
    }
  }
  return JSON.stringify(least(inputs));
}

/** Only what is required. */
function least({ schema, components, known, bytesMax }: Inputs): Json {
  const { required = [], properties = {}, anyOf = [] } = resolved(schema, components);
  const maker = new Maker({ schema, components, known, bytesMax }, 'letters', 8, 1);
  const names = [...required, ...(anyOf[0]?.required ?? [])];
  return Object.fromEntries(names.map((name) => [name, maker.value(properties[name] ?? {}, name, 1)]));
}

/** Makes values of schemas. */
class Maker {
  nodes = 0;
  #chars = 0;
  readonly #inputs: Inputs;
  readonly #kind: string;
  readonly #share: number;
  readonly #items: number;

  /**
   * @param share characters of a text without a limit.
   * @param items items of a list, or members of a map, without a limit.
   */
  constructor(inputs: Inputs, kind: string, share: number, items: number) {
    this.#inputs = inputs;
    this.#kind = kind;
    this.#share = share;
    this.#items = items;
  }

  /** @returns undefined once the body would be too large. */
  value(given: Schema, name: string, depth: number): unknown {
    this.nodes += 1;
    if (this.isTooLarge) return undefined;
    const schema = resolved(given, this.#inputs.components);
    const known = this.#inputs.known[name];
    const type = typeOf(schema);
    if (known !== undefined && type !== 'object') return this.#known(known, schema, type);
    if (schema.const !== undefined) return schema.const;
    if (schema.enum !== undefined) return schema.enum.at(-1);
    const options = schema.anyOf ?? schema.oneOf;
    if (options !== undefined && type === undefined) return this.#largest(options, name, depth);
    if (type === 'string') return this.#text(schema);
    if (type === 'integer' || type === 'number') return Math.min(schema.maximum ?? 1, 100);
    if (type === 'boolean') return true;
    if (type === 'null') return null;
    if (type === 'array') return this.#list(schema, name, depth);
    return depth > depthMax ? {} : this.#object(schema, depth);
  }

  get isTooLarge(): boolean {
    return this.nodes > nodesMax || this.#chars > this.#inputs.bytesMax;
  }

  #known(known: unknown, schema: Schema, type: string | undefined): unknown {
    const all = Array.isArray(known) ? known : [known];
    return type === 'array' ? all.slice(0, this.#items === 1 ? 1 : schema.maxItems) : all[0];
  }

  #largest(options: readonly Schema[], name: string, depth: number): unknown {
    const before = this.nodes;
    const made = options.map((one) => {
      this.nodes = before;
      return { value: this.value(one, name, depth), nodes: this.nodes };
    });
    // Then nothing of it counts, and what is large is not measured again on each level.
    if (this.isTooLarge) return undefined;
    const size = ({ value }: { value: unknown }) => JSON.stringify(value)?.length ?? 0;
    const largest = made.toSorted((a, b) => size(b) - size(a))[0];
    this.nodes = largest?.nodes ?? before;
    return largest?.value;
  }

  #text({ pattern, maxLength = this.#share }: Schema): string {
    const text = hostileText(this.#kind, Math.min(maxLength, this.#share));
    this.#chars += text.length;
    if (pattern === undefined || new RegExp(pattern).test(text)) return text;
    return formed.find((one) => new RegExp(pattern).test(one)) ?? text;
  }

  #list({ items = {}, maxItems = this.#items }: Schema, name: string, depth: number): unknown[] {
    return Array.from({ length: Math.min(maxItems, this.#items) }, () => this.value(items, name, depth + 1));
  }

  #object({ properties = {}, additionalProperties }: Schema, depth: number): Json {
    const own = Object.entries(properties).map(([name, one]) => [name, this.value(one, name, depth + 1)] as const);
    const others = typeof additionalProperties === 'object' ? Math.min(membersMax, this.#items) : 0;
    const more = Array.from({ length: others }, (_, at) => {
      const schema = additionalProperties as Schema;
      return [`a${at}`, this.value(typeOf(schema) === undefined ? { type: 'string' } : schema, '', depth + 1)] as const;
    });
    return Object.fromEntries([...own, ...more]);
  }
}

function resolved(schema: Schema, components: Readonly<Record<string, Schema>>): Schema {
  const name = schema.$ref?.split('/').at(-1);
  if (name !== undefined) return resolved(components[name] ?? {}, components);
  return schema.allOf === undefined
    ? schema
    : Object.assign({}, schema, ...schema.allOf.map((one) => resolved(one, components)));
}

function typeOf({ type, properties }: Schema): string | undefined {
  if (typeof type === 'string') return type;
  return type?.[0] ?? (properties === undefined ? undefined : 'object');
}

function isUnbounded(schema: Schema): boolean {
  return typeOf(schema) === 'string' && schema.maxLength === undefined && schema.enum === undefined;
}
