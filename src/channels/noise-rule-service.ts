import type { SharedConfig } from '../database/config-snapshot.ts';
import type { Database, Transaction } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import { invalid, notFound } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import type { ChannelStore } from './channel-store.ts';
import { isSpent, noiseRulesMax, type NoiseKind, type NoiseRule, type NoiseSpecs } from './noise-rule.ts';
import type { NoiseRuleStore } from './noise-rule-store.ts';

export interface NoiseRuleServiceParts {
  readonly database: Database;
  readonly config: SharedConfig<{ noise: unknown }>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly store: NoiseRuleStore;
  readonly channels: ChannelStore;
  /** Lets the alerts that rules of the channel mute be judged again, since one of the rules has changed. */
  readonly judgeMuted: (tx: Transaction, channelId: number, now: number) => Promise<void>;
}

/** The settable fields. `undefined` = unchanged, or the default in a new rule. */
export interface NoiseRuleChange<Kind extends NoiseKind> {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly priority?: number | undefined;
  readonly spec: Partial<NoiseSpecs[Kind]>;
}

export type NewNoiseRule<Kind extends NoiseKind> = NoiseRuleChange<Kind> & {
  readonly channelId: number;
  readonly name: string;
  readonly spec: NoiseSpecs[Kind];
};

/** Identifies a rule by channel and id, as the API does (contract 4.10). */
export interface NoiseRuleRef {
  readonly kind: NoiseKind;
  readonly channelId: number;
  readonly ruleId: string;
}

export class NoiseRuleService {
  readonly #parts: NoiseRuleServiceParts;

  constructor(parts: NoiseRuleServiceParts) {
    this.#parts = parts;
  }

  /** In the order of trial, without expired rules that delete themselves. */
  async list<Kind extends NoiseKind>(kind: Kind, channelId: number): Promise<NoiseRule<Kind>[]> {
    const { database, channels, clock, store } = this.#parts;
    if ((await channels.find(database.read, channelId)) === undefined) throw notFound('channel', channelId);
    const now = clock.now();
    const rules = await store.ofChannel(database.read, channelId, kind);
    return rules.filter((rule) => !isSpent(rule, now)) as NoiseRule<Kind>[];
  }

  async create<Kind extends NoiseKind>(kind: Kind, input: NewNoiseRule<Kind>, creatorId: number): Promise<NoiseRule> {
    const { database, config, channels, clock, ids, store } = this.#parts;
    const { channelId, name, description = '', priority = 0, spec } = input;
    const now = clock.now();
    const times = { createdAt: now, updatedAt: now };
    const who = { creatorId, updatedBy: creatorId };
    const head = { ruleId: ids.object(), channelId, kind, name, description, priority, status: 'enabled' as const };
    const rule: NoiseRule = { ...head, spec, ...who, ...times };
    await database.transaction(async (tx) => {
      await config.change(tx, 'noise');
      if ((await channels.find(tx.query, channelId)) === undefined) throw notFound('channel', channelId);
      if ((await this.#kept(tx, kind, channelId, now)).length >= noiseRulesMax) {
        const message = `there may be at most ${noiseRulesMax} such rules in a channel: delete some first`;
        throw invalid([{ field: '', message }]);
      }
      await store.insert(tx, rule);
    });
    return rule;
  }

  async update<Kind extends NoiseKind>(
    ref: NoiseRuleRef & { readonly kind: Kind },
    change: NoiseRuleChange<Kind>,
    updatedBy: number,
  ): Promise<void> {
    await this.#with(ref, (tx, rule, now) =>
      this.#parts.store.save(tx, {
        ...rule,
        name: change.name ?? rule.name,
        description: change.description ?? rule.description,
        priority: change.priority ?? rule.priority,
        spec: { ...rule.spec, ...change.spec },
        updatedBy,
        updatedAt: now,
      }),
    );
  }

  async setStatus(ref: NoiseRuleRef, status: NoiseRule['status'], updatedBy: number): Promise<void> {
    await this.#with(ref, (tx, rule, now) =>
      this.#parts.store.save(tx, { ...rule, status, updatedBy, updatedAt: now }),
    );
  }

  async remove(ref: NoiseRuleRef): Promise<void> {
    await this.#with(ref, (tx) => this.#parts.store.remove(tx, ref.ruleId));
  }

  async #with(
    { kind, channelId, ruleId }: NoiseRuleRef,
    work: (tx: Transaction, rule: NoiseRule, now: number) => Promise<void>,
  ): Promise<void> {
    const { database, config, clock } = this.#parts;
    await database.transaction(async (tx) => {
      await config.change(tx, 'noise');
      const now = clock.now();
      const rule = (await this.#kept(tx, kind, channelId, now)).find((one) => one.ruleId === ruleId);
      if (rule === undefined) throw notFound('rule', ruleId);
      await work(tx, rule, now);
      if (kind !== 'drop') await this.#parts.judgeMuted(tx, channelId, now);
    });
  }

  /** Deletes expired rules that delete themselves, whenever the rules of a channel change. */
  async #kept(tx: Transaction, kind: NoiseKind, channelId: number, now: number): Promise<NoiseRule[]> {
    const kept: NoiseRule[] = [];
    for (const rule of await this.#parts.store.ofChannel(tx.query, channelId, kind)) {
      if (isSpent(rule, now)) await this.#parts.store.remove(tx, rule.ruleId);
      else kept.push(rule);
    }
    return kept;
  }
}
