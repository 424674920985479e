/** What became of a delivery, as far as the service says it. Pure. */
import type { Hint } from '../api/live-stream.ts';
import type { Delivery, ListedWebhook } from '../api/operations.ts';

export const deliveryStates = [
  'delivered',
  'failed',
  'unknown',
  'retry_wait',
  'sending',
  'pending',
  'superseded',
  'expired',
  'cancelled',
] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** What ended without arriving: sending it again is what somebody wants to do. */
export const missed: ReadonlySet<DeliveryState> = new Set(['failed', 'unknown', 'expired', 'cancelled']);
/** It will still be sent, so it cannot be sent again. */
export const onItsWay: ReadonlySet<DeliveryState> = new Set(['pending', 'sending', 'retry_wait']);

interface Told {
  readonly state?: string;
  readonly reason?: string;
}

/** The service's own word; where it says only success or failure, what its message lets us know. */
export function stateOf(delivery: Delivery & Told): DeliveryState {
  const told = deliveryStates.find((state) => state === delivery.state);
  if (told !== undefined) return told;
  if (delivery.status === 'success') return 'delivered';
  return delivery.status_code === 0 && mayHaveArrived(delivery.error_message ?? '') ? 'unknown' : 'failed';
}

export function reasonOf(delivery: Delivery & Told): string {
  return delivery.reason ?? '';
}

/** Why a delivery that could be sent is not. */
export type Wait =
  | { readonly for: 'paused' | 'disabled' | 'slot' }
  | { readonly for: 'lane'; readonly sequence: number }
  | { readonly for: 'receiver'; readonly until: number };

/** `undefined` = it does not wait. Without the webhook only its lane is known. */
export function waitOf(
  delivery: Pick<Delivery, 'state' | 'behind'>,
  webhook: Pick<ListedWebhook, 'status' | 'health'> | undefined,
  now: number,
): Wait | undefined {
  if (delivery.state !== 'pending') return undefined;
  if (webhook?.status === 'paused' || webhook?.status === 'disabled') return { for: webhook.status };
  if (delivery.behind > 0) return { for: 'lane', sequence: delivery.behind };
  const until = webhook?.health.closed_until ?? 0;
  return until > now ? { for: 'receiver', until } : { for: 'slot' };
}

function mayHaveArrived(message: string): boolean {
  return message.includes('may have acted');
}

/** A row after a hint about it. */
export function patched(delivery: Delivery, { data }: Hint): Delivery {
  const state = deliveryStates.find((one) => one === data['state']);
  if (state === undefined) return delivery;
  return {
    ...delivery,
    state,
    status: state === 'delivered' ? 'success' : 'failed',
    reason: String(data['reason'] ?? ''),
    status_code: Number(data['status_code'] ?? 0),
    duration: Number(data['duration'] ?? 0),
  };
}

/** `2026-04-12T05:31:11.357000+00:00` as Unix milliseconds; browsers read at most three digits of a second everywhere. */
export function momentOf(time: string): number {
  return Date.parse(time.replace(/(\.\d{3})\d+/, '$1'));
}
