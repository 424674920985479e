import type { ChannelStore } from '../../channels/channel-store.ts';
import type { SharedConfig } from '../../database/config-snapshot.ts';
import type { Database, Transaction } from '../../database/database.ts';
import { filterFaults } from '../../filters/condition.ts';
import { isTimeZone, recurrenceFaults, recurrencesMax } from '../../filters/recurrence.ts';
import type { People } from '../../members/people.ts';
import type { Clock } from '../../runtime/clock.ts';
import { invalid, notFound, type Fault } from '../../runtime/failure.ts';
import type { Ids } from '../../runtime/ids.ts';
import {
  layersMax,
  rulesMax,
  type EscalationRule,
  type EscalationSettings,
  type Layer,
  type RuleDirectory,
} from './rule.ts';
import type { EscalationStore } from './rule-store.ts';

export interface EscalationRuleServiceParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly store: EscalationStore;
  readonly config: SharedConfig<{ escalationRules: RuleDirectory; people: People }>;
  readonly channels: ChannelStore;
}

/** The settable fields. `undefined` = unchanged, or the default in a new rule. */
export interface RuleChange extends Partial<EscalationSettings> {
  readonly name?: string;
  readonly description?: string;
  readonly priority?: number;
}

/**
 * Manages escalation rules (contract 4.8). A change applies to later assignments and layers; a wait that has started
 * keeps its length.
 */
export class EscalationRuleService {
  readonly #parts: EscalationRuleServiceParts;

  constructor(parts: EscalationRuleServiceParts) {
    this.#parts = parts;
  }

  /** In the order of trial. */
  async ofChannel(channelId: number): Promise<readonly EscalationRule[]> {
    return (await this.#parts.config.current()).escalationRules.ofChannel(channelId);
  }

  /** @throws Failure when the channel has no such rule. */
  async find(channelId: number, ruleId: string): Promise<EscalationRule> {
    return found(await this.ofChannel(channelId), ruleId);
  }

  async create(channelId: number, change: RuleChange, memberId: number): Promise<EscalationRule> {
    const { ids, clock, store } = this.#parts;
    const now = clock.now();
    const rule = withChange(newRule(ids.object(), channelId, now), change, memberId, now);
    await this.#with(channelId, async (tx, others) => {
      const faults = faultsOf(rule, others, (await this.#parts.config.in(tx)).people);
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
      const faults = faultsOf(rule, rules, (await this.#parts.config.in(tx)).people);
      if (faults.length > 0) throw invalid(faults);
      await store.save(tx, rule);
    });
  }

  /** Faults of a change against other rows, without making it. @param ruleId '' = of a new rule. */
  async faultsOf(channelId: number, ruleId: string, change: RuleChange): Promise<Fault[]> {
    const { escalationRules, people } = await this.#parts.config.current();
    const rules = escalationRules.ofChannel(channelId);
    const before = ruleId === '' ? newRule('', channelId, 0) : rules.find((one) => one.ruleId === ruleId);
    return before === undefined ? [] : faultsOf(withChange(before, change, 0, 0), rules, people);
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

  /** Incidents of the rule keep their responders, and reach no further layer. */
  async remove(channelId: number, ruleId: string): Promise<void> {
    await this.#with(channelId, (tx, rules) => this.#parts.store.remove(tx, found(rules, ruleId).ruleId));
  }

  async #with(
    channelId: number,
    work: (tx: Transaction, rules: readonly EscalationRule[]) => Promise<void>,
  ): Promise<void> {
    const { database, config, store, channels } = this.#parts;
    await database.transaction(async (tx) => {
      await config.change(tx, 'escalationRules');
      if ((await channels.find(tx.query, channelId)) === undefined) throw notFound('channel', channelId);
      await work(tx, await store.ofChannel(tx.query, channelId));
    });
  }
}

function faultsOf(rule: EscalationRule, others: readonly EscalationRule[], people: People): Fault[] {
  const { settings } = rule;
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

const defaultSettings: EscalationSettings = {
  templateId: '',
  aggrWindowSeconds: 0,
  layers: [],
  filters: [],
  timeFilters: [],
  timeZone: 'UTC',
};

function newRule(ruleId: string, channelId: number, now: number): EscalationRule {
  return {
    ruleId,
    channelId,
    name: '',
    description: '',
    status: 'enabled',
    priority: 0,
    settings: defaultSettings,
    updatedBy: 0,
    createdAt: now,
    updatedAt: now,
  };
}

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

/** Addresses need not belong to members yet; persons and teams must exist. */
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
