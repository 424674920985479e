import { AppKeyService } from '../access/app-key-service.ts';
import { Audit } from '../access/audit.ts';
import { createSecretBox } from '../access/secret-box.ts';
import type { LinkSubject } from '../access/sign-in-link.ts';
import { hostOf } from '../config/room-settings.ts';
import type { Config } from '../config/settings.ts';
import type { Database } from '../database/database.ts';
import { MemberService } from '../members/member-service.ts';
import { systemClock } from '../runtime/clock.ts';
import { notFound } from '../runtime/failure.ts';
import { systemIds } from '../runtime/ids.ts';
import { systemRandom } from '../runtime/random.ts';
import { configurationOn } from '../wiring/configuration.ts';
import { Client } from './client.ts';
import { openInstalled } from './installation.ts';
import { keyRingOf } from './key-ring.ts';
import { operatorToken, subjectOf } from './sign-in-link.ts';

export interface AdminKeyOptions {
  /** '' = the oldest administrator. */
  readonly email: string;
  /** Deletes the member's other keys. */
  readonly only: boolean;
}

/** The name that the key gets, so that a list says where it comes from. */
const keyName = 'tocsin admin-key';

/**
 * Makes an app key for those who have lost theirs. The right to read the installation's key is enough. A
 * service that runs is asked, because its SQLite file is its own; otherwise the key goes into the database. Either way
 * the audit log has a line.
 * @returns the key, which is not kept.
 * @throws Failure when there is no installation or no such member, or the member has too many keys.
 */
export async function adminKey(config: Config, { email, only }: AdminKeyOptions): Promise<string> {
  const token = operatorToken(config, subjectOf(email));
  const { host, port } = config.listen;
  const client = await Client.signedIn(`http://${hostOf(host)}:${port}`, token).catch((error: unknown) => {
    if (isNobodyThere(error)) return undefined;
    throw error;
  });
  if (client !== undefined) return fromService(client, only);
  const database = await openInstalled(config);
  try {
    return await inDatabase(database, config, { subject: subjectOf(email), only });
  } finally {
    await database.close();
  }
}

function isNobodyThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
}

async function fromService(client: Client, only: boolean): Promise<string> {
  try {
    if (only) {
      const { items } = await client.call<{ items: { key_id: string }[] }>('/person/app-key/list', {});
      for (const { key_id } of items) await client.call('/person/app-key/delete', { key_id });
    }
    return (await client.call<{ key: string }>('/person/app-key/create', { key_name: keyName })).key;
  } finally {
    await client.call('/session/delete', {});
  }
}

async function inDatabase(
  database: Database,
  config: Config,
  { subject, only }: { subject: LinkSubject; only: boolean },
): Promise<string> {
  const ids = systemIds(systemClock, systemRandom);
  const audit = new Audit({ database, clock: systemClock, ids });
  const ports = { database: audit.database, clock: systemClock, ids, random: systemRandom };
  const kept = configurationOn(ports, createSecretBox(keyRingOf(config), systemRandom));
  const members = new MemberService({ ...ports, ...kept.stores, config: kept.config, store: kept.stores.members });
  const keys = new AppKeyService({ ...ports, config: kept.config, store: kept.stores.keys, holders: members });
  const member = await members.find(subject);
  if (member === undefined) throw notFound('member', String(subject));
  const { memberId } = member;
  const audited = <Result>(operation: string, input: object, work: () => Promise<Result>) =>
    audit.during({ operation, memberId, input, requestId: '', address: '' }, work);
  if (only) {
    for (const { keyId } of await keys.listOf(memberId)) {
      await audited('person:app-key:delete', { key_id: keyId }, () => keys.remove(memberId, keyId));
    }
  }
  const made = await audited('person:app-key:create', { key_name: keyName }, () =>
    keys.create(memberId, keyName, 'enabled'),
  );
  return made.key;
}
