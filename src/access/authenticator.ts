import { timingSafeEqual } from 'node:crypto';
import type { SharedConfig } from '../database/config-snapshot.ts';
import type { Query } from '../database/database.ts';
import { AppKeyStore } from './app-key-store.ts';
import type { AppKey } from './app-key.ts';
import { keyHash } from './key.ts';

/** Enabled keys by their hash. */
export type AppKeyIndex = ReadonlyMap<string, AppKey>;

/** Reads the enabled keys, for a cache. */
export async function loadAppKeys(query: Query): Promise<AppKeyIndex> {
  const keys = await new AppKeyStore().all(query);
  return new Map(keys.filter((key) => key.status === 'enabled').map((key) => [key.hash, key]));
}

/**
 * Identifies the caller. Keys and members come from the configuration in memory, so every node
 * refuses a revoked key within its check interval. `member` gives the members that may act.
 */
export class Authenticator<Member> {
  readonly #config: SharedConfig<{ keys: AppKeyIndex }>;
  readonly #member: (memberId: number) => Promise<Member | undefined>;

  constructor(config: SharedConfig<{ keys: AppKeyIndex }>, member: (memberId: number) => Promise<Member | undefined>) {
    this.#config = config;
    this.#member = member;
  }

  /** `undefined` for a key that is unknown, disabled or deleted, and for one whose member may not act. */
  async authenticate(key: string): Promise<{ readonly member: Member; readonly keyId: string } | undefined> {
    const hash = keyHash(key);
    const found = (await this.#config.current()).keys.get(hash) ?? (await this.#config.fresh()).keys.get(hash);
    if (found === undefined || !sameDigest(found.hash, hash)) return undefined;
    const member = await this.#member(found.memberId);
    return member === undefined ? undefined : { member, keyId: found.keyId };
  }
}

/** Both are hex digests of SHA-256, thus of one length: `timingSafeEqual` throws on different ones. */
function sameDigest(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(a, 'hex'), Buffer.from(b, 'hex'));
}
