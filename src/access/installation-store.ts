import type { Query, Transaction } from '../database/database.ts';

/** What is true of the database as a whole, for as long as it lives. */
export interface Installation {
  readonly accountId: number;
  /** Shows whether a node holds the key that the secrets were sealed with. */
  readonly keyCheck: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

export class InstallationStore {
  /** `undefined` before the first start. */
  async find(query: Query): Promise<Installation | undefined> {
    const row = await query.selectFrom('installation').selectAll().executeTakeFirst();
    if (row === undefined) return undefined;
    return { accountId: row.account_id, keyCheck: row.key_check, createdAt: row.created_at };
  }

  /** False when there is one already, also when another node has just made it. */
  async claim(tx: Transaction, installation: Installation): Promise<boolean> {
    const rows = await tx.query
      .insertInto('installation')
      .values({
        singleton: 1,
        account_id: installation.accountId,
        revision: 1,
        key_check: installation.keyCheck,
        created_at: installation.createdAt,
      })
      .onConflict((conflict) => conflict.column('singleton').doNothing())
      .returning('account_id')
      .execute();
    return rows.length > 0;
  }
}
