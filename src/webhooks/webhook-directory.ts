import { createWebhookIndex, type Matchable, type WebhookIndex } from './matching.ts';
import type { Webhook } from './webhook.ts';

/** Every webhook that is not deleted, as they were at one moment, and who of them is owed an event. */
export class WebhookDirectory implements WebhookIndex {
  /** The oldest first. */
  readonly list: readonly Webhook[];
  readonly #byId: ReadonlyMap<number, Webhook>;
  readonly #index: WebhookIndex;

  constructor(webhooks: readonly Webhook[]) {
    this.list = webhooks;
    this.#byId = new Map(webhooks.map((webhook) => [webhook.webhookId, webhook]));
    this.#index = createWebhookIndex(webhooks);
  }

  find(webhookId: number): Webhook | undefined {
    return this.#byId.get(webhookId);
  }

  owed(event: Matchable): readonly Webhook[] {
    return this.#index.owed(event);
  }
}
