import type { SharedConfig } from '../database/config-snapshot.ts';
import type { Database, Query, Transaction } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import { Failure, invalid, notFound, type Fault } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Random } from '../runtime/random.ts';
import { blankWebhook, withChange, type WebhookChange } from './draft.ts';
import { destinationOf, type EndpointPolicy } from './endpoint.ts';
import { makeSecret, rotateSecrets } from './secret.ts';
import type { WebhookDirectory } from './webhook-index.ts';
import type { WebhookBrief, WebhookStore } from './webhook-store.ts';
import type { Webhook, WebhookStatus, WebhookType } from './webhook.ts';

export interface WebhookServiceParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly store: WebhookStore;
  readonly config: SharedConfig<{ webhooks: WebhookDirectory }>;
  readonly deliveries: DeliveriesOf;
  readonly policy: EndpointPolicy;
  /** Returns the ids that belong to no channel. */
  readonly unknownChannels: (query: Query, channelIds: readonly number[]) => Promise<readonly number[]>;
  /** Returns the ids that belong to no team. */
  readonly unknownTeams: (query: Query, teamIds: readonly number[]) => Promise<readonly number[]>;
}

/** The deliveries of a webhook. A port, because webhooks do not know deliveries. */
export interface DeliveriesOf {
  /** Cancels waiting deliveries, in pages, and returns their number. An attempt in flight ends as it ends. */
  cancel(webhookId: number): Promise<number>;
  /** Lets waiting deliveries go on, under these limits of the webhook when they are given. */
  resume(webhookId: number, limits?: Pick<Webhook, 'maxInFlight' | 'rateLimitPerSecond'>): void;
  /** Makes those due now that wait for their next attempt, and returns their number. */
  retryNow(webhookId: number): Promise<number>;
}

/** Webhooks per installation. All are held in memory, and one event may match all of them in one transaction. */
export const webhooksMax = 2_000;
/** Custom actions per channel (contract 1.8). */
export const customActionsMax = 5;

export class WebhookService {
  readonly #parts: WebhookServiceParts;

  constructor(parts: WebhookServiceParts) {
    this.#parts = parts;
  }

  async directory(): Promise<WebhookDirectory> {
    return (await this.#parts.config.current()).webhooks;
  }

  /** @throws Failure when there is none. */
  async find(webhookId: number): Promise<Webhook> {
    const webhook = (await this.directory()).find(webhookId);
    if (webhook === undefined) throw notFound('webhook', webhookId);
    return webhook;
  }

  /** Its secret is in `secrets`, and is shown in full this once. */
  async create(type: WebhookType, change: WebhookChange, creatorId: number): Promise<Webhook> {
    const { database, config, ids, store } = this.#parts;
    const draft = this.#draft(type, change, creatorId);
    const webhook: Webhook = { ...draft.webhook, webhookId: ids.number() };
    await database.transaction(async (tx) => {
      await config.change(tx, 'webhooks');
      const others = await store.briefs(tx.query);
      const faults = [...draft.faults, ...(await this.#faults(tx.query, others, webhook, webhook))];
      if (others.length >= webhooksMax) {
        const message = `there may be at most ${webhooksMax} webhooks: delete some first`;
        faults.push({ field: '', message, code: 'limit' });
      }
      if (faults.length > 0) throw invalid(faults);
      await store.insert(tx, webhook);
    });
    return webhook;
  }

  /** A webhook that is not stored, checked except for what other rows decide. */
  draft(type: WebhookType, change: WebhookChange, creatorId: number): Webhook {
    const { webhook, faults } = this.#draft(type, change, creatorId);
    if (faults.length > 0) throw invalid(faults);
    return webhook;
  }

  /** All faults of a change that is not made, of a stored webhook or, without an id, of a new one. */
  async faultsOf(webhookId: number | undefined, type: WebhookType, change: WebhookChange): Promise<Fault[]> {
    const { clock, policy, database } = this.#parts;
    const { list } = await this.directory();
    const before = list.find((one) => one.webhookId === webhookId) ?? blankWebhook(type, 0, clock.now());
    const { webhook, faults } = withChange(before, change, policy, clock.now());
    const fresh = { teamId: change.teamId ?? 0, channelIds: change.channelIds ?? [] };
    return [...faults, ...(await this.#faults(database.read, list, webhook, fresh))];
  }

  #draft(type: WebhookType, change: WebhookChange, creatorId: number): { webhook: Webhook; faults: Fault[] } {
    const { clock, random, policy } = this.#parts;
    const now = clock.now();
    const endpoint = change.endpoint ?? '';
    const { webhook, faults } = withChange(blankWebhook(type, creatorId, now), { ...change, endpoint }, policy, now);
    if (webhook.secrets.length > 0) return { webhook, faults };
    return { webhook: { ...webhook, secrets: [{ secret: makeSecret(random), expiresAt: 0 }] }, faults };
  }

  /** A stored webhook after a change that is not stored. */
  async draftOf(webhookId: number, change: WebhookChange): Promise<Webhook> {
    const before = await this.find(webhookId);
    const { webhook: draft, faults } = withChange(before, change, this.#parts.policy, this.#parts.clock.now());
    const all = faults.length > 0 ? faults : carriedHeaderFaults(before, draft);
    if (all.length > 0) throw invalid(all);
    return draft;
  }

  /** An attempt in flight keeps the old settings; the next one has the new. */
  async update(webhookId: number, change: WebhookChange): Promise<void> {
    const { policy, store } = this.#parts;
    const changed = await this.#with(webhookId, async (tx, before, now) => {
      const { webhook, faults } = withChange(before, change, policy, now);
      const against = await this.#faults(tx.query, await store.briefs(tx.query), webhook, {
        teamId: change.teamId ?? 0,
        channelIds: webhook.channelIds.filter((id) => !before.channelIds.includes(id)),
      });
      if (faults.length + against.length > 0) throw invalid([...faults, ...against]);
      await store.save(tx, webhook);
      return webhook;
    });
    this.#parts.deliveries.resume(webhookId, changed);
  }

  /** Finishes an interrupted disable first, so that enabling sends no old deliveries. */
  async enable(webhookId: number): Promise<void> {
    if ((await this.find(webhookId)).status === 'disabled') await this.#parts.deliveries.cancel(webhookId);
    await this.#setStatus(webhookId, 'enabled', ['disabled', 'paused']);
    this.#parts.deliveries.resume(webhookId);
  }

  /** It gets no further deliveries, and waiting ones are cancelled. @returns how many. */
  async disable(webhookId: number): Promise<number> {
    await this.#setStatus(webhookId, 'disabled', ['enabled', 'paused']);
    return this.#parts.deliveries.cancel(webhookId);
  }

  /** It still gets deliveries; they wait. @throws Failure when it is disabled. */
  async pause(webhookId: number, personId: number): Promise<void> {
    await this.#setStatus(webhookId, 'paused', ['enabled'], personId);
  }

  /** Waiting deliveries go out. @throws Failure when it is disabled. */
  async resume(webhookId: number): Promise<void> {
    await this.#setStatus(webhookId, 'enabled', ['paused']);
    this.#parts.deliveries.resume(webhookId);
  }

  /** Ends the waits for the next attempt. @returns of how many deliveries. @throws Failure unless it is enabled. */
  async retryNow(webhookId: number): Promise<number> {
    const webhook = await this.#parts.store.find(this.#parts.database.read, webhookId);
    if (webhook === undefined) throw notFound('webhook', webhookId);
    if (webhook.status !== 'enabled')
      throw new Failure('BadRequest', `the webhook is ${webhook.status}: it sends nothing`);
    return this.#parts.deliveries.retryNow(webhookId);
  }

  /** The row stays for history. @returns how many deliveries were cancelled. */
  async remove(webhookId: number): Promise<number> {
    await this.#with(webhookId, (tx, _webhook, now) => this.#parts.store.remove(tx, webhookId, now));
    return this.#parts.deliveries.cancel(webhookId);
  }

  /** The old secrets sign too until the overlap ends. @returns the new one. */
  async rotateSecret(webhookId: number, overlapSeconds: number): Promise<string> {
    const secret = makeSecret(this.#parts.random);
    await this.#with(webhookId, (tx, webhook, now) => {
      const secrets = rotateSecrets(webhook.secrets, secret, now, overlapSeconds * 1000);
      return this.#parts.store.save(tx, { ...webhook, secrets, updatedAt: now });
    });
    return secret;
  }

  /** Does nothing when it is in that state already. @throws Failure when its state does not allow the change. */
  async #setStatus(
    webhookId: number,
    status: WebhookStatus,
    from: readonly WebhookStatus[],
    pausedBy = 0,
  ): Promise<void> {
    await this.#with(webhookId, async (tx, webhook, now) => {
      if (webhook.status === status) return;
      if (!from.includes(webhook.status)) {
        throw new Failure('BadRequest', `the webhook is ${webhook.status}: enable it first`);
      }
      const pausedAt = status === 'paused' ? now : 0;
      await this.#parts.store.save(tx, { ...webhook, status, pausedAt, pausedBy, updatedAt: now });
    });
  }

  async #with<Result>(
    webhookId: number,
    work: (tx: Transaction, webhook: Webhook, now: number) => Promise<Result>,
  ): Promise<Result> {
    const { database, config, clock, store } = this.#parts;
    return database.transaction(async (tx) => {
      await config.change(tx, 'webhooks');
      const webhook = await store.find(tx.query, webhookId);
      if (webhook === undefined) throw notFound('webhook', webhookId);
      return work(tx, webhook, clock.now());
    });
  }

  /** Faults against other rows. `fresh`: the references that were not there before. */
  async #faults(
    query: Query,
    present: readonly WebhookBrief[],
    webhook: Webhook,
    fresh: Pick<Webhook, 'teamId' | 'channelIds'>,
  ): Promise<Fault[]> {
    const others = present.filter((other) => other.webhookId !== webhook.webhookId);
    const faults: Fault[] = [];
    if (others.some((other) => other.name === webhook.name)) {
      faults.push({ field: 'name', message: 'another webhook has this name: choose another', code: 'taken' });
    }
    for (const id of await this.#parts.unknownChannels(query, fresh.channelIds)) {
      faults.push({ field: 'channel_ids', message: `there is no channel ${id}`, code: 'not_found' });
    }
    if (fresh.teamId !== 0 && (await this.#parts.unknownTeams(query, [fresh.teamId])).length > 0) {
      faults.push({ field: 'team_id', message: `there is no team ${fresh.teamId}`, code: 'not_found' });
    }
    return [...faults, ...crowdFaults(others, webhook)];
  }
}

/** The values of stored headers are secrets of the origin that they were entered for. */
function carriedHeaderFaults(before: Webhook, draft: Webhook): Fault[] {
  if (destinationOf(before.endpoint).origin === destinationOf(draft.endpoint).origin) return [];
  return draft.headers
    .filter(({ name, value }) => before.headers.some((stored) => stored.name === name && stored.value === value))
    .map(({ name }) => ({
      field: 'headers',
      message: `the stored value of ${name} is not sent to another origin: give its value, or leave the header out`,
    }));
}

/** A channel with its full number of custom actions cannot take another one (contract 1.8). */
function crowdFaults(others: readonly WebhookBrief[], webhook: Webhook): Fault[] {
  if (webhook.type !== 'custom_action') return [];
  const actions = others.filter((other) => other.type === 'custom_action');
  const everywhere = actions.filter((other) => other.channelIds.length === 0).length;
  const chosen = webhook.channelIds.length > 0 ? webhook.channelIds : actions.flatMap((other) => other.channelIds);
  const full = (count: number) => everywhere + count >= customActionsMax;
  const crowded = new Set(chosen.filter((id) => full(actions.filter((other) => other.channelIds.includes(id)).length)));
  const advice = `at most ${customActionsMax} custom actions: delete one of them, or choose other channels`;
  if (crowded.size > 0)
    return [...crowded].map((id) => ({ field: 'channel_ids', message: `channel ${id} may have ${advice}` }));
  return full(0) ? [{ field: 'channel_ids', message: `a channel may have ${advice}` }] : [];
}
