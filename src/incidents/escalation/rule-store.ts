import type { Query, Transaction } from '../../database/database.ts';
import type { EscalationRuleRow } from '../../database/tables.ts';
import { RuleDirectory, type EscalationRule, type EscalationSettings } from './rule.ts';

/** Escalation rules as rows. Deleting one deletes its row; incidents keep its name. */
export class EscalationStore {
  /** The oldest first. */
  async all(query: Query): Promise<EscalationRule[]> {
    const rows = await query
      .selectFrom('escalation_rule')
      .selectAll()
      .orderBy('created_at')
      .orderBy('rule_id')
      .execute();
    return rows.map(ruleOf);
  }

  /** The oldest first. */
  async ofChannel(query: Query, channelId: number): Promise<EscalationRule[]> {
    const rows = await query
      .selectFrom('escalation_rule')
      .selectAll()
      .where('channel_id', '=', channelId)
      .orderBy('created_at')
      .orderBy('rule_id')
      .execute();
    return rows.map(ruleOf);
  }

  async insert(tx: Transaction, rule: EscalationRule): Promise<void> {
    await tx.insertMany('escalation_rule', [rowOf(rule)]);
  }

  async save(tx: Transaction, rule: EscalationRule): Promise<void> {
    const { rule_id, ...set } = rowOf(rule);
    await tx.query.updateTable('escalation_rule').set(set).where('rule_id', '=', rule_id).execute();
  }

  async remove(tx: Transaction, ruleId: string): Promise<void> {
    await tx.query.deleteFrom('escalation_rule').where('rule_id', '=', ruleId).execute();
  }
}

/** Reads every rule, for a cache. */
export async function loadEscalationRules(query: Query): Promise<RuleDirectory> {
  return new RuleDirectory(await new EscalationStore().all(query));
}

function ruleOf(row: EscalationRuleRow): EscalationRule {
  return {
    ruleId: row.rule_id,
    channelId: row.channel_id,
    name: row.rule_name,
    description: row.description,
    status: row.status as EscalationRule['status'],
    priority: row.priority,
    settings: { ...(JSON.parse(row.settings_json) as EscalationSettings), templateId: row.template_id },
    updatedBy: row.updated_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function rowOf(rule: EscalationRule): EscalationRuleRow {
  const { templateId, ...settings } = rule.settings;
  return {
    rule_id: rule.ruleId,
    channel_id: rule.channelId,
    rule_name: rule.name,
    description: rule.description,
    template_id: templateId,
    priority: rule.priority,
    status: rule.status,
    settings_json: JSON.stringify(settings),
    updated_by: rule.updatedBy,
    created_at: rule.createdAt,
    updated_at: rule.updatedAt,
  };
}
