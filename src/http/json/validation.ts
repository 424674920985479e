import { z } from 'zod';
import type { Fault, FaultCode } from '../../runtime/failure.ts';
import { closest } from '../../runtime/closest.ts';
import { invalid } from '../../runtime/failure.ts';
import { lostName, type UnknownField } from './normalize.ts';

/**
 * Parses an input by its schema.
 * @param others faults that were found before; they are named with those of the schema.
 * @throws Failure that names every fault.
 */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  others: readonly Fault[] = [],
): z.output<Schema> {
  const result = schema.safeParse(input, { error: sentence });
  if (result.success && others.length === 0) return result.data;
  throw invalid([...others, ...faultsOf(result.error?.issues ?? [])]);
}

/** The fault of a field that an endpoint does not know. */
export function unknownFault({ path, name, known }: UnknownField): Fault {
  const near = closest(name, known);
  return {
    field: path,
    code: 'unknown_field',
    message: `is no field of this call${near === undefined ? '' : `: did you mean ${near}?`}`,
  };
}

/** The fault of a map with a member that would be lost without a word: a filter by it would find everything. */
export function lostFault(path: string): Fault {
  return { field: path, code: 'not_allowed', message: `${JSON.stringify(lostName)} cannot be a name here` };
}

/**
 * The same for an operation that has rules beyond its schema, which it applies itself when every field has the right form. When one
 * has not, its rules are asked about the others, so that one answer names everything.
 */
export async function checkWithRules<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  rules: (sound: Readonly<Record<string, unknown>>) => Promise<readonly Fault[]>,
  others: readonly Fault[] = [],
): Promise<z.output<Schema>> {
  const result = schema.safeParse(input, { error: sentence });
  if (result.success && others.length === 0) return result.data;
  const faults = [...others, ...faultsOf(result.error?.issues ?? [])];
  const wrong = new Set(faults.map(({ field }) => topOf(field)));
  const found = await rules(soundFields(schema, input, wrong));
  throw invalid([...faults, ...found.filter(({ field }) => !wrong.has(topOf(field)))]);
}

/** `retry.max_attempts` → `retry`. */
function topOf(field: string): string {
  return field.split(/[.[]/, 1)[0] ?? '';
}

/** The fields that the schema knows and finds no fault with, as it reads them. */
function soundFields(schema: z.ZodType, input: unknown, wrong: ReadonlySet<string>): Record<string, unknown> {
  if (!(schema instanceof z.ZodObject) || typeof input !== 'object' || input === null) return {};
  const fields = Object.entries<z.ZodType>(schema.shape);
  return Object.fromEntries(
    fields.flatMap(([name, field]) => {
      if (wrong.has(name) || !Object.hasOwn(input, name)) return [];
      const read = field.safeParse((input as Readonly<Record<string, unknown>>)[name]);
      return read.success ? [[name, read.data]] : [];
    }),
  );
}

/** A value of the wrong type is not measured too: a text in place of a list has no number of items. */
function faultsOf(issues: readonly z.core.$ZodIssue[]): Fault[] {
  const faults = issues.map(faultOf);
  const mistaken = new Set(faults.filter(({ code }) => code === 'type').map(({ field }) => field));
  return faults.filter(({ field, code }) => code === 'type' || !mistaken.has(field));
}

export function faultOf(issue: z.core.$ZodIssue): Fault {
  const field = issue.path.reduce<string>((path, step) => {
    if (typeof step === 'number') return `${path}[${step}]`;
    return path === '' ? String(step) : `${path}.${String(step)}`;
  }, '');
  return { field, message: issue.message, code: codeOf(issue) };
}

function codeOf(issue: z.core.$ZodIssue): FaultCode {
  // Our own sentence says so; zod does not give the input with the issue.
  if (issue.message === required) return 'required';
  if (issue.code === 'invalid_type') return 'type';
  if (issue.code === 'invalid_value') return 'not_allowed';
  if (issue.code === 'unrecognized_keys') return 'unknown_field';
  if (issue.code === 'too_small') return sizeCodes[issue.origin]?.[0] ?? 'too_small';
  if (issue.code === 'too_big') return sizeCodes[issue.origin]?.[1] ?? 'too_large';
  return 'invalid';
}

const sizeCodes: Readonly<Record<string, readonly [FaultCode, FaultCode]>> = {
  string: ['too_short', 'too_long'],
  array: ['too_few', 'too_many'],
  set: ['too_few', 'too_many'],
  map: ['too_few', 'too_many'],
};

const required = 'is required';

/** Zod calls this only where the schema has no message. */
function sentence(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') return typeSentence(issue.expected, issue.input, issue.path);
  if (issue.code === 'invalid_value') {
    if (issue.input === undefined) return required;
    return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(quote).join(', ')}`;
  }
  if (issue.code === 'too_small') return sizeSentence(issue.origin, 'at least', issue.minimum);
  if (issue.code === 'too_big') return sizeSentence(issue.origin, 'at most', issue.maximum);
  if (issue.code === 'unrecognized_keys') return `has unknown fields: ${issue.keys.join(', ')}`;
  if (issue.code === 'invalid_union') return issue.input === undefined ? required : 'has none of the allowed forms';
  return undefined;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function typeSentence(expected: string, input: unknown, path: readonly PropertyKey[] | undefined): string {
  const wanted = typeNames[expected] ?? expected;
  if (path === undefined || path.length === 0)
    return `the body must be ${wanted === 'an object' ? 'a JSON object' : wanted}`;
  if (input === undefined) return required;
  if (wanted.endsWith('number') && typeof input === 'string' && /^-?\d{16,}$/.test(input)) {
    return 'must be a whole number of at most 2^53';
  }
  return `must be ${wanted}, not ${nameOf(input)}`;
}

function nameOf(input: unknown): string {
  if (input === null) return 'null';
  if (Array.isArray(input)) return 'a list';
  return typeNames[typeof input] ?? typeof input;
}

function sizeSentence(origin: string, bound: string, size: number | bigint): string {
  if (origin === 'string') return `must have ${bound} ${size} character${Number(size) === 1 ? '' : 's'}`;
  if (origin === 'array' || origin === 'set' || origin === 'map')
    return `must have ${bound} ${size} item${Number(size) === 1 ? '' : 's'}`;
  return `must be ${bound} ${size}`;
}

function quote(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : String(value);
}
