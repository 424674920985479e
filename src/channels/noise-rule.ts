import type { Filter } from '../filters/condition.ts';
import { factOf, matchesFilter, type Facts } from '../filters/matcher.ts';
import { endOfRecurrence, isDuring, type Recurrence } from '../filters/recurrence.ts';

/** A rule that drops or mutes alerts of a channel (contract 4.10); `spec` depends on the kind. */
export interface NoiseRule<Kind extends NoiseKind = NoiseKind> {
  /** 24 hex digits. */
  readonly ruleId: string;
  readonly channelId: number;
  readonly kind: Kind;
  readonly name: string;
  readonly description: string;
  /** The lower runs first; of equals, the older. */
  readonly priority: number;
  readonly status: 'enabled' | 'disabled';
  readonly spec: NoiseSpecs[Kind];
  readonly creatorId: number;
  readonly updatedBy: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type NoiseKind = keyof NoiseSpecs;

export interface NoiseSpecs {
  /** `unsubscribe` on the wire. */
  readonly drop: { readonly filters: Filter };
  readonly silence: SilenceSpec;
  readonly inhibit: InhibitSpec;
}

/** Holds in one span of time, or in spans that repeat; without either, always. */
export interface SilenceSpec {
  readonly filters: Filter;
  /** Unix milliseconds, the end exclusive. */
  readonly span: { readonly start: number; readonly end: number } | undefined;
  readonly recurrences: readonly Recurrence[];
  /** The time zone of the recurrences. */
  readonly timeZone: string;
  /** Drops matching alerts instead of keeping them without an incident. */
  readonly discards: boolean;
  /** Deletes the rule when its span is over. */
  readonly deletesItself: boolean;
  /** The incident that it was made from, or ''. */
  readonly fromIncidentId: string;
}

/** Always, but for its conditions. */
export const blankSilence: Omit<SilenceSpec, 'filters'> = {
  span: undefined,
  recurrences: [],
  timeZone: 'UTC',
  discards: false,
  deletesItself: false,
  fromIncidentId: '',
};

export interface InhibitSpec {
  readonly sourceFilters: Filter;
  readonly targetFilters: Filter;
  /** Attributes, or labels with or without `labels.`, that source and target must both have, with equal values. */
  readonly equals: readonly string[];
  readonly discards: boolean;
}

/** Rules of one kind in one channel. */
export const noiseRulesMax = 100;

/** The enabled rules of every channel, as of one moment. */
export class NoiseDirectory {
  readonly #byChannel = new Map<number, Record<NoiseKind, NoiseRule[]>>();

  /** @param rules in the order of trial */
  constructor(rules: readonly NoiseRule[]) {
    for (const rule of rules) {
      if (rule.status !== 'enabled') continue;
      const drawers = this.#byChannel.get(rule.channelId) ?? { drop: [], silence: [], inhibit: [] };
      drawers[rule.kind].push(rule);
      this.#byChannel.set(rule.channelId, drawers);
    }
  }

  of<Kind extends NoiseKind>(channelId: number, kind: Kind): readonly NoiseRule<Kind>[] {
    return (this.#byChannel.get(channelId)?.[kind] ?? []) as unknown as readonly NoiseRule<Kind>[];
  }
}

/** The first rule that drops a report. */
export function dropping(rules: readonly NoiseRule<'drop'>[], facts: Facts): NoiseRule<'drop'> | undefined {
  return rules.find((rule) => matchesFilter(rule.spec.filters, facts));
}

/** The first silence rule that holds now and matches. */
export function silencing(
  rules: readonly NoiseRule<'silence'>[],
  facts: Facts,
  now: number,
): NoiseRule<'silence'> | undefined {
  return rules.find((rule) => isInTime(rule.spec, now) && matchesFilter(rule.spec.filters, facts));
}

/** The inhibit rules that have the alert as a target: only for these, sources are looked for. */
export function inhibitingRules(rules: readonly NoiseRule<'inhibit'>[], target: Facts): NoiseRule<'inhibit'>[] {
  return rules.filter((rule) => matchesFilter(rule.spec.targetFilters, target));
}

/** Whether an active alert is a source that inhibits the target by this rule. */
export function isInhibitedBy({ spec }: NoiseRule<'inhibit'>, target: Facts, source: Facts): boolean {
  return matchesFilter(spec.sourceFilters, source) && spec.equals.every((key) => sharesFact(key, target, source));
}

export function isInTime(spec: SilenceSpec, now: number): boolean {
  if (spec.span !== undefined) return now >= spec.span.start && now < spec.span.end;
  return spec.recurrences.length === 0 || isDuring(spec.recurrences, spec.timeZone, now);
}

/** When a silence that holds now may have ended; 0 = never by time alone. */
export function endOfSilence(spec: SilenceSpec, now: number): number {
  if (spec.span !== undefined) return spec.span.end;
  return endOfRecurrence(spec.recurrences, spec.timeZone, now);
}

/** Whether the rule deletes itself and its span is over. */
export function isSpent(rule: NoiseRule, now: number): boolean {
  if (rule.kind !== 'silence') return false;
  const { deletesItself, span } = rule.spec as SilenceSpec;
  return deletesItself && span !== undefined && now >= span.end;
}

const attributes = new Set(['title', 'description', 'severity', 'status', 'alert_key', 'title_rule', 'integration_id']);

function sharesFact(key: string, target: Facts, source: Facts): boolean {
  const path = attributes.has(key) || key.startsWith('labels.') ? key : `labels.${key}`;
  const value = factOf(target, path);
  return value !== undefined && value === factOf(source, path);
}
