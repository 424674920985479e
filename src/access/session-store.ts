import type { Query, Transaction } from '../database/database.ts';
import type { SessionRow } from '../database/tables.ts';
import type { Session, SignInMethod } from './session.ts';

/** Sessions as rows; one that has ended is gone. */
export class SessionStore {
  async findByHash(query: Query, hash: string): Promise<Session | undefined> {
    const row = await query.selectFrom('session').selectAll().where('token_hash', '=', hash).executeTakeFirst();
    return row === undefined ? undefined : sessionOf(row);
  }

  /** The one used last comes first. */
  async listByMember(query: Query, memberId: number): Promise<Session[]> {
    const rows = await query
      .selectFrom('session')
      .selectAll()
      .where('member_id', '=', memberId)
      .orderBy('seen_at', 'desc')
      .orderBy('session_id', 'desc')
      .execute();
    return rows.map(sessionOf);
  }

  /** By member, when one of their sessions was last used; who has none is not in it. */
  async lastSeen(query: Query): Promise<ReadonlyMap<number, number>> {
    const rows = await query
      .selectFrom('session')
      .select(({ fn }) => ['member_id', fn.max('seen_at').as('seen_at')])
      .groupBy('member_id')
      .execute();
    return new Map(rows.map((row) => [row.member_id, row.seen_at]));
  }

  async insert(tx: Transaction, session: Session): Promise<void> {
    await tx.insertMany('session', [rowOf(session)]);
  }

  async touch(tx: Transaction, sessionId: string, seenAt: number): Promise<void> {
    await tx.query.updateTable('session').set({ seen_at: seenAt }).where('session_id', '=', sessionId).execute();
  }

  async remove(tx: Transaction, sessionIds: readonly string[]): Promise<void> {
    for (const sessionId of sessionIds) {
      await tx.query.deleteFrom('session').where('session_id', '=', sessionId).execute();
    }
  }

  /** Ends all of a member's sessions, but for one. */
  async removeAllOf(tx: Transaction, memberId: number, except = ''): Promise<void> {
    await tx.query.deleteFrom('session').where('member_id', '=', memberId).where('session_id', '<>', except).execute();
  }

  /** Forgets what began or was last used before an instant, `limit` of each at most; says how many. */
  async purge(tx: Transaction, before: { createdAt: number; seenAt: number }, limit: number): Promise<number> {
    const old = tx.query
      .selectFrom('session')
      .select('session_id')
      .where((row) => row.or([row('created_at', '<', before.createdAt), row('seen_at', '<', before.seenAt)]))
      .limit(limit);
    const gone = await tx.query.deleteFrom('session').where('session_id', 'in', old).returning('session_id').execute();
    return gone.length;
  }
}

function sessionOf(row: SessionRow): Session {
  return {
    sessionId: row.session_id,
    memberId: row.member_id,
    hash: row.token_hash,
    method: row.method as SignInMethod,
    createdAt: row.created_at,
    seenAt: row.seen_at,
    address: row.address,
    agent: row.agent,
  };
}

function rowOf(session: Session): SessionRow {
  return {
    session_id: session.sessionId,
    member_id: session.memberId,
    token_hash: session.hash,
    method: session.method,
    created_at: session.createdAt,
    seen_at: session.seenAt,
    address: session.address,
    agent: session.agent,
  };
}
