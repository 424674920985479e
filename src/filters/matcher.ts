import { canonicalKey, type Condition, type Conditions, type Filter } from './condition.ts';
import { compilePattern } from './pattern.ts';

/** What is known of an event, an alert or an incident. A key that is not set, and a text that is empty, is missing. */
export interface Facts {
  readonly severity?: string;
  readonly status?: string;
  readonly title?: string;
  readonly description?: string;
  readonly integrationId?: number;
  readonly alertKey?: string;
  readonly titleRule?: string;
  readonly dedupKey?: string;
  /** A label exists when it is there, even with an empty value. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A compiled filter. It never throws, and takes time in proportion to the texts. */
export type Matcher = (facts: Facts) => boolean;

/** Some group of the filter holds as a whole; no groups hold for nothing. Compiled once for each filter object. */
export function matchesFilter(filter: Filter, facts: Facts): boolean {
  return compiled(filter, (groups) => compileFilter(groups))(facts);
}

/** Every condition holds; no conditions hold always. Compiled once for each list object. */
export function matchesAll(conditions: Conditions, facts: Facts): boolean {
  return compiled(conditions, (list) => compileConditions(list))(facts);
}

export function compileFilter(filter: Filter): Matcher {
  const groups = filter.map(compileConditions);
  return (facts) => groups.some((group) => group(facts));
}

export function compileConditions(conditions: Conditions): Matcher {
  const tests = conditions.map(compileCondition);
  return (facts) => tests.every((test) => test(facts));
}

/** The value of an attribute or a label, by the key that conditions and grouping name it with (contract 4.4, 7.1). */
export function factOf(facts: Facts, key: string): string | undefined {
  return readerOf(key)(facts);
}

/** Configuration is kept in memory as long as it holds, and what is compiled from it goes with it. */
const kept = new WeakMap<object, Matcher>();

function compiled<Source extends object>(source: Source, compile: (source: Source) => Matcher): Matcher {
  const known = kept.get(source);
  if (known !== undefined) return known;
  const matcher = compile(source);
  kept.set(source, matcher);
  return matcher;
}

/** A missing key never matches `IN` and always matches `NOTIN`, whatever the values say (contract 7.1). */
function compileCondition({ key, oper, vals }: Condition): Matcher {
  const read = readerOf(key);
  const patterns = vals.map(compilePattern);
  const wanted = oper === 'IN';
  return (facts) => {
    const value = read(facts);
    if (value === undefined) return !wanted;
    return patterns.some((pattern) => pattern.test(value)) === wanted;
  };
}

type Reader = (facts: Facts) => string | undefined;

const attributes: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['severity', (facts) => facts.severity],
  ['status', (facts) => facts.status],
  ['title', (facts) => facts.title],
  ['description', (facts) => facts.description],
  ['integration_id', (facts) => (facts.integrationId === undefined ? undefined : String(facts.integrationId))],
  ['alert_key', (facts) => facts.alertKey],
  ['title_rule', (facts) => facts.titleRule],
  ['dedup_key', (facts) => facts.dedupKey],
]);

function readerOf(key: string): Reader {
  if (key.startsWith('labels.')) {
    const name = key.slice('labels.'.length);
    return ({ labels }) => (Object.hasOwn(labels, name) ? labels[name] : undefined);
  }
  const read = attributes.get(canonicalKey(key));
  return (facts) => {
    const value = read?.(facts);
    return value === '' ? undefined : value;
  };
}
