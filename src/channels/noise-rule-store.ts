import type { Query, Transaction } from '../database/database.ts';
import type { NoiseRuleRow } from '../database/tables.ts';
import { NoiseDirectory, type NoiseKind, type NoiseRule } from './noise-rule.ts';

/** Noise rules as rows. Deleting a rule deletes its row; timelines keep its name. */
export class NoiseRuleStore {
  /** In the order of trial. */
  async ofChannel(query: Query, channelId: number, kind: NoiseKind): Promise<NoiseRule[]> {
    const rows = await query
      .selectFrom('noise_rule')
      .selectAll()
      .where('channel_id', '=', channelId)
      .where('kind', '=', kind)
      .orderBy('priority')
      .orderBy('created_at')
      .orderBy('rule_id')
      .execute();
    return rows.map(ruleOf);
  }

  async insert(tx: Transaction, rule: NoiseRule): Promise<void> {
    await tx.insertMany('noise_rule', [rowOf(rule)]);
  }

  async save(tx: Transaction, rule: NoiseRule): Promise<void> {
    const { rule_id, ...set } = rowOf(rule);
    await tx.query.updateTable('noise_rule').set(set).where('rule_id', '=', rule_id).execute();
  }

  async remove(tx: Transaction, ruleId: string): Promise<void> {
    await tx.query.deleteFrom('noise_rule').where('rule_id', '=', ruleId).execute();
  }
}

/** Reads every rule, for a cache. */
export async function loadNoiseRules(query: Query): Promise<NoiseDirectory> {
  const rows = await query
    .selectFrom('noise_rule')
    .selectAll()
    .orderBy('priority')
    .orderBy('created_at')
    .orderBy('rule_id')
    .execute();
  return new NoiseDirectory(rows.map(ruleOf));
}

function ruleOf(row: NoiseRuleRow): NoiseRule {
  return {
    ruleId: row.rule_id,
    channelId: row.channel_id,
    kind: row.kind as NoiseKind,
    name: row.rule_name,
    description: row.description,
    priority: row.priority,
    status: row.status as NoiseRule['status'],
    spec: JSON.parse(row.spec_json) as NoiseRule['spec'],
    creatorId: row.creator_id,
    updatedBy: row.updated_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function rowOf(rule: NoiseRule): NoiseRuleRow {
  return {
    rule_id: rule.ruleId,
    channel_id: rule.channelId,
    kind: rule.kind,
    rule_name: rule.name,
    description: rule.description,
    priority: rule.priority,
    status: rule.status,
    spec_json: JSON.stringify(rule.spec),
    creator_id: rule.creatorId,
    updated_by: rule.updatedBy,
    created_at: rule.createdAt,
    updated_at: rule.updatedAt,
  };
}
