import { sql } from 'kysely';
import type { Database, Transaction } from '../database/database.ts';
import type { SecretBox } from './secret-box.ts';

/** Rows per transaction. */
const pageMax = 200;

/** Every column with sealed values, each with the key of its table; of a JSON column, all members named `sealed`. */
const sealedColumns = [
  { table: 'integration', id: 'integration_id', column: 'key_sealed', isJson: false },
  { table: 'webhook', id: 'webhook_id', column: 'headers_json', isJson: true },
  { table: 'webhook', id: 'webhook_id', column: 'secrets_json', isJson: true },
  { table: 'idempotency', id: 'idempotency_id', column: 'response', isJson: false },
] as const;
type SealedColumn = (typeof sealedColumns)[number];

interface SealedRow {
  readonly id: string | number;
  readonly value: string;
}

/**
 * Seals all stored secrets with the box's current key that are not yet. It may be stopped at any moment and run again,
 * and others may change rows meanwhile.
 * @param passed called after each transaction.
 * @returns how many rows have changed.
 */
export async function sealAnew(database: Database, box: SecretBox, passed: () => void): Promise<number> {
  let changed = 0;
  for (const column of sealedColumns) {
    for (let after: string | number | undefined, isMore = true; isMore;) {
      const page = await database.transaction((tx) => sealPage(tx, column, box, after));
      changed += page.changed;
      after = page.last;
      isMore = after !== undefined;
      passed();
    }
  }
  return changed;
}

async function sealPage(
  tx: Transaction,
  { table, id, column, isJson }: SealedColumn,
  box: SecretBox,
  after: string | number | undefined,
): Promise<{ changed: number; last: string | number | undefined }> {
  const [tableRef, idRef, valueRef] = [sql.ref(table), sql.ref(id), sql.ref(column)];
  const from = after === undefined ? sql`` : sql`where ${idRef} > ${after}`;
  const { rows } = await sql<SealedRow>`
    select ${idRef} as id, ${valueRef} as value from ${tableRef} ${from}
    order by ${idRef} limit ${pageMax}`.execute(tx.query);
  let changed = 0;
  for (const row of rows) {
    const value = isJson ? renewedJson(row.value, box) : renewed(row.value, box);
    if (value === row.value) continue;
    // A row that somebody changed meanwhile was sealed anew by that.
    await sql`
      update ${tableRef} set ${valueRef} = ${value}
      where ${idRef} = ${row.id} and ${valueRef} = ${row.value}`.execute(tx.query);
    changed += 1;
  }
  return { changed, last: rows.length < pageMax ? undefined : rows.at(-1)?.id };
}

/** '' = nothing is stored. */
function renewed(sealed: string, box: SecretBox): string {
  return sealed === '' || box.isCurrent(sealed) ? sealed : box.seal(box.open(sealed));
}

function renewedJson(json: string, box: SecretBox): string {
  const list = JSON.parse(json) as { sealed: string }[];
  if (list.every(({ sealed }) => box.isCurrent(sealed))) return json;
  return JSON.stringify(list.map((one) => ({ ...one, sealed: renewed(one.sealed, box) })));
}

/** From now on a node needs the box's current key. */
export async function requireCurrentKey(tx: Transaction, box: SecretBox): Promise<void> {
  await tx.query.updateTable('installation').set({ key_check: box.check }).execute();
}

/** When any node last gave a sign of life, Unix milliseconds by the database's clock; 0 = none is known. */
export async function lastHeartbeat(database: Database): Promise<number> {
  const row = await database.read
    .selectFrom('node')
    .select(({ fn }) => fn.max<number | null>('heartbeat_at').as('at'))
    .executeTakeFirst();
  return row?.at ?? 0;
}
