import type { SecretBox } from '../access/secret-box.ts';
import type { Query, Transaction } from '../database/database.ts';
import type { WebhookRow } from '../database/tables.ts';
import type { EventType } from '../events/event-types.ts';
import { WebhookDirectory } from './webhook-index.ts';
import { retryDefaults, unsentRetrySecondsDefault } from './draft.ts';
import { recordDeletion, recordVersion } from './webhook-version-store.ts';
import type {
  DeliveryMode,
  OrderPolicy,
  RetryRule,
  Webhook,
  WebhookHeader,
  WebhookSecret,
  WebhookStatus,
  WebhookType,
} from './webhook.ts';

export type WebhookBrief = Pick<Webhook, 'webhookId' | 'type' | 'name' | 'channelIds'>;

/** Webhooks as rows. Header values and secrets are encrypted, because values may be credentials. */
export class WebhookStore {
  readonly #sealer: SecretBox;

  constructor(sealer: SecretBox) {
    this.#sealer = sealer;
  }

  /** Without the deleted ones, the oldest first. */
  async all(query: Query): Promise<Webhook[]> {
    const rows = await query
      .selectFrom('webhook')
      .selectAll()
      .where('status', '<>', 'deleted')
      .orderBy('created_at')
      .orderBy('webhook_id')
      .execute();
    return rows.map((row) => this.#webhookOf(row));
  }

  /** The columns that decide about other webhooks, of all but the deleted ones, without their secrets. */
  async briefs(query: Query): Promise<WebhookBrief[]> {
    const rows = await query
      .selectFrom('webhook')
      .select(['webhook_id', 'webhook_type', 'webhook_name', 'channel_ids_json'])
      .where('status', '<>', 'deleted')
      .execute();
    return rows.map((row) => ({
      webhookId: row.webhook_id,
      type: row.webhook_type as WebhookType,
      name: row.webhook_name,
      channelIds: JSON.parse(row.channel_ids_json) as number[],
    }));
  }

  /** Reads all of them, for the configuration in memory. */
  async directory(query: Query): Promise<WebhookDirectory> {
    return new WebhookDirectory(await this.all(query));
  }

  /** Without the deleted ones. */
  async find(query: Query, webhookId: number): Promise<Webhook | undefined> {
    const row = await query
      .selectFrom('webhook')
      .selectAll()
      .where('webhook_id', '=', webhookId)
      .where('status', '<>', 'deleted')
      .executeTakeFirst();
    return row === undefined ? undefined : this.#webhookOf(row);
  }

  async insert(tx: Transaction, webhook: Webhook): Promise<void> {
    await tx.insertMany('webhook', [this.#rowOf(webhook)]);
    await recordVersion(tx, webhook);
  }

  async save(tx: Transaction, webhook: Webhook): Promise<void> {
    const { webhook_id, ...set } = this.#rowOf(webhook);
    await tx.query.updateTable('webhook').set(set).where('webhook_id', '=', webhook_id).execute();
    await recordVersion(tx, webhook);
  }

  /** The row stays for history, without its secrets. */
  async remove(tx: Transaction, webhookId: number, now: number): Promise<void> {
    await tx.query
      .updateTable('webhook')
      .set({ status: 'deleted', headers_json: '[]', secrets_json: '[]', updated_at: now })
      .where('webhook_id', '=', webhookId)
      .execute();
    await recordDeletion(tx, webhookId, now);
  }

  #webhookOf(row: WebhookRow): Webhook {
    return {
      webhookId: row.webhook_id,
      type: row.webhook_type as WebhookType,
      name: row.webhook_name,
      endpoint: row.endpoint,
      description: row.description,
      teamId: row.team_id,
      status: row.status as WebhookStatus,
      tlsVerify: row.tls_verify === 1,
      headers: this.#openHeaders(row.headers_json),
      channelIds: JSON.parse(row.channel_ids_json) as number[],
      eventTypes: JSON.parse(row.event_types_json) as EventType[],
      timeoutMs: row.timeout_ms,
      mode: row.delivery_mode as DeliveryMode,
      ...settingsOf(row),
      maxInFlight: row.max_in_flight,
      signing: row.signing === 1,
      secrets: this.#openSecrets(row.secrets_json),
      creatorId: row.creator_id,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
    };
  }

  #rowOf(webhook: Webhook): WebhookRow {
    return {
      webhook_id: webhook.webhookId,
      webhook_type: webhook.type,
      webhook_name: webhook.name,
      endpoint: webhook.endpoint,
      description: webhook.description,
      team_id: webhook.teamId,
      status: webhook.status,
      tls_verify: webhook.tlsVerify ? 1 : 0,
      headers_json: this.#sealHeaders(webhook.headers),
      channel_ids_json: JSON.stringify(webhook.channelIds),
      event_types_json: JSON.stringify(webhook.eventTypes),
      timeout_ms: webhook.timeoutMs,
      delivery_mode: webhook.mode,
      settings_json: JSON.stringify({
        order_policy: webhook.orderPolicy,
        retry: webhook.retry,
        unsent_retry_seconds: webhook.unsentRetrySeconds,
        rate_limit_per_second: webhook.rateLimitPerSecond,
        ...(webhook.pausedAt === 0 ? {} : { paused_at: webhook.pausedAt, paused_by: webhook.pausedBy }),
      } satisfies StoredSettings),
      max_in_flight: webhook.maxInFlight,
      signing: webhook.signing ? 1 : 0,
      secrets_json: this.#sealSecrets(webhook.secrets),
      creator_id: webhook.creatorId,
      created_at: webhook.createdAt,
      updated_at: webhook.updatedAt,
    };
  }

  #sealHeaders(headers: readonly WebhookHeader[]): string {
    return JSON.stringify(headers.map(({ name, value }): SealedHeader => ({ name, sealed: this.#sealer.seal(value) })));
  }

  #openHeaders(json: string): WebhookHeader[] {
    return (JSON.parse(json) as SealedHeader[]).map(({ name, sealed }) => ({ name, value: this.#sealer.open(sealed) }));
  }

  #sealSecrets(secrets: readonly WebhookSecret[]): string {
    const sealed = secrets.map(({ secret, expiresAt }): SealedSecret => ({
      sealed: this.#sealer.seal(secret),
      expires_at: expiresAt,
    }));
    return JSON.stringify(sealed);
  }

  #openSecrets(json: string): WebhookSecret[] {
    return (JSON.parse(json) as SealedSecret[]).map(({ sealed, expires_at }) => ({
      secret: this.#sealer.open(sealed),
      expiresAt: expires_at,
    }));
  }
}

interface StoredSettings {
  readonly order_policy: OrderPolicy;
  readonly retry: RetryRule;
  readonly unsent_retry_seconds: number;
  readonly rate_limit_per_second: number;
  readonly paused_at?: number;
  readonly paused_by?: number;
}

/** Rows older than these settings have the defaults of their mode. */
function settingsOf(
  row: WebhookRow,
): Pick<Webhook, 'orderPolicy' | 'retry' | 'unsentRetrySeconds' | 'rateLimitPerSecond' | 'pausedAt' | 'pausedBy'> {
  const stored = JSON.parse(row.settings_json) as Partial<StoredSettings>;
  return {
    orderPolicy: stored.order_policy ?? 'every',
    retry: stored.retry ?? retryDefaults[row.delivery_mode as DeliveryMode],
    unsentRetrySeconds: stored.unsent_retry_seconds ?? unsentRetrySecondsDefault,
    rateLimitPerSecond: stored.rate_limit_per_second ?? 0,
    pausedAt: stored.paused_at ?? 0,
    pausedBy: stored.paused_by ?? 0,
  };
}

interface SealedHeader {
  readonly name: string;
  readonly sealed: string;
}

interface SealedSecret {
  readonly sealed: string;
  readonly expires_at: number;
}
