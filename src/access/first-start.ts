import { DatabaseFailure, type Database, type Transaction } from '../database/database.ts';
import { insertInstallation, readInstallation } from '../database/revision.ts';
import type { Clock } from '../runtime/clock.ts';
import { invalid } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Random } from '../runtime/random.ts';
import { appKeyMinLength } from './app-key.ts';
import { AppKeyStore } from './app-key-store.ts';
import { keyHash, keyHint, makeKey } from './key.ts';
import { requireSameKey, type Sealer } from './sealer.ts';

export interface FirstStartParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly sealer: Sealer;
  readonly administrators: Administrators;
}

/** Makes the first member; a port, because access does not know members. */
export interface Administrators {
  /** @returns the id of the member. */
  found(tx: Transaction, administrator: { readonly name: string; readonly email: string }): Promise<number>;
}

/** The settings that count at the first start only (design 8); '' and 0 = not set. */
export interface FirstStartSettings {
  readonly accountId: number;
  readonly administratorName: string;
  readonly administratorEmail: string;
  readonly appKey: string;
}

/** Where somebody writes to who never set an address; nobody gets mail at a domain of this ending. */
const placeholderEmail = 'admin@tocsin.invalid';

/**
 * Opens the installation. An empty one gets its account, an administrator and one app key, all or nothing, once: of
 * several nodes that start at the same time one does it. There are no default credentials.
 * @returns the key to be shown to the operator, this once; `undefined` when the installation was there already, or the
 * operator has chosen the key.
 * @throws Failure when the secrets were sealed with another key than this node's, or when a setting cannot be used.
 */
export async function openInstallation(
  parts: FirstStartParts,
  settings: FirstStartSettings,
): Promise<{ readonly accountId: number; readonly firstKey: string | undefined }> {
  const { database, sealer } = parts;
  const present = await readInstallation(database.read);
  const made = present === undefined ? await makeInstallation(parts, settings) : undefined;
  if (made !== undefined) return made;
  const installation = present ?? (await readInstallation(database.read));
  if (installation === undefined) throw new Error('the installation is neither there nor can it be made');
  requireSameKey(sealer, installation.key_check);
  return { accountId: installation.account_id, firstKey: undefined };
}

/** `undefined` when another node has made it in the meantime. */
async function makeInstallation(
  parts: FirstStartParts,
  settings: FirstStartSettings,
): Promise<{ accountId: number; firstKey: string | undefined } | undefined> {
  const { database, clock, ids, random, sealer } = parts;
  const isChosen = settings.appKey !== '';
  const firstKey = isChosen ? ownKey(settings.appKey) : makeKey(random);
  const accountId = settings.accountId === 0 ? ids.number() : settings.accountId;
  const now = clock.now();
  const row = { singleton: 1, account_id: accountId, revision: 1, key_check: sealer.check, created_at: now };
  try {
    await database.transaction(async (tx) => {
      await insertInstallation(tx, row);
      await foundAdministrator(tx, parts, settings, firstKey, now);
    });
  } catch (error) {
    if (error instanceof DatabaseFailure && error.kind === 'conflict') return undefined;
    throw error;
  }
  return { accountId, firstKey: isChosen ? undefined : firstKey };
}

async function foundAdministrator(
  tx: Transaction,
  { ids, administrators }: FirstStartParts,
  settings: FirstStartSettings,
  key: string,
  now: number,
): Promise<void> {
  const memberId = await administrators.found(tx, {
    name: settings.administratorName === '' ? 'Administrator' : settings.administratorName,
    email: settings.administratorEmail === '' ? placeholderEmail : settings.administratorEmail.toLowerCase(),
  });
  await new AppKeyStore().insert(tx, {
    keyId: ids.object(),
    memberId,
    name: 'first key',
    hash: keyHash(key),
    hint: keyHint(key),
    status: 'enabled',
    createdAt: now,
    updatedAt: now,
  });
}

function ownKey(key: string): string {
  if (key.length >= appKeyMinLength && /^[\x21-\x7e]+$/.test(key)) return key;
  const message = `must have at least ${appKeyMinLength} visible ASCII characters, so that it cannot be guessed; leave it out and one is made`;
  throw invalid([{ field: 'TOCSIN_APP_KEY', message }]);
}
