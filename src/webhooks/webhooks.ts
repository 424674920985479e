import { bumpRevision, type Cached } from '../database/cached.ts';
import type { Database, Query, Transaction } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import { Failure, invalid, notFound, type Fault } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Random } from '../runtime/random.ts';
import { blankWebhook, changed, type WebhookChange } from './draft.ts';
import type { EndpointPolicy } from './endpoint.ts';
import { makeSecret, rotateSecrets } from './secret.ts';
import type { WebhookDirectory } from './webhook-directory.ts';
import type { WebhookStore } from './webhook-store.ts';
import type { Webhook, WebhookStatus, WebhookType } from './webhook.ts';

export interface WebhooksParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly store: WebhookStore;
  readonly directory: Cached<WebhookDirectory>;
  readonly deliveries: DeliveriesOf;
  readonly policy: EndpointPolicy;
  /** The ids among these that are no channels. */
  readonly unknownChannels: (query: Query, channelIds: readonly number[]) => Promise<readonly number[]>;
  /** The ids among these that are no teams. */
  readonly unknownTeams: (query: Query, teamIds: readonly number[]) => Promise<readonly number[]>;
}

/** What a change of a webhook means for the deliveries that it is owed; a port, because webhooks do not know deliveries. */
export interface DeliveriesOf {
  /** Cancels what waits, in pages, and says how many there were. What is in flight ends as it ends. */
  cancel(webhookId: number): Promise<number>;
  /** What waits may go on. */
  wake(webhookId: number): void;
}

/**
 * The most webhooks of an installation. All of them are held in memory, and read and unsealed again when one has changed,
 * which holds the event loop for some 20 ms for each thousand; and one event may be owed to all of them in one transaction.
 */
export const webhooksMax = 2_000;
/** The most custom actions that one channel may show (contract 1.8). */
export const customActionsMax = 5;

export class Webhooks {
  readonly #parts: WebhooksParts;

  constructor(parts: WebhooksParts) {
    this.#parts = parts;
  }

  directory(): Promise<WebhookDirectory> {
    return this.#parts.directory.current();
  }

  /** @throws Failure when there is none. */
  async find(webhookId: number): Promise<Webhook> {
    const webhook = (await this.directory()).find(webhookId);
    if (webhook === undefined) throw notFound('webhook', webhookId);
    return webhook;
  }

  /** The secret is one of its `secrets`, and shown in full this once. */
  async create(type: WebhookType, change: WebhookChange, creatorId: number): Promise<Webhook> {
    const { database, ids, store } = this.#parts;
    const webhook: Webhook = { ...this.draft(type, change, creatorId), webhookId: ids.number() };
    await database.transaction(async (tx) => {
      await bumpRevision(tx);
      const others = await store.all(tx.query);
      const faults = await this.#faults(tx, others, webhook, webhook);
      if (others.length >= webhooksMax) {
        faults.push({ field: '', message: `there may be at most ${webhooksMax} webhooks: delete some first` });
      }
      if (faults.length > 0) throw invalid(faults);
      await store.insert(tx, webhook);
    });
    return webhook;
  }

  /** A webhook that is not stored, checked as far as it can be judged by itself. */
  draft(type: WebhookType, change: WebhookChange, creatorId: number): Webhook {
    const { clock, random, policy } = this.#parts;
    const now = clock.now();
    const endpoint = change.endpoint ?? '';
    const webhook = changed(blankWebhook(type, creatorId, now), { ...change, endpoint }, policy, now);
    return webhook.secrets.length > 0
      ? webhook
      : { ...webhook, secrets: [{ secret: makeSecret(random), expiresAt: 0 }] };
  }

  /** A stored webhook as it would be after a change. */
  async draftOf(webhookId: number, change: WebhookChange): Promise<Webhook> {
    return changed(await this.find(webhookId), change, this.#parts.policy, this.#parts.clock.now());
  }

  /** An attempt in flight ends with the old settings, the next one begins with the new. */
  async update(webhookId: number, change: WebhookChange): Promise<void> {
    const { policy, store } = this.#parts;
    await this.#with(webhookId, async (tx, before, now) => {
      const webhook = changed(before, change, policy, now);
      const faults = await this.#faults(tx, await store.all(tx.query), webhook, {
        teamId: change.teamId ?? 0,
        channelIds: webhook.channelIds.filter((id) => !before.channelIds.includes(id)),
      });
      if (faults.length > 0) throw invalid(faults);
      await store.save(tx, webhook);
    });
    this.#parts.deliveries.wake(webhookId);
  }

  /** What was left over by a disabling that did not get to its end is cancelled first: enabling revives nothing. */
  async enable(webhookId: number): Promise<void> {
    if ((await this.find(webhookId)).status === 'disabled') await this.#parts.deliveries.cancel(webhookId);
    await this.#setStatus(webhookId, 'enabled', ['disabled', 'paused']);
    this.#parts.deliveries.wake(webhookId);
  }

  /** It is owed no further events, and what waits is cancelled. @returns how many deliveries. */
  async disable(webhookId: number): Promise<number> {
    await this.#setStatus(webhookId, 'disabled', ['enabled', 'paused']);
    return this.#parts.deliveries.cancel(webhookId);
  }

  /** It is still owed events; they wait. @throws Failure when it is disabled. */
  async pause(webhookId: number): Promise<void> {
    await this.#setStatus(webhookId, 'paused', ['enabled']);
  }

  /** What waited goes out. @throws Failure when it is disabled. */
  async resume(webhookId: number): Promise<void> {
    await this.#setStatus(webhookId, 'enabled', ['paused']);
    this.#parts.deliveries.wake(webhookId);
  }

  /** Its row stays for history. @returns how many deliveries were cancelled. */
  async remove(webhookId: number): Promise<number> {
    await this.#with(webhookId, (tx, _webhook, now) => this.#parts.store.remove(tx, webhookId, now));
    return this.#parts.deliveries.cancel(webhookId);
  }

  /** The old secrets sign beside the new one until the overlap ends. @returns the new one. */
  async rotateSecret(webhookId: number, overlapSeconds: number): Promise<string> {
    const secret = makeSecret(this.#parts.random);
    await this.#with(webhookId, (tx, webhook, now) => {
      const secrets = rotateSecrets(webhook.secrets, secret, now, overlapSeconds * 1000);
      return this.#parts.store.save(tx, { ...webhook, secrets, updatedAt: now });
    });
    return secret;
  }

  /** Nothing happens when it is in that state already. @throws Failure when there is no way there from its state. */
  async #setStatus(webhookId: number, status: WebhookStatus, from: readonly WebhookStatus[]): Promise<void> {
    await this.#with(webhookId, async (tx, webhook, now) => {
      if (webhook.status === status) return;
      if (!from.includes(webhook.status)) {
        throw new Failure('BadRequest', `the webhook is ${webhook.status}: enable it first`);
      }
      await this.#parts.store.save(tx, { ...webhook, status, updatedAt: now });
    });
  }

  async #with(
    webhookId: number,
    work: (tx: Transaction, webhook: Webhook, now: number) => Promise<void>,
  ): Promise<void> {
    const { database, clock, store } = this.#parts;
    await database.transaction(async (tx) => {
      await bumpRevision(tx);
      const webhook = await store.find(tx.query, webhookId);
      if (webhook === undefined) throw notFound('webhook', webhookId);
      await work(tx, webhook, clock.now());
    });
  }

  /** What the rest of the configuration has against it. `fresh`: the references that were not there before. */
  async #faults(
    tx: Transaction,
    present: readonly Webhook[],
    webhook: Webhook,
    fresh: Pick<Webhook, 'teamId' | 'channelIds'>,
  ): Promise<Fault[]> {
    const others = present.filter((other) => other.webhookId !== webhook.webhookId);
    const faults: Fault[] = [];
    if (others.some((other) => other.name === webhook.name)) {
      faults.push({ field: 'name', message: 'another webhook has this name: choose another' });
    }
    for (const id of await this.#parts.unknownChannels(tx.query, fresh.channelIds)) {
      faults.push({ field: 'channel_ids', message: `there is no channel ${id}` });
    }
    if (fresh.teamId !== 0 && (await this.#parts.unknownTeams(tx.query, [fresh.teamId])).length > 0) {
      faults.push({ field: 'team_id', message: `there is no team ${fresh.teamId}` });
    }
    return [...faults, ...crowdFaults(others, webhook)];
  }
}

/** A channel that shows as many custom actions as it may cannot be chosen for another one (contract 1.8). */
function crowdFaults(others: readonly Webhook[], webhook: Webhook): Fault[] {
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
