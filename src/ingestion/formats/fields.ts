import { storable } from './text.ts';

/** A JSON object of any shape, as a sender wrote it. */
export type Fields = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The field when it is non-empty text, else ''. */
export function textOf(object: Fields, name: string): string {
  const value = object[name];
  return typeof value === 'string' ? value : '';
}

/** The field as text when it is text, a number or a truth value, else ''. */
export function scalarOf(object: Fields, name: string): string {
  const value = object[name];
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** The first of the fields that is non-empty text, else ''. */
export function firstText(object: Fields, ...names: readonly string[]): string {
  for (const name of names) {
    const text = textOf(object, name);
    if (text !== '') return text;
  }
  return '';
}

/** The field when it is an object, else an empty one. */
export function objectOf(object: Fields, name: string): Fields {
  const value = object[name];
  return isObject(value) ? value : {};
}

export function listOf(object: Fields, name: string): readonly unknown[] {
  const value = object[name];
  return Array.isArray(value) ? value : [];
}

/** The named fields that are not empty, for labels. */
export function pick(object: Fields, ...names: readonly string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const name of names) if (Object.hasOwn(object, name) && object[name] !== '') picked[name] = object[name];
  return picked;
}

/** Without empty fields. */
export function withoutBlanks(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== '' && value !== null && value !== undefined),
  );
}

/** Longer texts in a field are not parsed as JSON: they would hold the loop, and no sender writes them. */
const nestedJsonMaxChars = 262_144;

/** An object inside a field as JSON text; undefined when it is none. */
export function nestedObject(text: string): Fields | undefined {
  if (text.length > nestedJsonMaxChars || !/^\s*\{/.test(text)) return undefined;
  try {
    const value = parseNested(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** JSON text inside a field. Its strings are made storable, as those of the body around it were. @throws when it is none. */
export function parseNested(text: string): unknown {
  return JSON.parse(text, (_name, value: unknown) => (typeof value === 'string' ? storable(value) : value));
}
