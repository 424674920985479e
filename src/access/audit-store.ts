import type { Database, Query, Transaction } from '../database/database.ts';
import type { AuditEntryRow, Tables } from '../database/tables.ts';

/** A line of the audit log. */
export interface AuditEntry {
  readonly auditId: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly memberId: number;
  readonly operation: string;
  /** Of what was made or changed; several with commas; '' where there is none. */
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

/** Adds a line, in the transaction of the change that it tells of. Nothing ever changes one. */
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

/** The newest first, those before `before` only; one more than `limit` when there is a next page. */
export async function listAudit(
  database: Database,
  filter: AuditFilter,
  before: { readonly createdAt: number; readonly auditId: string } | undefined,
  limit: number,
): Promise<AuditEntry[]> {
  let query = matching(database, filter).selectAll();
  if (before !== undefined) {
    const { createdAt, auditId } = before;
    query = query
      .where('created_at', '<=', createdAt)
      .where((row) => row.or([row('created_at', '<', createdAt), row('audit_id', '<', auditId)]));
  }
  const rows = await query
    .orderBy('created_at', 'desc')
    .orderBy('audit_id', 'desc')
    .limit(limit + 1)
    .execute();
  return rows.map(entryOf);
}

/** How many there are, counted up to `max`. */
export async function countAudit(database: Database, filter: AuditFilter, max: number): Promise<number> {
  const counted = await database.read
    .selectFrom(matching(database, filter).select('audit_id').limit(max).as('matching'))
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  return counted.total;
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

/** Forgets lines from before an instant, `limit` at most; says how many. */
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

/** What can be made by an action, and the columns of the ids. Nobody knows an id before its row is inserted. */
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

/** The same transaction, with the ids of what it makes put into `made`. */
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
    afterCommit: (work) => tx.afterCommit(work),
    hint: (work) => tx.hint(work),
  };
}

function matching(database: Database, filter: AuditFilter) {
  let query = database.read
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
