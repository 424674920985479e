import type { Filter } from '../filters/condition.ts';
import { matchesFilter, type Facts } from '../filters/matcher.ts';
import { isDuring, type Recurrence } from '../filters/recurrence.ts';
import type { People } from '../members/people.ts';
import type { Assignment, Incident } from './incident.ts';

/** Whom incidents of a channel are given to, and to whom next when nobody acknowledges (contract 4.8). */
export interface EscalationRule {
  readonly ruleId: string;
  readonly channelId: number;
  readonly name: string;
  readonly description: string;
  /** A disabled rule takes no incidents; those that it has go to no further layer. */
  readonly status: 'enabled' | 'disabled';
  /** The lowest is tried first; of equal ones the oldest. */
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
  /** Puts the notification of layer 0 off, and with it the wait for layer 1. */
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
  /** Of members; others are passed over. */
  readonly emails: readonly string[];
  /** Until the next layer's turn; 0 = there is none. */
  readonly escalateWindowMinutes: number;
  readonly forceEscalate: boolean;
  /** How often and by which means people are notified: kept as sent, like the template. */
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

/** The most layers of a rule: the labels that replace a layer's people count with one digit. */
export const layersMax = 10;
/** The most rules of a channel: all of them are held in memory. */
export const rulesMax = 20;

/** One layer's turn: what of an assignment comes from the rule, and everybody that it is given to. */
export type Turn = Pick<Assignment, 'escalateRuleId' | 'escalateRuleName' | 'layerIdx' | 'escalation'> & {
  readonly to: readonly number[];
};

/** Every rule of every channel, as they were at one moment. */
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

  /** In the order in which they are tried. */
  ofChannel(channelId: number): readonly EscalationRule[] {
    return this.#byChannel.get(channelId) ?? [];
  }
}

/** Decides who is next, from the rules and the people as they were at one moment. */
export class Escalations {
  readonly rules: RuleDirectory;
  readonly people: People;

  constructor(rules: RuleDirectory, people: People) {
    this.rules = rules;
    this.people = people;
  }

  /** The first turn by the first rule of the incident's channel that takes it; no other rule is asked when it has nobody. */
  first(incident: Incident, now: number): Turn | undefined {
    const rule = this.rules.ofChannel(incident.channelId).find((one) => takes(one, incident, now));
    return rule === undefined ? undefined : this.turn(rule, 0, incident);
  }

  /** The turn after the one that the incident is in; `undefined` when its rule has no more, or is gone. */
  next(incident: Incident): Turn | undefined {
    const rule = this.rules.find(incident.assignedTo?.escalateRuleId ?? '');
    if (rule?.status !== 'enabled') return undefined;
    return this.turn(rule, (incident.assignedTo?.layerIdx ?? 0) + 1, incident);
  }

  /** The turn of this layer, or of the next one after it that has somebody. */
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

  /** The ids of the members with these addresses; addresses of nobody are passed over (contract 6.2). */
  membersAt(emails: readonly string[]): number[] {
    const wanted = new Set(emails.map((email) => email.trim().toLowerCase()));
    if (wanted.size === 0) return [];
    return this.people.members.filter((member) => wanted.has(member.email)).map((member) => member.memberId);
  }

  /** A label takes the place of the layer's people, if it names anybody (contract 4.8). */
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
    title: incident.title,
    description: incident.description,
    integrationId: incident.integrationId,
    dedupKey: incident.dedupKey,
    labels: incident.labels,
  };
}
