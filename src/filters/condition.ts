import type { Fault } from '../runtime/failure.ts';
import { isRange, isRegex, patternFault } from './pattern.ts';

/** `IN`: some value matches. `NOTIN`: none does (contract 7.1). */
export const operators = ['IN', 'NOTIN'] as const;

export interface Condition {
  readonly key: string;
  readonly oper: (typeof operators)[number];
  readonly vals: readonly string[];
}

/** All of them must hold. */
export type Conditions = readonly Condition[];

/** One of the groups must hold. */
export type Filter = readonly Conditions[];

/** The kind of object that a filter tests; decides which keys exist. */
export type Subject = 'event' | 'alert' | 'incident' | 'change';

export interface FilterRules {
  readonly subject: Subject;
  /** Whether `cidr:` and `num:` may be used; default true. */
  readonly ranges?: boolean;
  /** Whether regular expressions may be used; default true. A list, which everybody may ask for, takes none. */
  readonly expressions?: boolean;
}

export const groupsMax = 20;
/** Conditions in one group. */
export const conditionsMax = 20;
/** Values of one condition. */
export const valsMax = 100;
/** Characters of a value. A longer label value can be matched with a wildcard. */
export const valMaxChars = 512;
/** `labels.` and a label's name. */
export const keyMaxChars = 135;

/** Every fault of a filter; the fields are paths such as `filters[0][1].vals[2]`. */
export function filterFaults(filter: Filter, rules: FilterRules, field: string): Fault[] {
  const faults: Fault[] = [];
  if (filter.length > groupsMax) faults.push({ field, message: `may have ${groupsMax} groups at most` });
  for (const [index, conditions] of filter.entries()) {
    const path = `${field}[${index}]`;
    if (conditions.length === 0) {
      faults.push({ field: path, message: 'is an empty group, which would match everything: leave it out' });
    }
    faults.push(...conditionFaults(conditions, rules, path));
  }
  return faults;
}

/** The same for one flat list, where all conditions must hold. An empty list always holds. */
export function conditionFaults(conditions: Conditions, rules: FilterRules, field: string): Fault[] {
  const faults: Fault[] = [];
  if (conditions.length > conditionsMax) {
    faults.push({ field, message: `may have ${conditionsMax} conditions at most` });
  }
  for (const [index, condition] of conditions.entries()) {
    faults.push(...faultsOf(condition, rules, `${field}[${index}]`));
  }
  return faults;
}

/** Translates an older key; each meant the object at hand (contract 7.1). */
export function canonicalKey(key: string): string {
  return aliases.get(key) ?? key;
}

const aliases: ReadonlyMap<string, string> = new Map([
  ['event_severity', 'severity'],
  ['alert_severity', 'severity'],
  ['incident_severity', 'severity'],
  ['event_status', 'status'],
  ['alert_status', 'status'],
  ['incident_status', 'status'],
  ['change_status', 'status'],
  ['data_source_id', 'integration_id'],
]);

const everywhere = ['severity', 'status', 'title', 'description', 'integration_id'];
const keysOf: Readonly<Record<Subject, readonly string[]>> = {
  event: [...everywhere, 'alert_key', 'title_rule'],
  alert: [...everywhere, 'alert_key', 'title_rule'],
  incident: [...everywhere, 'dedup_key'],
  change: ['status', 'title', 'description', 'integration_id', 'change_key'],
};

function faultsOf({ key, oper, vals }: Condition, rules: FilterRules, field: string): Fault[] {
  const faults: Fault[] = [];
  if (!isKey(key, rules.subject)) {
    const known = [...keysOf[rules.subject], 'labels.<name>'].join(', ');
    faults.push({ field: `${field}.key`, message: `${JSON.stringify(key)} is not known here: use one of ${known}` });
  }
  if (!operators.includes(oper)) faults.push({ field: `${field}.oper`, message: 'must be IN or NOTIN' });
  if (vals.length === 0)
    faults.push({ field: `${field}.vals`, message: 'must have a value; * asks whether it exists' });
  if (vals.length > valsMax) faults.push({ field: `${field}.vals`, message: `may have ${valsMax} values at most` });
  for (const [index, val] of vals.slice(0, valsMax).entries()) {
    const message = valFault(val, rules);
    if (message !== undefined) faults.push({ field: `${field}.vals[${index}]`, message });
  }
  return faults;
}

function isKey(key: string, subject: Subject): boolean {
  if (key.length > keyMaxChars) return false;
  return key.startsWith('labels.') ? key.length > 'labels.'.length : keysOf[subject].includes(canonicalKey(key));
}

function valFault(val: string, { ranges = true, expressions = true }: FilterRules): string | undefined {
  if (val.length > valMaxChars) return `may have ${valMaxChars} characters at most`;
  if (!ranges && isRange(val)) return 'is a cidr: or num: comparison, which cannot be used here';
  if (!expressions && isRegex(val)) return 'is a regular expression, which lists do not take: use * and ?';
  return patternFault(val);
}
