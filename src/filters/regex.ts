import { RE2JS } from 're2js';

/** The instructions of one compiled expression. Matching takes time in proportion to them and to the text. */
export const regexInstructionsMax = 1_000;
/** The instructions that are kept compiled, over all expressions; some 100 bytes each. */
export const regexInstructionsKeptMax = 100_000;

export type RegexTest = (value: string) => boolean;

/**
 * Compiled expressions of RE2, the ones used last. RE2 takes time in proportion to the text, and the size of the program
 * is bounded before it is built, so no expression can hold the event loop or fill the memory.
 */
export class RegexCache {
  readonly #kept = new Map<string, RE2JS>();
  #instructions = 0;

  /** @returns the fault of the expression, as a sentence that follows its place, or its test. */
  compile(source: string): RegexTest | string {
    const known = this.#kept.get(source);
    const regex = known ?? tryCompile(source);
    if (typeof regex === 'string') return regex;
    this.#keep(source, regex, known !== undefined);
    return (value) => regex.test(value);
  }

  get instructions(): number {
    return this.#instructions;
  }

  #keep(source: string, regex: RE2JS, known: boolean): void {
    if (known) this.#kept.delete(source);
    else this.#instructions += regex.programSize();
    this.#kept.set(source, regex);
    for (const [oldest, dropped] of this.#kept) {
      if (this.#instructions <= regexInstructionsKeptMax) return;
      this.#kept.delete(oldest);
      this.#instructions -= dropped.programSize();
    }
  }
}

function tryCompile(source: string): RE2JS | string {
  if (estimateInstructions(source) > regexInstructionsMax) return tooLarge;
  try {
    const regex = RE2JS.compile(source);
    return regex.programSize() > 2 * regexInstructionsMax ? tooLarge : regex;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `is no regular expression of RE2, which has no look-around and no back references: ${reason}`;
  }
}

const tooLarge =
  `is too large: its program may have ${regexInstructionsMax} instructions, and a counted repetition such as x{100} ` +
  'counts as often as it repeats: use * or + instead';

/**
 * About how many instructions a program has, from the text of its expression alone and in one pass over it: each
 * character or class is one, and a counted repetition repeats what stands before it. It never counts too few where that
 * would matter: what it misreads, such as a literal `{` inside `\Q…\E`, it counts too high.
 */
export function estimateInstructions(source: string): number {
  /** The size of each open group, the innermost last. */
  const groups: number[] = [0];
  /** The size of the last atom, which a quantifier repeats. */
  let atom = 0;
  const add = (size: number) => {
    groups[groups.length - 1] = (groups.at(-1) ?? 0) + size;
    atom = size;
  };
  for (let at = 0; at < source.length;) {
    const char = source[at] ?? '';
    if (char === '(') {
      groups.push(2);
      atom = 0;
      at += 1;
    } else if (char === ')') {
      const size = groups.length > 1 ? (groups.pop() ?? 0) : 0;
      add(size);
      at += 1;
    } else if (char === '[') {
      add(1);
      at = endOfClass(source, at);
    } else if (char === '\\') {
      add(1);
      at += 2;
    } else if (char === '{') {
      const { text, times, optional } = readRepetition(source, at);
      add(times > 0 ? atom * (times - 1) + optional : 1);
      at += text.length;
    } else {
      add(1);
      at += 1;
    }
  }
  return groups.reduce((sum, size) => sum + size, 0);
}

const repetition = /\{(\d{1,6})(?:(,)(\d{0,6}))?\}/y;

/** The text at this place, how often it repeats at most (0: it is no repetition), and how many of these may be absent. */
function readRepetition(source: string, at: number): { text: string; times: number; optional: number } {
  repetition.lastIndex = at;
  const found = repetition.exec(source);
  if (found === null) return { text: '{', times: 0, optional: 0 };
  const least = Number(found[1]);
  const most = Math.max(least, Number(found[3] ?? 0), 1);
  return { text: found[0], times: most, optional: most - least };
}

function endOfClass(source: string, start: number): number {
  let at = start + 1;
  if (source[at] === '^') at += 1;
  // A bracket that comes first is a member of the class.
  if (source[at] === ']') at += 1;
  while (at < source.length && source[at] !== ']') at += source[at] === '\\' ? 2 : 1;
  return at + 1;
}
