import type { Transaction } from '../database/database.ts';
import type { SignInLink } from './sign-in-link.ts';

/**
 * Remembers a link as used, until it has expired anyway. Of several that use it at once, on any node, one succeeds.
 * @throws DatabaseFailure `conflict` when it was used before.
 */
export async function spendLink(tx: Transaction, link: SignInLink): Promise<void> {
  await tx.query.insertInto('spent_link').values({ link_id: link.linkId, expires_at: link.expiresAt }).execute();
}

/** Forgets used links that have expired, `limit` at most; says how many. */
export async function purgeSpentLinks(tx: Transaction, expiredBefore: number, limit: number): Promise<number> {
  const old = tx.query.selectFrom('spent_link').select('link_id').where('expires_at', '<', expiredBefore).limit(limit);
  const gone = await tx.query.deleteFrom('spent_link').where('link_id', 'in', old).returning('link_id').execute();
  return gone.length;
}
