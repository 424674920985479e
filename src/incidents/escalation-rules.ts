import type { ChannelStore } from '../channels/channel-store.ts';
import { bumpRevision, type Cached } from '../database/cached.ts';
import type { Database, Transaction } from '../database/database.ts';
import { filterFaults } from '../filters/condition.ts';
import { isTimeZone, recurrenceFaults, recurrencesMax } from '../filters/recurrence.ts';
import type { People } from '../members/people.ts';
import type { Clock } from '../runtime/clock.ts';
import { invalid, notFound, type Fault } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import {
  layersMax,
  rulesMax,
  type EscalationRule,
  type EscalationSettings,
  type Layer,
  type RuleDirectory,
} from './escalation.ts';
import type { EscalationStore } from './escalation-store.ts';

export interface EscalationRulesParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly store: EscalationStore;
  readonly directory: Cached<RuleDirectory>;
  readonly channels: ChannelStore;
  readonly people: { in(tx: Transaction): Promise<People> };
}

/** What of a rule can be set; what is `undefined` stays, or is the default in a new one. */
export interface RuleChange extends Partial<EscalationSettings> {
  readonly name?: string;
  readonly description?: string;
  readonly priority?: number;
}

/**
 * Which escalation rules there are (contract 4.8). A change holds for incidents that are assigned from then on, and for
 * the layers that follow; a wait that has begun stays as long as it was.
 */
export class EscalationRules {
  readonly #parts: EscalationRulesParts;

  constructor(parts: EscalationRulesParts) {
    this.#parts = parts;
  }

  /** In the order in which they are tried. */
  async ofChannel(channelId: number): Promise<readonly EscalationRule[]> {
    return (await this.#parts.directory.current()).ofChannel(channelId);
  }

  /** @throws Failure when the channel has no such rule. */
  async find(channelId: number, ruleId: string): Promise<EscalationRule> {
    return found(await this.ofChannel(channelId), ruleId);
  }

  async create(channelId: number, change: RuleChange, memberId: number): Promise<EscalationRule> {
    const { ids, clock, store } = this.#parts;
    const now = clock.now();
    const blank: EscalationRule = {
      ruleId: ids.object(),
      channelId,
      name: '',
      description: '',
      status: 'enabled',
      priority: 0,
      settings: defaultSettings,
      updatedBy: memberId,
      createdAt: now,
      updatedAt: now,
    };
    const rule = withChange(blank, change, memberId, now);
    await this.#with(channelId, async (tx, others) => {
      const faults = await this.#faults(tx, rule, others);
      if (others.length >= rulesMax) {
        faults.push({ field: '', message: `a channel may have ${rulesMax} escalation rules: delete some first` });
      }
      if (faults.length > 0) throw invalid(faults);
      await store.insert(tx, rule);
    });
    return rule;
  }

  async update(channelId: number, ruleId: string, change: RuleChange, memberId: number): Promise<void> {
    const { clock, store } = this.#parts;
    await this.#with(channelId, async (tx, rules) => {
      const rule = withChange(found(rules, ruleId), change, memberId, clock.now());
      const faults = await this.#faults(tx, rule, rules);
      if (faults.length > 0) throw invalid(faults);
      await store.save(tx, rule);
    });
  }

  async setStatus(
    channelId: number,
    ruleId: string,
    status: EscalationRule['status'],
    memberId: number,
  ): Promise<void> {
    const updatedAt = this.#parts.clock.now();
    await this.#with(channelId, (tx, rules) =>
      this.#parts.store.save(tx, { ...found(rules, ruleId), status, updatedBy: memberId, updatedAt }),
    );
  }

  /** Incidents that the rule has stay with their responders, and go to no further layer. */
  async remove(channelId: number, ruleId: string): Promise<void> {
    await this.#with(channelId, (tx, rules) => this.#parts.store.remove(tx, found(rules, ruleId).ruleId));
  }

  async #with(
    channelId: number,
    work: (tx: Transaction, rules: readonly EscalationRule[]) => Promise<void>,
  ): Promise<void> {
    const { database, store, channels } = this.#parts;
    await database.transaction(async (tx) => {
      await bumpRevision(tx);
      if ((await channels.find(tx.query, channelId)) === undefined) throw notFound('channel', channelId);
      await work(tx, await store.ofChannel(tx.query, channelId));
    });
  }

  async #faults(tx: Transaction, rule: EscalationRule, others: readonly EscalationRule[]): Promise<Fault[]> {
    const { settings } = rule;
    const people = await this.#parts.people.in(tx);
    const faults = filterFaults(settings.filters, { subject: 'incident' }, 'filters');
    if (others.some((other) => other.name === rule.name && other.ruleId !== rule.ruleId)) {
      faults.push({ field: 'rule_name', message: 'another rule of the channel has this name: choose another' });
    }
    if (settings.layers.length === 0 || settings.layers.length > layersMax) {
      faults.push({ field: 'layers', message: `must have 1 to ${layersMax} layers` });
    }
    faults.push(...settings.layers.flatMap((layer, index) => layerFaults(layer, people, `layers[${index}].target`)));
    if (settings.timeFilters.length > recurrencesMax) {
      faults.push({ field: 'time_filters', message: `may have ${recurrencesMax} entries at most` });
    }
    faults.push(...settings.timeFilters.flatMap((entry, index) => recurrenceFaults(entry, `time_filters[${index}]`)));
    if (!isTimeZone(settings.timeZone)) {
      faults.push({ field: 'time_zone', message: 'must be the name of a time zone, such as Asia/Shanghai' });
    }
    return faults;
  }
}

const defaultSettings: EscalationSettings = {
  templateId: '',
  aggrWindowSeconds: 0,
  layers: [],
  filters: [],
  timeFilters: [],
  timeZone: 'UTC',
};

function found(rules: readonly EscalationRule[], ruleId: string): EscalationRule {
  const rule = rules.find((one) => one.ruleId === ruleId);
  if (rule === undefined) throw notFound('escalation rule', ruleId);
  return rule;
}

function withChange(rule: EscalationRule, change: RuleChange, memberId: number, now: number): EscalationRule {
  const { name, description, priority, ...settings } = change;
  return {
    ...rule,
    name: name ?? rule.name,
    description: description ?? rule.description,
    priority: priority ?? rule.priority,
    settings: { ...rule.settings, ...settings },
    updatedBy: memberId,
    updatedAt: now,
  };
}

/** Addresses need not be of members yet; persons and teams have to be there. */
function layerFaults(layer: Layer, people: People, field: string): Fault[] {
  const faults: Fault[] = [];
  if (layer.personIds.length + layer.teamIds.length + layer.emails.length === 0) {
    faults.push({ field, message: 'names nobody: give person_ids, team_ids or emails' });
  }
  for (const id of layer.personIds.filter((one) => people.member(one) === undefined)) {
    faults.push({
      field: `${field}.person_ids`,
      message: `there is no member ${id}: invite them first, or leave it out`,
    });
  }
  for (const id of layer.teamIds.filter((one) => people.team(one) === undefined)) {
    faults.push({ field: `${field}.team_ids`, message: `there is no team ${id}: make it first, or leave it out` });
  }
  return faults;
}
