import type { DeliveriesOf } from '../webhooks/webhooks.ts';
import { cancelWaiting, type CancellingParts } from './cancelling.ts';
import type { Dispatcher } from './dispatcher.ts';

/** What a change of a webhook means for what it is owed. */
export function webhookDeliveries(
  parts: CancellingParts & { readonly dispatcher: Pick<Dispatcher, 'wake'> },
): DeliveriesOf {
  return {
    cancel: (webhookId) => cancelWaiting(parts, webhookId),
    wake: (webhookId) => parts.dispatcher.wake(webhookId),
  };
}
