import { parse, TomlError } from 'smol-toml';
import { Failure } from '../runtime/failure.ts';
import { closest } from '../runtime/closest.ts';
import { fileKey, settings, type Config, type Setting } from './settings.ts';

/** Names the settings file; read by `main.ts` only. Without it, `tocsin.toml` in the working folder, if it exists. */
export const configPathVariable = 'TOCSIN_CONFIG';

/** Prefix of names for tests and crash points, which are no settings. */
const testPrefix = 'TOCSIN_TEST_';

export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file?: { readonly path: string; readonly text: string } | undefined;
}

/**
 * Reads all settings; the environment wins over the file, and an empty variable counts as not set.
 * @throws Failure that names every fault.
 */
export function readConfig(sources: ConfigSources): Config {
  const { texts, faults } = readTexts(sources);
  const values = Object.entries<Setting>(settings).map(([key, { name, schema, fallback, example }]) => {
    const { text, from } = texts.get(name) ?? { text: fallback, from: name };
    const result = schema.safeParse(text);
    if (result.success) return [key, result.data];
    const words = result.error.issues.map((issue) => issue.message).join(' and ');
    faults.push(`${from} ${words}: it takes ${schema.description}, for example ${example}`);
    return [key, undefined];
  });
  if (faults.length > 0) throw new Failure('InvalidParameter', `the settings are wrong:\n  ${faults.join('\n  ')}`);
  return Object.fromEntries(values) as Config;
}

/**
 * Every setting by name, as it may be shown and logged, with secrets hidden.
 * @throws Failure as `readConfig` does.
 */
export function printable(sources: ConfigSources): Readonly<Record<string, string>> {
  readConfig(sources);
  const { texts } = readTexts(sources);
  return Object.fromEntries(
    Object.values<Setting>(settings).map(({ name, fallback, mask }) => {
      const text = texts.get(name)?.text ?? fallback;
      return [name, text === '' || mask === undefined ? text : mask(text)];
    }),
  );
}

interface Given {
  readonly text: string;
  /** Its name in messages. */
  readonly from: string;
}

interface Texts {
  readonly texts: ReadonlyMap<string, Given>;
  readonly faults: string[];
}

const names = Object.values<Setting>(settings).map(({ name }) => name);

function readTexts({ env, file }: ConfigSources): Texts {
  const [inFile, inEnv] = [file === undefined ? noTexts : fromFile(file), fromEnv(env)];
  return { texts: new Map([...inFile.texts, ...inEnv.texts]), faults: [...inFile.faults, ...inEnv.faults] };
}

const noTexts: Texts = { texts: new Map(), faults: [] };

function fromEnv(env: ConfigSources['env']): Texts {
  const texts = new Map<string, Given>();
  const faults: string[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('TOCSIN_') || name.startsWith(testPrefix) || name === configPathVariable) continue;
    if (!names.includes(name as Setting['name'])) faults.push(unknownSetting(name, names));
    else if (text !== undefined && text !== '') texts.set(name, { text, from: name });
  }
  return { texts, faults };
}

function fromFile(file: NonNullable<ConfigSources['file']>): Texts {
  const texts = new Map<string, Given>();
  const faults: string[] = [];
  const keys = names.map(fileKey);
  for (const [key, value] of entriesOf(file, faults)) {
    const from = `${file.path} line ${lineOf(file.text, key)}: ${key}`;
    const name = names.find((known) => fileKey(known) === key);
    const text = textOf(value);
    if (name === undefined) faults.push(`${from.slice(0, -key.length)}${unknownSetting(key, keys)}`);
    else if (text === undefined) faults.push(`${from} must be "text", a whole number, true, false or ["a", "b"]`);
    else if (text !== '') texts.set(name, { text, from });
  }
  return { texts, faults };
}

/** Messages hold only the place and kind of a fault: the line may hold a secret. */
function entriesOf({ path, text }: NonNullable<ConfigSources['file']>, faults: string[]): [string, unknown][] {
  try {
    return Object.entries(parse(text));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [words = ''] = error.message.split('\n', 1);
    faults.push(`${path} line ${error.line}, column ${error.column}: ${words}`);
    return [];
  }
}

/** Finds the line of a key, which the parser does not give; 1 where the key is written in an unusual way. */
function lineOf(text: string, key: string): number {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => /^\s*["']?([^"'\s=.\]]+)/.exec(line.replace('[', ''))?.[1] === key);
  return Math.max(at, 0) + 1;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || Number.isInteger(value)) return String(value);
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value.join(',') : undefined;
}

function unknownSetting(name: string, known: readonly string[]): string {
  const near = closest(name, known);
  return `${name} is not a setting${near === undefined ? '' : `; did you mean ${near}?`}`;
}
