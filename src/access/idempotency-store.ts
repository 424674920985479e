import type { Database } from '../database/database.ts';
import type { SecretBox } from './secret-box.ts';

/** The state of a key: `taken` by this request now; `answered` earlier; `open` since then; used with another body. */
export type Taken =
  | { readonly kind: 'taken' }
  | { readonly kind: 'answered'; readonly answer: string }
  | { readonly kind: 'open'; readonly since: number }
  | { readonly kind: 'mismatch' };

/** Remembers requests by their `Idempotency-Key`. Ids and body hashes are SHA-256 in hex, instants Unix milliseconds. */
export interface Idempotency {
  /** Durable when it resolves. Of concurrent requests, one gets `taken`. */
  take(id: string, bodyHash: string, now: number): Promise<Taken>;
  answer(id: string, answer: string): Promise<void>;
  release(id: string): Promise<void>;
}

/** Stores answers encrypted: one may hold a secret that is shown once. */
export class IdempotencyStore implements Idempotency {
  readonly #database: Database;
  readonly #sealer: SecretBox;

  constructor(database: Database, sealer: SecretBox) {
    this.#database = database;
    this.#sealer = sealer;
  }

  /** The unique row decides between concurrent requests, on any node. */
  take(id: string, bodyHash: string, now: number): Promise<Taken> {
    return this.#database.transaction(async ({ query }): Promise<Taken> => {
      const inserted = await query
        .insertInto('idempotency')
        .values({ idempotency_id: id, body_hash: bodyHash, response: '', created_at: now })
        .onConflict((conflict) => conflict.column('idempotency_id').doNothing())
        .returning('idempotency_id')
        .execute();
      if (inserted.length > 0) return { kind: 'taken' };
      const row = await query
        .selectFrom('idempotency')
        .select(['body_hash', 'response', 'created_at'])
        .where('idempotency_id', '=', id)
        .executeTakeFirst();
      // A purge or a release came in between: the next request gets the key.
      if (row === undefined) return { kind: 'open', since: now };
      if (row.body_hash !== bodyHash) return { kind: 'mismatch' };
      if (row.response === '') return { kind: 'open', since: row.created_at };
      return { kind: 'answered', answer: this.#sealer.open(row.response) };
    });
  }

  async answer(id: string, answer: string): Promise<void> {
    const response = this.#sealer.seal(answer);
    await this.#database.transaction(({ query }) =>
      query.updateTable('idempotency').set({ response }).where('idempotency_id', '=', id).execute(),
    );
  }

  async release(id: string): Promise<void> {
    await this.#database.transaction(({ query }) =>
      query.deleteFrom('idempotency').where('idempotency_id', '=', id).execute(),
    );
  }

  /** Deletes up to `limit` keys taken before an instant, so that the statement stays short; returns their number. */
  async purge(before: number, limit: number): Promise<number> {
    return this.#database.transaction(async ({ query }) => {
      const old = query
        .selectFrom('idempotency')
        .select('idempotency_id')
        .where('created_at', '<', before)
        .orderBy('created_at')
        .limit(limit);
      const gone = await query
        .deleteFrom('idempotency')
        .where('idempotency_id', 'in', old)
        .returning('idempotency_id')
        .execute();
      return gone.length;
    });
  }
}

/** Keys are kept this long; a later repetition is a new request. */
export const idempotencyKeptMs = 24 * 3_600_000;
