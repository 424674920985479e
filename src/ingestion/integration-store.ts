import { keyHash } from '../access/key.ts';
import type { SecretBox } from '../access/secret-box.ts';
import type { Database, Query, Transaction } from '../database/database.ts';
import { countUpTo } from '../database/keyset.ts';
import type { IntegrationRow } from '../database/tables.ts';
import { defaultSettings, type FormatSettings } from './formats/settings.ts';
import {
  IntegrationDirectory,
  type Integration,
  type IntegrationStatus,
  type IntegrationType,
  type OldKey,
} from './integration.ts';

/** Integrations as rows, with encrypted keys. */
export class IntegrationStore {
  readonly #sealer: SecretBox;

  constructor(sealer: SecretBox) {
    this.#sealer = sealer;
  }

  /** Without the deleted ones, the oldest first. */
  async all(query: Query): Promise<Integration[]> {
    const rows = await query
      .selectFrom('integration')
      .selectAll()
      .where('status', '<>', 'deleted')
      .orderBy('created_at')
      .orderBy('integration_id')
      .execute();
    return rows.map((row) => this.#integrationOf(row));
  }

  /** Reads all of them, for a cache. */
  async directory(query: Query): Promise<IntegrationDirectory> {
    return new IntegrationDirectory(await this.all(query));
  }

  /** Without the deleted ones. */
  async find(query: Query, integrationId: number): Promise<Integration | undefined> {
    const row = await query
      .selectFrom('integration')
      .selectAll()
      .where('integration_id', '=', integrationId)
      .where('status', '<>', 'deleted')
      .executeTakeFirst();
    return row === undefined ? undefined : this.#integrationOf(row);
  }

  /** The names of the enabled integrations that send into a channel. */
  async namesOf(query: Query, channelId: number): Promise<string[]> {
    const rows = await query
      .selectFrom('integration')
      .select('integration_name')
      .where('channel_id', '=', channelId)
      .where('status', '=', 'enabled')
      .orderBy('integration_name')
      .execute();
    return rows.map((row) => row.integration_name);
  }

  async insert(tx: Transaction, integration: Integration): Promise<void> {
    await tx.insertMany('integration', [this.#rowOf(integration)]);
  }

  async save(tx: Transaction, integration: Integration): Promise<void> {
    const { integration_id, ...set } = this.#rowOf(integration);
    await tx.query.updateTable('integration').set(set).where('integration_id', '=', integration_id).execute();
  }

  /** The row stays for history without its key, so that the same key can be chosen again. */
  async remove(tx: Transaction, integrationId: number, now: number): Promise<void> {
    await tx.query
      .updateTable('integration')
      .set({
        status: 'deleted',
        key_hash: `deleted:${integrationId}`,
        key_sealed: '',
        old_keys_json: '[]',
        updated_at: now,
      })
      .where('integration_id', '=', integrationId)
      .execute();
  }

  /** The time of its last report, Unix milliseconds; 0 = never, or before the kept history. */
  async lastEventAt(query: Query, integrationId: number): Promise<number> {
    const row = await query
      .selectFrom('alert_event')
      .select('created_at')
      .where('integration_id', '=', integrationId)
      .orderBy('created_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row?.created_at ?? 0;
  }

  /** How many reports it sent since an instant; exact below 1000. */
  eventsSince(database: Pick<Database, 'longRead'>, integrationId: number, since: number): Promise<number> {
    const sent = database.longRead
      .selectFrom('alert_event')
      .select('created_at')
      .where('integration_id', '=', integrationId)
      .where('created_at', '>', since);
    return countUpTo(database, sent);
  }

  #integrationOf(row: IntegrationRow): Integration {
    return {
      integrationId: row.integration_id,
      name: row.integration_name,
      type: row.integration_type as IntegrationType,
      description: row.description,
      channelId: row.channel_id,
      teamId: row.team_id,
      status: row.status as IntegrationStatus,
      key: this.#sealer.open(row.key_sealed),
      oldKeys: JSON.parse(row.old_keys_json) as OldKey[],
      refId: row.ref_id,
      settings: { ...defaultSettings, ...(JSON.parse(row.settings_json) as Partial<FormatSettings>) },
      creatorId: row.creator_id,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    };
  }

  #rowOf(integration: Integration): IntegrationRow {
    return {
      integration_id: integration.integrationId,
      integration_name: integration.name,
      integration_type: integration.type,
      description: integration.description,
      channel_id: integration.channelId,
      team_id: integration.teamId,
      status: integration.status,
      key_hash: keyHash(integration.key),
      key_sealed: this.#sealer.seal(integration.key),
      old_keys_json: JSON.stringify(integration.oldKeys),
      ref_id: integration.refId,
      settings_json: JSON.stringify(integration.settings),
      creator_id: integration.creatorId,
      created_at: integration.createdAt,
      updated_at: integration.updatedAt,
    };
  }
}
