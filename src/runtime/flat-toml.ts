/** One `key = value` line; the value as text, whatever its kind. */
export interface TomlEntry {
  readonly key: string;
  readonly value: string;
  /** From 1. */
  readonly line: number;
}

export type TomlResult = { readonly entries: readonly TomlEntry[]; readonly faults: readonly string[] };

/**
 * Reads the part of TOML that flat settings need: `key = value` lines, where a value is a string in quotes of either kind,
 * a whole number, `true`, `false`, or a list of strings on one line; comments and empty lines. The rest of TOML is
 * refused by line, never skipped. A list comes out as its items with commas between.
 */
export function readFlatToml(text: string): TomlResult {
  const entries: TomlEntry[] = [];
  const faults: string[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    if (/^\s*(?:#.*)?$/.test(raw)) continue;
    const [, key, rest] = /^\s*([A-Za-z0-9_-]+)\s*=\s*(.*)$/.exec(raw) ?? [];
    if (key === undefined || rest === undefined) {
      faults.push(`line ${line}: expected key = value (tables and dotted keys are not used here)`);
      continue;
    }
    const value = readValue(rest);
    if (value === undefined)
      faults.push(`line ${line}: ${key} must be "text", a whole number, true, false or ["a", "b"]`);
    else if (entries.some((entry) => entry.key === key)) faults.push(`line ${line}: ${key} is set twice`);
    else entries.push({ key, value, line });
  }
  return { entries, faults };
}

const string = String.raw`"(?:[^"\\\u0000-\u001f]|\\[btnfr"\\])*"|'[^'\u0000-\u001f]*'`;
const end = String.raw`\s*(?:#.*)?$`;
const scalarLine = new RegExp(`^(?:(${string})|([+-]?\\d+|true|false))${end}`);
const listLine = new RegExp(`^\\[\\s*((?:(?:${string})\\s*(?:,\\s*(?:${string})\\s*)*,?)?)\\s*\\]${end}`);

function readValue(text: string): string | undefined {
  const [whole, quoted, bare] = scalarLine.exec(text) ?? [];
  if (whole !== undefined) return quoted === undefined ? bare : unquote(quoted);
  const items = listLine.exec(text)?.[1];
  return items === undefined ? undefined : (items.match(new RegExp(string, 'g')) ?? []).map(unquote).join(',');
}

const escapes: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', '"': '"', '\\': '\\' };

function unquote(quoted: string): string {
  const inner = quoted.slice(1, -1);
  return quoted.startsWith("'") ? inner : inner.replaceAll(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter);
}
