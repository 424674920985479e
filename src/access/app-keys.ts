import { bumpRevision } from '../database/cached.ts';
import type { Database, Transaction } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import { Failure, notFound } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Random } from '../runtime/random.ts';
import { appKeysMax, type AppKey, type AppKeyStatus } from './app-key.ts';
import type { AppKeyStore } from './app-key-store.ts';
import { keyHash, keyHint, makeKey } from './key.ts';

export interface AppKeysParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly store: AppKeyStore;
  readonly holders: Holders;
}

/** The members, as the keys need them; a port, because access does not know members. */
export interface Holders {
  /** A key is made for this member. @throws Failure when there is none. */
  activate(tx: Transaction, memberId: number): Promise<void>;
}

/** Whose keys somebody may see and change: one member's, or everybody's. */
export type KeyScope = number | 'all';

export class AppKeys {
  readonly #parts: AppKeysParts;

  constructor(parts: AppKeysParts) {
    this.#parts = parts;
  }

  /** The key is in the reply, and nowhere else ever again. */
  async create(memberId: number, name: string, status: AppKeyStatus): Promise<{ appKey: AppKey; key: string }> {
    const { database, clock, ids, random, store, holders } = this.#parts;
    const key = makeKey(random);
    const now = clock.now();
    const appKey: AppKey = {
      keyId: ids.object(),
      memberId,
      name,
      hash: keyHash(key),
      hint: keyHint(key),
      status,
      createdAt: now,
      updatedAt: now,
    };
    await database.transaction(async (tx) => {
      await bumpRevision(tx);
      await holders.activate(tx, memberId);
      if ((await store.listByMember(tx.query, memberId)).length >= appKeysMax) {
        throw new Failure('InvalidParameter', `a member has at most ${appKeysMax} keys: delete one first`);
      }
      await store.insert(tx, appKey);
    });
    return { appKey, key };
  }

  listOf(memberId: number): Promise<AppKey[]> {
    return this.#parts.store.listByMember(this.#parts.database.read, memberId);
  }

  async change(scope: KeyScope, keyId: string, change: Partial<Pick<AppKey, 'name' | 'status'>>): Promise<void> {
    await this.#with(scope, keyId, (tx, key) =>
      this.#parts.store.save(tx, { ...key, ...change, updatedAt: this.#parts.clock.now() }),
    );
  }

  async remove(scope: KeyScope, keyId: string): Promise<void> {
    await this.#with(scope, keyId, (tx) => this.#parts.store.remove(tx, keyId));
  }

  /** A key of somebody else is as unknown as one that does not exist. */
  async #with(scope: KeyScope, keyId: string, work: (tx: Transaction, key: AppKey) => Promise<void>): Promise<void> {
    await this.#parts.database.transaction(async (tx) => {
      await bumpRevision(tx);
      const key = await this.#parts.store.find(tx.query, keyId);
      if (key === undefined || (scope !== 'all' && scope !== key.memberId)) throw notFound('app key', keyId);
      await work(tx, key);
    });
  }
}
