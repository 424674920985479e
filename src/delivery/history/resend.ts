import { isConflict, type Database } from '../../database/database.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Failure, notFound } from '../../runtime/failure.ts';
import type { Ids } from '../../runtime/ids.ts';
import { insertDeliveries } from '../store/delivery-store.ts';
import { openStates } from '../store/delivery.ts';
import type { HandOff } from '../store/hand-off.ts';
import type { WebhookSource } from '../../webhooks/webhook-index.ts';
import { readForResend } from './resend-store.ts';

export interface ResendParts {
  readonly database: Database;
  readonly webhooks: WebhookSource;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly handOff: HandOff;
}

/** Sends an event again on request. */
export interface Resend {
  /**
   * Makes a new generation of an ended delivery: the same event and `event_id`, marked as a redelivery, by the
   * webhook's present settings. It takes the event's place in the lane.
   * @returns the id of the new record.
   * @throws Failure when there is no such record, it has not ended, or its webhook may not send.
   */
  resend(webhookId: number, deliveryId: string): Promise<string>;
}

/** A replay makes no second generation of an event, so that a second try is enough. */
const triesMax = 2;

export function createResend({ database, webhooks, clock, ids, handOff }: ResendParts): Resend {
  const once = (webhookId: number, deliveryId: string) =>
    database.transaction(async (tx) => {
      const found = await readForResend(tx, database.dialect, webhookId, deliveryId);
      if (found === undefined) throw notFound('invocation', deliveryId);
      const webhook = (await webhooks.in(tx)).find(webhookId);
      if (webhook === undefined || webhook.status === 'disabled') {
        throw new Failure('BadRequest', `webhook ${webhookId} is ${webhook?.status ?? 'deleted'}: enable it first`);
      }
      if (openStates.some((state) => state === found.state)) {
        throw new Failure('BadRequest', 'this push has not ended yet: it will still be sent');
      }
      const delivery = {
        ...found.delivery,
        deliveryId: ids.record(),
        generation: found.generations,
        mode: webhook.mode,
        attempt: 0,
        fence: 0,
        createdAt: clock.now(),
      };
      await insertDeliveries(tx, [delivery], () => webhook.endpoint);
      tx.hint(() => handOff.enqueue([delivery]));
      return delivery.deliveryId;
    });
  return {
    async resend(webhookId, deliveryId) {
      for (let tries = 1; ; tries += 1) {
        try {
          return await once(webhookId, deliveryId);
        } catch (error) {
          // A replay came to the same event meanwhile, which locks nothing.
          if (tries >= triesMax || !isConflict(error)) throw error;
        }
      }
    },
  };
}
