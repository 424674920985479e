import { z } from 'zod';

/** A body as its endpoint's schema takes it, and what the schema does not know. */
export interface Normalized {
  readonly value: unknown;
  /** Paths of the fields that the endpoint does not know, such as `assigned_to.colour`. */
  readonly unknown: readonly UnknownField[];
  /** Paths of maps with a member {@link lostName}. */
  readonly lost: readonly string[];
}

/** The schema drops a member of this name from a map, and nobody would hear of it. */
export const lostName = '__proto__';

export interface UnknownField {
  readonly path: string;
  readonly name: string;
  /** What may stand in its place. */
  readonly known: readonly string[];
}

/**
 * Reads a body as typed clients mean it (contract 6.1). Their languages write every field of a structure, set or not:
 * - an object in which no value stands, and a `null` or an empty text that the field does not take, are as absent;
 * - `limit` and `p` of 0 are as absent;
 * - the words of an enumeration are read in any case.
 */
export function normalize(schema: z.ZodType, value: unknown): Normalized {
  const found: FoundMembers = { unknown: [], lost: [] };
  return { value: normalized(schema, value, '', found), ...found };
}

interface FoundMembers {
  readonly unknown: UnknownField[];
  readonly lost: string[];
}

const emptyIsValue = new WeakSet<z.ZodType>();

/** Marks an object whose empty form is a value, such as a mapping that is taken back, and not an unset structure. */
export function withEmptyAsValue<Schema extends z.ZodType>(schema: Schema): Schema {
  emptyIsValue.add(schema);
  return schema;
}

function normalized(schema: z.ZodType, value: unknown, path: string, found: FoundMembers): unknown {
  const inner = unwrapped(schema);
  if (Array.isArray(value)) {
    if (!(inner instanceof z.ZodArray)) return value;
    const element = inner.element as z.ZodType;
    return value.map((item, index) => normalized(element, item, `${path}[${index}]`, found));
  }
  if (isObject(value)) return objectOf(inner, value, path, found);
  return typeof value === 'string' ? wordOf(inner, value) : value;
}

function objectOf(
  schema: z.ZodType,
  value: Readonly<Record<string, unknown>>,
  path: string,
  found: FoundMembers,
): unknown {
  const shape = shapeOf(schema);
  if (shape === undefined) {
    findLost(schema, value, path, found);
    return value;
  }
  const kept: [string, unknown][] = [];
  for (const [name, member] of Object.entries(value)) {
    const known = Object.hasOwn(shape, name) ? shape[name] : undefined;
    const place = path === '' ? name : `${path}.${name}`;
    if (known === undefined) found.unknown.push({ path: place, name, known: Object.keys(shape) });
    else if (!isAbsent(known, name, member)) kept.push([name, normalized(known, member, place, found)]);
  }
  return Object.fromEntries(kept);
}

/** In a map, and in the maps that are its values. */
function findLost(schema: z.ZodType, value: unknown, path: string, found: FoundMembers): void {
  if (schema instanceof z.ZodUnion) {
    for (const option of schema.options as z.ZodType[]) findLost(unwrapped(option), value, path, found);
  }
  if (!(schema instanceof z.ZodRecord) || !isObject(value)) return;
  if (Object.hasOwn(value, lostName) && !found.lost.includes(path)) found.lost.push(path);
  const inner = unwrapped(schema.valueType as z.ZodType);
  for (const [name, member] of Object.entries(value)) findLost(inner, member, `${path}.${name}`, found);
}

/** The members that an object may have; undefined where it may have any. */
function shapeOf(schema: z.ZodType): Readonly<Record<string, z.ZodType>> | undefined {
  if (schema instanceof z.ZodObject) {
    const { catchall } = schema.def;
    return catchall === undefined || catchall instanceof z.ZodNever ? schema.shape : undefined;
  }
  if (!(schema instanceof z.ZodUnion)) return undefined;
  const shapes = (schema.options as z.ZodType[]).map((option) => shapeOf(unwrapped(option)));
  const known = shapes.filter((shape) => shape !== undefined);
  return known.length === 0 || known.length < shapes.length ? undefined : Object.assign({}, ...known.toReversed());
}

function isAbsent(schema: z.ZodType, name: string, value: unknown): boolean {
  if (value === 0) return (name === 'limit' || name === 'p') && !schema.safeParse(0).success;
  if (!schema.safeParse(undefined).success) return false;
  if (value === null || value === '') return !schema.safeParse(value).success;
  // A map without entries says something: there are none.
  const inner = unwrapped(schema);
  if (!isObject(value) || shapeOf(inner) === undefined || hasValue(value)) return false;
  // One with members, of which none is set, was not emptied on purpose.
  return !emptyIsValue.has(inner) || Object.keys(value).length > 0;
}

function hasValue(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasValue);
  if (isObject(value)) return Object.values(value).some(hasValue);
  return value !== null && value !== undefined && value !== '';
}

function wordOf(schema: z.ZodType, text: string): string {
  if (!(schema instanceof z.ZodEnum)) return text;
  const lower = text.trim().toLowerCase();
  return schema.options.map(String).find((word) => word.toLowerCase() === lower) ?? text;
}

/** The schema inside what says that a field may be absent, or what is done to it afterwards. */
function unwrapped(schema: z.ZodType): z.ZodType {
  let inner = schema;
  for (;;) {
    if (inner instanceof z.ZodPipe) inner = inner.def.in as z.ZodType;
    else if (
      inner instanceof z.ZodOptional ||
      inner instanceof z.ZodNullable ||
      inner instanceof z.ZodDefault ||
      inner instanceof z.ZodPrefault ||
      inner instanceof z.ZodNonOptional ||
      inner instanceof z.ZodReadonly ||
      inner instanceof z.ZodCatch
    ) {
      inner = inner.def.innerType as z.ZodType;
    } else return inner;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
