import { canonicalKey, type Condition, type Conditions, type Filter } from './condition.ts';
import { compilePattern } from './pattern.ts';

/** The attributes of a report, an alert or an incident. An unset key and an empty text count as missing. */
export interface Facts {
  readonly severity?: string;
  readonly status?: string;
  readonly title?: string;
  readonly description?: string;
  readonly integrationId?: number;
  readonly alertKey?: string;
  readonly titleRule?: string;
  readonly dedupKey?: string;
  readonly changeKey?: string;
  /** A label with an empty value exists. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A compiled filter. Never throws; its time is linear in the length of the texts. */
export type Matcher = (facts: Facts) => boolean;

/** Whether all conditions of some group hold; a filter without groups never holds. Compiled once per filter object. */
export function matchesFilter(filter: Filter, facts: Facts): boolean {
  return compiled(filter, (groups) => compileFilter(groups))(facts);
}

/** Whether all conditions hold; an empty list always does. Compiled once per list object. */
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

/** The value of an attribute or a label, by its key in conditions and grouping (contract 4.4, 7.1). */
export function factOf(facts: Facts, key: string): string | undefined {
  return readerOf(key)(facts);
}

/** Weak, so that compiled filters go with the configuration that they were compiled from. */
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
  ['change_key', (facts) => facts.changeKey],
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
