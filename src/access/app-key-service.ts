import type { SharedConfig } from '../database/config-snapshot.ts';
import type { Database, Transaction } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import { Failure, notFound } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Random } from '../runtime/random.ts';
import { appKeysMax, type AppKey, type AppKeyStatus } from './app-key.ts';
import type { AppKeyStore } from './app-key-store.ts';
import { keyHash, keyHint, makeKey } from './key.ts';

export interface AppKeyServiceParts {
  readonly database: Database;
  readonly config: SharedConfig<{ keys: unknown; people: unknown }>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly store: AppKeyStore;
  readonly holders: Holders;
}

/** What keys need of members. A port, because access does not know members. */
export interface Holders {
  /** Enables a member who gets a key. @throws Failure when there is none. */
  activate(tx: Transaction, memberId: number): Promise<void>;
}

/** The keys that a caller may see and change: one member's, or all. */
export type KeyScope = number | 'all';

export class AppKeyService {
  readonly #parts: AppKeyServiceParts;

  constructor(parts: AppKeyServiceParts) {
    this.#parts = parts;
  }

  /** Returns the key, which is not stored. */
  async create(memberId: number, name: string, status: AppKeyStatus): Promise<{ appKey: AppKey; key: string }> {
    const { database, config, clock, ids, random, store, holders } = this.#parts;
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
      await config.change(tx, 'keys');
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

  /** Treats another member's key like one that does not exist. */
  async #with(scope: KeyScope, keyId: string, work: (tx: Transaction, key: AppKey) => Promise<void>): Promise<void> {
    await this.#parts.database.transaction(async (tx) => {
      await this.#parts.config.change(tx, 'keys');
      const key = await this.#parts.store.find(tx.query, keyId);
      if (key === undefined || (scope !== 'all' && scope !== key.memberId)) throw notFound('app key', keyId);
      await work(tx, key);
    });
  }
}
