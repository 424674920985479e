import { type Database, type Hearing, type SharedDatabase, isTransient } from '../../database/database.ts';
import { shardOf } from '../../database/shard.ts';
import type { Logger } from '../../runtime/logger.ts';
import { Periodic } from '../../runtime/periodic.ts';
import type { Timers } from '../../runtime/timers.ts';
import type { Delivery } from '../store/delivery.ts';
import type { Dispatcher } from '../dispatcher.ts';
import type { WebhookLimits } from '../queue/fair-scheduler.ts';
import type { HandOff } from '../store/hand-off.ts';
import { readHeadStates, readOpenWebhooks } from '../store/backlog-store.ts';
import type { ShardLeases } from './shard-leases.ts';
import type { WebhookSource } from '../../webhooks/webhook-index.ts';
import type { Lane } from '../store/retry-store.ts';

/** How long work that was given to another node may lie when its hint got lost. */
const lookMs = 900;
/** Lanes of each webhook, and webhooks, in one look's statement. */
const lanesMax = 64;
const webhooksMax = 100;
const webhooksPageMax = 1_000;
/** A message holds at most 8,000 bytes; a lane takes about 45. */
const lanesPerMessage = 128;
/** Lanes that wait for a message; the owner finds any more of them by looking. */
const untoldMax = 10_000;

/** What nodes say to each other, as JSON. Which of it is news, each knows for itself. */
interface Message {
  /** Something was committed in these lanes: webhook id and entity id. */
  readonly lanes?: readonly (readonly [number, string])[];
  /** These may send again. */
  readonly webhooks?: readonly number[];
  /** Of these so much was committed that no lane is named. */
  readonly again?: readonly number[];
  /** The waits of these were ended: their receivers are probed. */
  readonly retry?: readonly number[];
  /** Shards were given up, or a node has come. */
  readonly leases?: true;
}

export interface PeerNotifierParts {
  readonly database: Database;
  readonly shared: SharedDatabase;
  readonly webhooks: WebhookSource;
  readonly timers: Timers;
  readonly logger: Logger;
}

/**
 * Work that comes up on one node and is another's to do. Messages bring it at once, and are only hints; what they miss is
 * found by a look at the heads of lanes, once a second while there are other nodes.
 */
export class PeerNotifier implements HandOff {
  readonly #parts: PeerNotifierParts;
  readonly #dispatcher: Dispatcher;
  readonly #leases: ShardLeases;
  readonly #untold = new Map<string, readonly [number, string]>();
  /** Where the next look at a webhook's lanes goes on. */
  readonly #lookedTo = new Map<number, string>();
  #hearing: Hearing | undefined;
  #telling = false;
  readonly #looks: Periodic;

  constructor(parts: PeerNotifierParts, dispatcher: Dispatcher, leases: ShardLeases) {
    this.#parts = parts;
    this.#dispatcher = dispatcher;
    this.#leases = leases;
    this.#looks = new Periodic(parts.timers, 'changes of other nodes', () => this.#look());
  }

  start(): void {
    this.#hearing = this.#parts.shared.listen((message) => this.#heard(message));
    this.#looks.start(lookMs);
  }

  async stop(): Promise<void> {
    const hearing = this.#hearing;
    this.#hearing = undefined;
    await this.#looks.stop();
    await hearing?.close();
  }

  /** Hands deliveries that were committed here to the node that sends them. */
  enqueue(deliveries: readonly Delivery[]): void {
    const own: Delivery[] = [];
    const others: Delivery[] = [];
    for (const delivery of deliveries) (this.#isOurs(delivery) ? own : others).push(delivery);
    if (own.length > 0) this.#dispatcher.enqueue(own);
    if (others.length > 0) this.#dispatcher.laneChanged(others);
    for (const { webhookId, entityId } of others) {
      if (this.#untold.size < untoldMax) this.#untold.set(`${webhookId} ${entityId}`, [webhookId, entityId]);
    }
    if (this.#untold.size > 0 && !this.#telling) void this.#tell();
  }

  limit(webhookId: number, limits: WebhookLimits): void {
    this.#dispatcher.limit(webhookId, limits);
  }

  resume(webhookId: number, anew = false): void {
    this.#dispatcher.resume(webhookId, anew);
    this.#say(anew ? { again: [webhookId] } : { webhooks: [webhookId] });
  }

  retryNow(webhookId: number): void {
    this.#dispatcher.retryNow(webhookId);
    this.#say({ retry: [webhookId] });
  }

  leasesChanged(): void {
    this.#say({ leases: true });
  }

  #say(message: Message): void {
    void this.#hearing?.say(JSON.stringify(message));
  }

  /** One message at a time: lanes that come up meanwhile share the next. */
  async #tell(): Promise<void> {
    this.#telling = true;
    while (this.#untold.size > 0) {
      const lanes = [...this.#untold].slice(0, lanesPerMessage);
      for (const [key] of lanes) this.#untold.delete(key);
      await this.#hearing?.say(JSON.stringify({ lanes: lanes.map(([, lane]) => lane) } satisfies Message));
    }
    this.#telling = false;
  }

  #heard(text: string | undefined): void {
    if (this.#hearing === undefined) return;
    // A connection that was away may have missed something.
    const {
      lanes = [],
      webhooks = [],
      again = [],
      retry = [],
      leases,
    }: Message = text === undefined ? { leases: true } : parse(text);
    if (text === undefined) this.#looks.runIn(0);
    if (leases === true) this.#leases.checkSoon();
    for (const webhookId of webhooks) this.#dispatcher.resumeIfSuspended(webhookId);
    for (const webhookId of again) this.#dispatcher.resume(webhookId, true);
    for (const webhookId of retry) this.#dispatcher.retryNow(webhookId);
    this.#dispatcher.laneChanged(lanes.map(([webhookId, entityId]) => ({ webhookId, entityId })));
  }

  async #look(): Promise<number> {
    if (this.#leases.alone) return lookMs;
    try {
      const webhookIds = await this.#openWebhooks();
      for (let start = 0; start < webhookIds.length; start += webhooksMax) {
        await this.#lookAt(webhookIds.slice(start, start + webhooksMax));
      }
    } catch (error) {
      if (!isTransient(error)) throw error;
      this.#parts.logger.warn({ error }, 'lanes.not_looked_at');
    }
    return lookMs;
  }

  async #openWebhooks(): Promise<number[]> {
    const { database, webhooks } = this.#parts;
    const directory = await webhooks.current();
    const webhookIds: number[] = [];
    for (let page: number[] | undefined; page === undefined || page.length === webhooksPageMax;) {
      page = await readOpenWebhooks(database.read, page?.at(-1) ?? 0, webhooksPageMax);
      webhookIds.push(...page.filter((webhookId) => directory.find(webhookId)?.status === 'enabled'));
    }
    const open = new Set(webhookIds);
    for (const webhookId of this.#lookedTo.keys()) if (!open.has(webhookId)) this.#lookedTo.delete(webhookId);
    return webhookIds;
  }

  async #lookAt(webhookIds: readonly number[]): Promise<void> {
    const from = webhookIds.map((webhookId) => ({ webhookId, after: this.#lookedTo.get(webhookId) ?? '' }));
    const heads = await readHeadStates(this.#parts.database.read, from, lanesMax);
    for (const webhookId of webhookIds) {
      // It may have been enabled on another node, and suspended here until now.
      this.#dispatcher.resumeIfSuspended(webhookId);
      const own = heads.filter((head) => head.webhookId === webhookId);
      this.#lookedTo.set(webhookId, own.length < lanesMax ? '' : (own.at(-1)?.entityId ?? ''));
    }
    this.#dispatcher.mayGo(heads.filter(({ state }) => state === 'pending').filter(this.#isOurs));
  }

  readonly #isOurs = ({ webhookId, entityId }: Lane): boolean => this.#leases.holds(shardOf(webhookId, entityId));
}

/** What another version says may be something else. */
function parse(text: string): Message {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' && message !== null ? message : {};
  } catch {
    return {};
  }
}
