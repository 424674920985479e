/** A file of the tree, taken apart just enough for the rules to look at. */
export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  /** The code without its comments, with the contents of strings and regular expressions blanked; same lines as `text`. Of what is no code, the text. */
  readonly code: string;
  /** The contents of its string and template literals. */
  readonly strings: readonly Literal[];
  readonly imports: readonly Import[];
}

export interface Literal {
  readonly line: number;
  readonly value: string;
}

export interface Import {
  readonly line: number;
  readonly specifier: string;
  /** Gone when the types are stripped. */
  readonly typeOnly: boolean;
  /** What stands between `import` and `from`; '' for an import of effects only and for a dynamic one. */
  readonly names: string;
}

export function readSource(path: string, text: string): SourceFile {
  if (!/\.(?:tsx?|js|cjs|mjs)$/.test(path)) return { path, text, code: text, strings: [], imports: [] };
  const { code, strings, literalAt } = scan(text);
  return { path, text, code, strings, imports: findImports(code, literalAt) };
}

export function lineOf(text: string, index: number): number {
  return 1 + lineBreaks(text, 0, index);
}

function lineBreaks(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

interface Scan {
  readonly code: string;
  readonly strings: readonly Literal[];
  /** The string literal that opens at this index. */
  readonly literalAt: ReadonlyMap<number, string>;
}

/** A `/` after one of these begins a regular expression; after anything else it divides. */
const beforeRegExp = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|of|in|await|void|delete|throw))\s*$/;

/** One comment, literal or punctuation mark at a time; enough of TypeScript's lexis to know code from text. */
function scan(text: string): Scan {
  const literalAt = new Map<number, string>();
  const strings: Literal[] = [];
  /** For each template literal that is open, the depth of braces inside its current hole. */
  const holes: number[] = [];
  let code = '';
  let index = 0;
  let [line, countedTo] = [1, 0];

  const keep = (length: number) => {
    code += text.slice(index, index + length);
    index += length;
  };
  const blank = (length: number) => {
    code += text.slice(index, index + length).replaceAll(/[^\n]/g, ' ');
    index += length;
  };
  const literal = (pattern: RegExp, open: number) => {
    pattern.lastIndex = index + open;
    const length = pattern.exec(text)?.[0].length ?? 0;
    const value = text.slice(index + open, index + open + length);
    literalAt.set(index, value);
    line += lineBreaks(text, countedTo, index);
    countedTo = index;
    strings.push({ line, value });
    keep(open);
    blank(length);
  };
  const template = () => {
    literal(/(?:[^`\\$]|\\[^]|\$(?!\{))*/y, 1);
    if (text.startsWith('${', index)) {
      keep(2);
      holes.push(0);
    } else keep(1);
  };

  while (index < text.length) {
    const char = text.charAt(index);
    if (text.startsWith('//', index)) blank(lengthOf(/[^\n]*/y, text, index));
    else if (text.startsWith('/*', index)) blank(lengthOf(/\/\*[^]*?(?:\*\/|$)/y, text, index));
    else if (char === "'") {
      literal(/(?:[^'\\\n]|\\[^])*/y, 1);
      keep(1);
    } else if (char === '"') {
      literal(/(?:[^"\\\n]|\\[^])*/y, 1);
      keep(1);
    } else if (char === '`') template();
    else if (char === '/' && beforeRegExp.test(code.slice(-40))) {
      blank(lengthOf(/\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y, text, index) || 1);
    } else if (char === '{' && holes.length > 0) {
      holes.push((holes.pop() ?? 0) + 1);
      keep(1);
    } else if (char === '}' && holes.length > 0) {
      const depth = holes.pop() ?? 0;
      if (depth === 0) template();
      else {
        holes.push(depth - 1);
        keep(1);
      }
    } else keep(1);
  }
  return { code, strings, literalAt };
}

function lengthOf(pattern: RegExp, text: string, index: number): number {
  pattern.lastIndex = index;
  return pattern.exec(text)?.[0].length ?? 0;
}

/** `import … from '…'`, `export … from '…'`, `import '…'` and `import('…')`. */
const importPattern = /\b(?:import|export)\b(?<names>[\w\s{},*$]*?)\bfrom\s*['"]|\bimport\s*\(?\s*['"]/g;

function findImports(code: string, literalAt: ReadonlyMap<number, string>): Import[] {
  return [...code.matchAll(importPattern)].map((match) => {
    const names = (match.groups?.['names'] ?? '').trim();
    return {
      line: lineOf(code, match.index),
      specifier: literalAt.get(match.index + match[0].length - 1) ?? '',
      typeOnly: /^type\b/.test(names) || (/^\{(?:\s*type\s+[\w\s$]+,?)+\}$/.test(names) && names !== '{}'),
      names: names.replace(/^type\b/, '').trim(),
    };
  });
}
