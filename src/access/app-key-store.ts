import type { Query, Transaction } from '../database/database.ts';
import type { AppKeyRow } from '../database/tables.ts';
import type { AppKey, AppKeyStatus } from './app-key.ts';

/** App keys as rows. A row holds only the hash; deleting a key deletes its row. */
export class AppKeyStore {
  /** The oldest first. */
  async all(query: Query): Promise<AppKey[]> {
    const rows = await query.selectFrom('app_key').selectAll().orderBy('created_at').orderBy('key_id').execute();
    return rows.map(appKeyOf);
  }

  /** The oldest first. */
  async listByMember(query: Query, memberId: number): Promise<AppKey[]> {
    const rows = await query
      .selectFrom('app_key')
      .selectAll()
      .where('member_id', '=', memberId)
      .orderBy('created_at')
      .orderBy('key_id')
      .execute();
    return rows.map(appKeyOf);
  }

  async find(query: Query, keyId: string): Promise<AppKey | undefined> {
    const row = await query.selectFrom('app_key').selectAll().where('key_id', '=', keyId).executeTakeFirst();
    return row === undefined ? undefined : appKeyOf(row);
  }

  async insert(tx: Transaction, key: AppKey): Promise<void> {
    await tx.insertMany('app_key', [rowOf(key)]);
  }

  async save(tx: Transaction, key: AppKey): Promise<void> {
    const { key_id, ...set } = rowOf(key);
    await tx.query.updateTable('app_key').set(set).where('key_id', '=', key_id).execute();
  }

  async remove(tx: Transaction, keyId: string): Promise<void> {
    await tx.query.deleteFrom('app_key').where('key_id', '=', keyId).execute();
  }

  async removeAllOf(tx: Transaction, memberId: number): Promise<void> {
    await tx.query.deleteFrom('app_key').where('member_id', '=', memberId).execute();
  }
}

function appKeyOf(row: AppKeyRow): AppKey {
  return {
    keyId: row.key_id,
    memberId: row.member_id,
    name: row.key_name,
    hash: row.key_hash,
    hint: row.key_hint,
    status: row.status as AppKeyStatus,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function rowOf(key: AppKey): AppKeyRow {
  return {
    key_id: key.keyId,
    member_id: key.memberId,
    key_name: key.name,
    key_hash: key.hash,
    key_hint: key.hint,
    status: key.status,
    created_at: key.createdAt,
    updated_at: key.updatedAt,
  };
}
