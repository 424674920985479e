import type { Database, Query, Transaction } from '../database/database.ts';
import { countUpTo, cut, pageOf, type Cut, type KeysetPage } from '../database/keyset.ts';
import type { AuditEntryRow, Tables } from '../database/tables.ts';

/** A line of the audit log. */
export interface AuditEntry {
  readonly auditId: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly memberId: number;
  readonly operation: string;
  /** Of the object made or changed; several with commas; '' when there is none. */
  readonly objectId: string;
  readonly bodyJson: string;
  readonly requestId: string;
  readonly address: string;
}

export interface AuditFilter {
  /** Unix milliseconds, both included. */
  readonly startTime: number;
  readonly endTime: number;
  readonly memberId: number | undefined;
  /** `undefined` = all. */
  readonly operations: readonly string[] | undefined;
  readonly requestId: string | undefined;
}

/** Adds a line in the transaction of the change. Lines never change. */
export async function appendAudit(tx: Transaction, entry: AuditEntry): Promise<void> {
  await tx.insertMany('audit_entry', [
    {
      audit_id: entry.auditId,
      created_at: entry.createdAt,
      member_id: entry.memberId,
      operation: entry.operation,
      object_id: entry.objectId,
      body_json: entry.bodyJson,
      request_id: entry.requestId,
      address: entry.address,
    },
  ]);
}

/** The newest first. */
export async function listAudit(
  database: Database,
  filter: AuditFilter,
  page: Pick<KeysetPage, 'after' | 'limit'>,
): Promise<Cut<AuditEntry> & { readonly total: number }> {
  const lines = matching(database, filter);
  const columns = ['created_at', 'audit_id'] as const;
  const rows = await pageOf(lines.selectAll(), columns, { ...page, ascending: false, offset: 0 }).execute();
  return {
    ...cut(rows.map(entryOf), page.limit, (entry) => ({ time: entry.createdAt, id: entry.auditId })),
    total: await countUpTo(database, lines.select('audit_id')),
  };
}

export async function oldestAudit(query: Query): Promise<number | undefined> {
  const row = await query
    .selectFrom('audit_entry')
    .select('created_at')
    .orderBy('created_at')
    .limit(1)
    .executeTakeFirst();
  return row?.created_at;
}

/** Deletes up to `limit` lines from before an instant; returns their number. */
export async function purgeAudit(tx: Transaction, before: number, limit: number): Promise<number> {
  const old = tx.query
    .selectFrom('audit_entry')
    .select('audit_id')
    .where('created_at', '<', before)
    .orderBy('created_at')
    .limit(limit);
  const gone = await tx.query.deleteFrom('audit_entry').where('audit_id', 'in', old).returning('audit_id').execute();
  return gone.length;
}

/** The id columns of rows that an action can insert: the caller learns an id only when its row is inserted. */
const idColumns: Partial<Record<keyof Tables, string>> = {
  member: 'member_id',
  team: 'team_id',
  app_key: 'key_id',
  channel: 'channel_id',
  integration: 'integration_id',
  webhook: 'webhook_id',
  custom_field: 'field_id',
  escalation_rule: 'rule_id',
  noise_rule: 'rule_id',
};

/** The same transaction; collects the ids of inserted rows in `made`. */
export function noting(tx: Transaction, made: string[]): Transaction {
  return {
    query: tx.query,
    insertMany(table, rows) {
      const column = idColumns[table];
      if (column !== undefined)
        made.push(...rows.map((row) => String((row as unknown as Record<string, unknown>)[column])));
      return tx.insertMany(table, rows);
    },
    updateMany: (table, changes) => tx.updateMany(table, changes),
    setMany: (table, changes) => tx.setMany(table, changes),
    changeAll: (table, changes) => tx.changeAll(table, changes),
    answered: () => tx.answered(),
    ask: (statement, heard) => tx.ask(statement, heard),
    mark: () => tx.mark(),
    awaitEnds: (marks) => tx.awaitEnds(marks),
    giveTurn: () => tx.giveTurn(),
    afterCommit: (work) => tx.afterCommit(work),
    hint: (work) => tx.hint(work),
    needsNoCount: () => tx.needsNoCount(),
    whenEnded: (work) => tx.whenEnded(work),
  };
}

function matching(database: Database, filter: AuditFilter) {
  let query = database.longRead
    .selectFrom('audit_entry')
    .where('created_at', '>=', filter.startTime)
    .where('created_at', '<=', filter.endTime);
  if (filter.memberId !== undefined) query = query.where('member_id', '=', filter.memberId);
  if (filter.operations !== undefined) query = query.where(database.dialect.anyOf('operation', filter.operations));
  if (filter.requestId !== undefined) query = query.where('request_id', '=', filter.requestId);
  return query;
}

function entryOf(row: AuditEntryRow): AuditEntry {
  return {
    auditId: row.audit_id,
    createdAt: row.created_at,
    memberId: row.member_id,
    operation: row.operation,
    objectId: row.object_id,
    bodyJson: row.body_json,
    requestId: row.request_id,
    address: row.address,
  };
}
