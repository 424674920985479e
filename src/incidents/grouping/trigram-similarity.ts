import { factOf, type Facts } from '../../filters/matcher.ts';

/** The keys compared when a channel names none (contract 4.4). */
export const likenessKeysDefault: readonly string[] = ['title', 'description', 'labels.service', 'labels.resource'];

/** Open incidents that a new alert is compared with, newest first. */
export const candidatesMax = 200;

/** Characters of a value that are compared; the rest of a long description adds little. */
const textMaxChars = 512;
/** The same of all keys together: with more than four, each has less, so that an alert takes as long with ten. */
const comparedMaxChars = 2_048;

/**
 * The similarity of two alerts or incidents, 0 to 1: the mean, over the keys that at least one of them has, of Dice's
 * coefficient of their values' trigrams. Runs of digits count as one digit, so that hosts of one kind and measured
 * values are alike. The same texts give the same number everywhere; see docs/reference/grouping.md.
 */
export function trigramSimilarity(one: Facts, other: Facts, keys: readonly string[]): number {
  return scoreFrom(0, pairsOf(one, other, keys)) ?? 0;
}

/** The candidates above the threshold, most similar first; of equals the first of the list. */
export function alikeOnes<Candidate extends Facts>(
  facts: Facts,
  candidates: readonly Candidate[],
  { keys, threshold }: { keys: readonly string[]; threshold: number },
): Candidate[] {
  return candidates
    .flatMap((candidate) => {
      const score = scoreFrom(threshold, pairsOf(facts, candidate, keys));
      return score === undefined ? [] : [{ candidate, score }];
    })
    .sort((a, b) => b.score - a.score)
    .map(({ candidate }) => candidate);
}

type Pair = readonly [left: string, right: string];

function pairsOf(one: Facts, other: Facts, keys: readonly string[]): Pair[] {
  const chars = Math.min(textMaxChars, Math.floor(comparedMaxChars / keys.length));
  const textOf = (facts: Facts, key: string) => (factOf(facts, key) ?? '').slice(0, chars);
  const pairs = keys.map((key): Pair => [textOf(one, key), textOf(other, key)]);
  return pairs.filter(([left, right]) => left !== '' || right !== '');
}

/** `undefined` when below the threshold, which the first pair mostly shows. */
function scoreFrom(threshold: number, pairs: readonly Pair[]): number | undefined {
  let sum = 0;
  for (const [index, [left, right]] of pairs.entries()) {
    sum += left === right ? 1 : dice(trigramsOf(left), trigramsOf(right));
    const remaining = pairs.length - index - 1;
    if ((sum + remaining) / pairs.length < threshold) return undefined;
  }
  return pairs.length === 0 ? undefined : sum / pairs.length;
}

/** Sorted and without doubles. */
type Trigrams = readonly number[];

/** Texts whose trigrams are cached: the candidates of a channel are compared with each new alert. */
const textsMax = 4000;
const texts = new Map<string, Trigrams>();

function trigramsOf(text: string): Trigrams {
  const known = texts.get(text);
  if (known !== undefined) return known;
  const trigrams = readTrigrams(text);
  if (texts.size >= textsMax) texts.clear();
  texts.set(text, trigrams);
  return trigrams;
}

/** Blanks around the text give its first and last characters the same weight as the others. */
function readTrigrams(text: string): Trigrams {
  const plain = text.normalize('NFKC').toLowerCase();
  const padded = `  ${plain
    .replace(/\p{Nd}+/gu, '0')
    .replace(/\s+/g, ' ')
    .trim()} `;
  const found = new Set<number>();
  for (let index = 0; index + 2 < padded.length; index += 1) {
    const [a, b, c] = [padded.charCodeAt(index), padded.charCodeAt(index + 1), padded.charCodeAt(index + 2)];
    found.add((a * 0x10000 + b) * 0x10000 + c);
  }
  return [...found].sort((a, b) => a - b);
}

function dice(one: Trigrams, other: Trigrams): number {
  let shared = 0;
  let at = 0;
  for (const trigram of one) {
    while (at < other.length && (other[at] ?? 0) < trigram) at += 1;
    if (other[at] === trigram) shared += 1;
  }
  return (2 * shared) / (one.length + other.length);
}
