import { plainTitle } from '../../alerts/distinct-title.ts';
import type { Filter } from '../../filters/condition.ts';
import { matchesFilter, type Facts } from '../../filters/matcher.ts';
import { isDuring, type Recurrence } from '../../filters/recurrence.ts';
import type { People } from '../../members/people.ts';
import type { Assignment, Incident } from '../incident.ts';

/** Assigns incidents of a channel, layer after layer while nobody acknowledges (contract 4.8). */
export interface EscalationRule {
  readonly ruleId: string;
  readonly channelId: number;
  readonly name: string;
  readonly description: string;
  /** A disabled rule takes no incidents; those that it has reach no further layer. */
  readonly status: 'enabled' | 'disabled';
  /** The lowest runs first; of equals the oldest. */
  readonly priority: number;
  readonly settings: EscalationSettings;
  readonly updatedBy: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface EscalationSettings {
  /** Kept for clients that set it; it concerns notifications, which this service does not send. */
  readonly templateId: string;
  /** Delays the wait for layer 1, as it would delay the notification of layer 0. */
  readonly aggrWindowSeconds: number;
  readonly layers: readonly Layer[];
  /** None = every incident. */
  readonly filters: Filter;
  /** None = at all times. */
  readonly timeFilters: readonly Recurrence[];
  /** The zone of the time filters. */
  readonly timeZone: string;
}

export interface Layer {
  readonly personIds: readonly number[];
  readonly teamIds: readonly number[];
  /** Of members; others are ignored. */
  readonly emails: readonly string[];
  /** Minutes until the next layer; 0 = there is none. */
  readonly escalateWindowMinutes: number;
  readonly forceEscalate: boolean;
  /** Settings of notifications: kept for clients, like the template. */
  readonly maxTimes: number;
  readonly notifyStepMinutes: number;
  readonly by: NotifyBy | undefined;
}

export interface NotifyBy {
  readonly followPreference: boolean;
  readonly critical: readonly string[];
  readonly warning: readonly string[];
  readonly info: readonly string[];
}

/** Layers per rule: labels that replace a layer's people count with one digit. */
export const layersMax = 10;
/** Rules per channel: all are held in memory. */
export const rulesMax = 20;

/** One layer's turn: the rule's part of an assignment, and all assignees. */
export type Turn = Pick<Assignment, 'escalateRuleId' | 'escalateRuleName' | 'layerIdx' | 'escalation'> & {
  readonly to: readonly number[];
};

/** Every rule of every channel, as of one moment. */
export class RuleDirectory {
  readonly #byId: ReadonlyMap<string, EscalationRule>;
  readonly #byChannel: ReadonlyMap<number, readonly EscalationRule[]>;

  /** @param rules the oldest first. */
  constructor(rules: readonly EscalationRule[]) {
    this.#byId = new Map(rules.map((rule) => [rule.ruleId, rule]));
    this.#byChannel = Map.groupBy(
      rules.toSorted((a, b) => a.priority - b.priority),
      (rule) => rule.channelId,
    );
  }

  find(ruleId: string): EscalationRule | undefined {
    return this.#byId.get(ruleId);
  }

  /** In the order of trial. */
  ofChannel(channelId: number): readonly EscalationRule[] {
    return this.#byChannel.get(channelId) ?? [];
  }
}

/** Decides who is next, from the rules and the people of one moment. */
export class Escalations {
  readonly rules: RuleDirectory;
  readonly people: People;

  constructor(rules: RuleDirectory, people: People) {
    this.rules = rules;
    this.people = people;
  }

  /** The first turn of the first matching rule; no other rule is tried when it has nobody. */
  first(incident: Incident, now: number): Turn | undefined {
    const rule = this.rules.ofChannel(incident.channelId).find((one) => takes(one, incident, now));
    return rule === undefined ? undefined : this.turn(rule, 0, incident);
  }

  /** The turn after the present one; `undefined` when its rule has no more, or is gone. */
  next(incident: Incident): Turn | undefined {
    const rule = this.rules.find(incident.assignedTo?.escalateRuleId ?? '');
    if (rule?.status !== 'enabled') return undefined;
    return this.turn(rule, (incident.assignedTo?.layerIdx ?? 0) + 1, incident);
  }

  /** The turn of this layer, or of the next one with people. */
  turn(rule: EscalationRule, layerIdx: number, incident: Incident): Turn | undefined {
    for (const [index, layer] of rule.settings.layers.entries()) {
      if (index < layerIdx) continue;
      const to = this.#peopleOf(layer, index, incident.labels);
      if (to.length > 0) {
        const escalation = waitAfter(rule, index);
        return { escalateRuleId: rule.ruleId, escalateRuleName: rule.name, layerIdx: index, escalation, to };
      }
    }
    return undefined;
  }

  /** The ids of members with these addresses; other addresses are ignored (contract 6.2). */
  membersAt(emails: readonly string[]): number[] {
    const wanted = new Set(emails.map((email) => email.trim().toLowerCase()));
    if (wanted.size === 0) return [];
    return this.people.members.filter((member) => wanted.has(member.email)).map((member) => member.memberId);
  }

  /** A label replaces the layer's people, if it names a member (contract 4.8). */
  #peopleOf(layer: Layer, index: number, labels: Incident['labels']): number[] {
    const label = `layer_person_reset_${index}_emails`;
    const named = Object.hasOwn(labels, label) ? (labels[label] ?? '') : '';
    const instead = this.membersAt(named.split(',').filter((email) => email.trim() !== ''));
    if (instead.length > 0) return instead;
    const persons = layer.personIds.filter((id) => this.people.member(id) !== undefined);
    const teams = layer.teamIds.flatMap((id) => this.people.team(id)?.personIds ?? []);
    return [...new Set([...persons, ...teams, ...this.membersAt(layer.emails)])];
  }
}

function takes({ status, settings }: EscalationRule, incident: Incident, now: number): boolean {
  if (status !== 'enabled') return false;
  if (settings.timeFilters.length > 0 && !isDuring(settings.timeFilters, settings.timeZone, now)) return false;
  return settings.filters.length === 0 || matchesFilter(settings.filters, factsOf(incident));
}

function waitAfter({ settings }: EscalationRule, index: number): Assignment['escalation'] {
  const layer = settings.layers[index];
  if (layer === undefined || layer.escalateWindowMinutes === 0 || index + 1 >= settings.layers.length) return undefined;
  const delayMs = index === 0 ? settings.aggrWindowSeconds * 1000 : 0;
  return { afterMs: delayMs + layer.escalateWindowMinutes * 60_000, force: layer.forceEscalate };
}

function factsOf(incident: Incident): Facts {
  return {
    severity: incident.severity,
    status: incident.status,
    title: plainTitle(incident.title, incident.labels),
    description: incident.description,
    integrationId: incident.integrationId,
    dedupKey: incident.dedupKey,
    labels: incident.labels,
  };
}
