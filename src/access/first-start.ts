import { DatabaseFailure, type Database, type Transaction } from '../database/database.ts';
import { insertInstallation, readInstallation } from '../database/installation-store.ts';
import type { Clock } from '../runtime/clock.ts';
import { invalid, type Fault } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Random } from '../runtime/random.ts';
import { appKeyMinLength } from './app-key.ts';
import { AppKeyStore } from './app-key-store.ts';
import { keyHash, keyHint, makeKey } from './key.ts';
import { passwordFault, PasswordHasher } from './password.ts';
import { PasswordStore } from './password-store.ts';
import { requireSameKey, type SecretBox } from './secret-box.ts';

export interface FirstStartParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly sealer: SecretBox;
  readonly administrators: Administrators;
}

/** Makes the first member; a port, because access does not know members. */
export interface Administrators {
  /** @returns the id of the member. */
  found(tx: Transaction, administrator: { readonly name: string; readonly email: string }): Promise<number>;
}

/** Settings for the first start only; '' and 0 = not set. */
export interface FirstStartSettings {
  readonly accountId: number;
  readonly administratorName: string;
  readonly administratorEmail: string;
  readonly administratorPassword: string;
  readonly appKey: string;
  /** Passwords and keys that the pages show as examples. */
  readonly examples?: readonly string[];
}

/** The installation, and what the very first start shows. */
export interface Opened {
  readonly accountId: number;
  /** This start made it. */
  readonly isNew: boolean;
  /** The key to show to the operator, this once; `undefined` when the installation existed, or the operator chose it. */
  readonly firstKey: string | undefined;
}

/** Address of an administrator who set none. Mail to `.invalid` goes nowhere. */
const placeholderEmail = 'admin@tocsin.invalid';

/** The address that the administrator of a first start signs in with. */
export function firstEmail({ administratorEmail: email }: FirstStartSettings): string {
  return email === '' ? placeholderEmail : email.toLowerCase();
}

/**
 * Opens the installation. An empty database gets its account, an administrator and one app key, all or nothing, once:
 * of several nodes that start together, one does it. There are no default credentials.
 * @throws Failure when the secrets were encrypted with another key than this node's, or a setting cannot be used.
 */
export async function openInstallation(parts: FirstStartParts, settings: FirstStartSettings): Promise<Opened> {
  const { database, sealer } = parts;
  const present = await readInstallation(database.read);
  const made = present === undefined ? await makeInstallation(parts, settings) : undefined;
  if (made !== undefined) return made;
  const installation = present ?? (await readInstallation(database.read));
  if (installation === undefined) throw new Error('the installation is neither there nor can it be made');
  requireSameKey(sealer, installation.key_check);
  return { accountId: installation.account_id, isNew: false, firstKey: undefined };
}

/** `undefined` when another node made it meanwhile. */
async function makeInstallation(parts: FirstStartParts, settings: FirstStartSettings): Promise<Opened | undefined> {
  const { database, clock, ids, random, sealer } = parts;
  requireUsable(settings);
  const isChosen = settings.appKey !== '';
  const firstKey = isChosen ? settings.appKey : makeKey(random);
  const accountId = settings.accountId === 0 ? ids.number() : settings.accountId;
  const now = clock.now();
  const { administratorPassword: password } = settings;
  const passwordHash = password === '' ? undefined : await new PasswordHasher(random).hash(password);
  const secrets = { key: firstKey, passwordHash };
  const row = { singleton: 1, account_id: accountId, revision: 1, key_check: sealer.check, created_at: now };
  try {
    await database.transaction(async (tx) => {
      await insertInstallation(tx, row);
      await foundAdministrator(tx, parts, settings, secrets, now);
    });
  } catch (error) {
    if (error instanceof DatabaseFailure && error.kind === 'conflict') return undefined;
    throw error;
  }
  return { accountId, isNew: true, firstKey: isChosen ? undefined : firstKey };
}

async function foundAdministrator(
  tx: Transaction,
  { database, ids, administrators }: FirstStartParts,
  settings: FirstStartSettings,
  { key, passwordHash }: { key: string; passwordHash: string | undefined },
  now: number,
): Promise<void> {
  const memberId = await administrators.found(tx, {
    name: settings.administratorName === '' ? 'Administrator' : settings.administratorName,
    email: firstEmail(settings),
  });
  if (passwordHash !== undefined) {
    await new PasswordStore(database).set(tx, memberId, { hash: passwordHash, setAt: now });
  }
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

/** @throws Failure that names every setting which a first start cannot use. */
export function requireUsable({
  administratorPassword: password,
  administratorEmail: email,
  appKey,
  examples = [],
}: FirstStartSettings): void {
  const easy = password === '' ? undefined : examples.includes(password) ? readByAll : passwordFault(password, email);
  const faults: Fault[] = [];
  if (easy !== undefined) faults.push({ field: 'TOCSIN_ADMIN_PASSWORD', message: easy });
  if (password !== '' && email === '') faults.push({ field: 'TOCSIN_ADMIN_EMAIL', message: noAddress });
  if (examples.includes(appKey)) faults.push({ field: 'TOCSIN_APP_KEY', message: readByAll });
  else if (appKey !== '' && !isHardToGuess(appKey)) faults.push({ field: 'TOCSIN_APP_KEY', message: easyKey });
  if (faults.length > 0) throw invalid(faults);
}

const readByAll = 'is the example, which everybody can read: choose your own, or leave it out';

const noAddress = 'is required beside TOCSIN_ADMIN_PASSWORD: people sign in with an address and a password';

/** Different characters of a chosen key: fewer are a key that somebody filled up. */
const ownKeyCharactersMin = 5;

const easyKey = `must have at least ${appKeyMinLength} visible ASCII characters, ${ownKeyCharactersMin} of them different, so that it cannot be guessed; leave it out and one is made`;

function isHardToGuess(key: string): boolean {
  return key.length >= appKeyMinLength && new Set(key).size >= ownKeyCharactersMin && /^[\x21-\x7e]+$/.test(key);
}
