import type { z } from 'zod';
import type { Fault } from '../runtime/failure.ts';
import { invalid } from '../runtime/failure.ts';

/**
 * Reads an input by its schema.
 * @throws Failure that names every fault at once.
 */
export function check<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input, { error: sentence });
  if (result.success) return result.data;
  throw invalid(result.error.issues.map(faultOf));
}

export function faultOf(issue: z.core.$ZodIssue): Fault {
  const field = issue.path.reduce<string>((path, step) => {
    if (typeof step === 'number') return `${path}[${step}]`;
    return path === '' ? String(step) : `${path}.${String(step)}`;
  }, '');
  return { field, message: issue.message };
}

/** Zod asks for a sentence only where the schema brings none of its own. */
function sentence(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') return typeSentence(issue.expected, issue.input, issue.path);
  if (issue.code === 'invalid_value') {
    if (issue.input === undefined) return 'is required';
    return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(quote).join(', ')}`;
  }
  if (issue.code === 'too_small') return sizeSentence(issue.origin, 'at least', issue.minimum);
  if (issue.code === 'too_big') return sizeSentence(issue.origin, 'at most', issue.maximum);
  if (issue.code === 'unrecognized_keys') return `has unknown fields: ${issue.keys.join(', ')}`;
  if (issue.code === 'invalid_union')
    return issue.input === undefined ? 'is required' : 'has none of the allowed forms';
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
  if (input === undefined) return 'is required';
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
