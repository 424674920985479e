import type { Finding, Rule } from './rules.ts';
import { lineOf } from './source-file.ts';
import type { SourceFile } from './source-file.ts';

/** Rules for words that people read: comments, messages and pages. They say subject, verb, object, in the field's words. */
export const proseRules: Readonly<Record<string, Rule>> = {
  plain: isPlain,
};

/** Phrases that a reader has to decode, and what to write instead. */
const banned: readonly { readonly pattern: RegExp; readonly advice: string }[] = [
  {
    pattern:
      /(?:^\s*|[.:;(•·-]\s+|\b(?:of|for|to|with|from|by|in|beside|after|keeps?|sends?|takes?|gives?)\s+)what\s+(?:is|are|was|were|has|had|waits|waited|comes|came|goes|went|follows)\b(?![^.]*\?)/gim,
    advice: 'name the thing instead of "what is …"',
  },
  { pattern: /\bwho(?:m|so)?ever\b/gi, advice: 'name the caller, or use the passive' },
  {
    pattern: /\bat\s+the\s+(?:most|least|longest|latest)\b/gi,
    advice: 'write "at most", "within", or put the limit first',
  },
  { pattern: /\bby\s+(?:it|them)sel(?:f|ves)\b/gi, advice: 'write "alone" or "automatically", or leave it out' },
  { pattern: /\bof\s+(?:its|their|our|his)\s+own\b/gi, advice: 'write "its own …", "separate", or leave it out' },
  { pattern: /\bow(?:e|es|ed|ing)\b/gi, advice: 'say who gets which delivery' },
  { pattern: /\btold\b/gi, advice: 'write "set", "reported" or "called", or name the caller' },
  { pattern: /\bmend(?:s|ed|ing)?\b/gi, advice: 'write "correct", "repair" or "fix"' },
];

function isPlain(file: SourceFile): Finding[] {
  const text = proseOf(file);
  return banned.flatMap(({ pattern, advice }) =>
    [...text.matchAll(pattern)].map((match) => ({
      path: file.path,
      line: lineOf(file.text, match.index + match[0].length),
      message: `"${match[0].replaceAll(/^[\W\s]+|\s+/g, ' ').trim()}": ${advice}`,
    })),
  );
}

/** A page as it is; of code only its comments and the contents of its strings. */
function proseOf(file: SourceFile): string {
  if (!/\.tsx?$/.test(file.path)) return joined(file.text);
  let prose = '';
  for (let index = 0; index < file.text.length; index += 1) {
    const char = file.text.charAt(index);
    prose += char === '\n' || file.code.charAt(index) !== char ? char : ' ';
  }
  // The marks of a comment are not words: a sentence goes on behind them.
  return joined(prose.replaceAll(/^[ \t]*(?:\/\*\*?|\*\/?|\/\/)/gm, (mark) => ' '.repeat(mark.length)));
}

/** A line that begins with a small letter goes on with the sentence of the line before it. Every place stays. */
function joined(text: string): string {
  return text.replaceAll(/\n(?=[ \t]*[a-z])/g, ' ');
}
