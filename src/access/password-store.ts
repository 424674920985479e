import type { Database, Query, Transaction } from '../database/database.ts';

export interface StoredPassword {
  /** In PHC text form. */
  readonly hash: string;
  /** Unix milliseconds. */
  readonly setAt: number;
}

/** The passwords of members, as hashes; a member without a row signs in by a link only. */
export class PasswordStore {
  readonly #database: Pick<Database, 'dialect'>;

  constructor(database: Pick<Database, 'dialect'>) {
    this.#database = database;
  }

  async find(query: Query, memberId: number): Promise<StoredPassword | undefined> {
    return stored(await query.selectFrom('password').selectAll().where('member_id', '=', memberId).executeTakeFirst());
  }

  /** The same, and nobody else changes it until the transaction ends. */
  async lock(tx: Transaction, memberId: number): Promise<StoredPassword | undefined> {
    return stored(
      await tx.query
        .selectFrom('password')
        .selectAll()
        .where('member_id', '=', memberId)
        .modifyEnd(this.#database.dialect.forUpdate)
        .executeTakeFirst(),
    );
  }

  async set(tx: Transaction, memberId: number, { hash, setAt }: StoredPassword): Promise<void> {
    await tx.query
      .insertInto('password')
      .values({ member_id: memberId, password_hash: hash, set_at: setAt })
      .onConflict((conflict) => conflict.column('member_id').doUpdateSet({ password_hash: hash, set_at: setAt }))
      .execute();
  }

  async remove(tx: Transaction, memberId: number): Promise<void> {
    await tx.query.deleteFrom('password').where('member_id', '=', memberId).execute();
  }
}

function stored(row: { password_hash: string; set_at: number } | undefined): StoredPassword | undefined {
  return row === undefined ? undefined : { hash: row.password_hash, setAt: row.set_at };
}
