import type { DeliveryChange } from '../../delivery/attempt/result-writer.ts';
import type { ReplayProgress } from '../../replay/replay-runner.ts';

/** A hint of the live stream. It names the changed object; the client asks for the new state. */
export type Hint =
  | {
      readonly topic: 'incident' | 'alert';
      readonly entityId: string;
      readonly channelId: number;
      readonly data: Readonly<Record<string, unknown>>;
    }
  | {
      readonly topic: 'delivery' | 'replay';
      readonly webhookId: number;
      readonly channelId: number;
      readonly data: Readonly<Record<string, unknown>>;
    };

export const topics = ['incident', 'alert', 'delivery', 'replay'] as const;
export type Topic = (typeof topics)[number];

/** The hints that a stream wants. */
export interface HintFilter {
  /** Empty = all. */
  readonly topics: readonly Topic[];
  /** 0 = all webhooks; deliveries and replays only. */
  readonly webhookId: number;
  /** 0 = all channels. */
  readonly channelId: number;
}

export function wants(filter: HintFilter, hint: Hint): boolean {
  if (filter.topics.length > 0 && !filter.topics.includes(hint.topic)) return false;
  if (filter.channelId !== 0 && filter.channelId !== hint.channelId) return false;
  return filter.webhookId === 0 || !('webhookId' in hint) || filter.webhookId === hint.webhookId;
}

export function deliveryHint(change: DeliveryChange): Hint {
  const { webhookId, channelId } = change;
  return {
    topic: 'delivery',
    webhookId,
    channelId,
    data: {
      integration_id: webhookId,
      event_id: change.deliveryId,
      state: change.state,
      reason: change.reason,
      status_code: change.statusCode,
      duration: change.durationMs,
      ref_id: change.entityId,
    },
  };
}

export function replayHint({ replay, done }: ReplayProgress): Hint {
  const { replayId, webhookId, state, total } = replay;
  const data = { replay_id: replayId, integration_id: webhookId, state, done, total };
  return { topic: 'replay', webhookId, channelId: 0, data };
}

/** An event of a stream, as it is sent. */
export function eventText(event: string, cursor: string, data: object): string {
  const id = cursor === '' ? '' : `id: ${cursor}\n`;
  return `${id}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

const texts = new WeakMap<Hint, { readonly cursor: string; readonly text: string }>();

/** Every stream sends the same text of a hint, so it is made once. */
export function hintText(cursor: string, hint: Hint): string {
  const made = texts.get(hint);
  if (made?.cursor === cursor) return made.text;
  const text = eventText(hint.topic, cursor, hint.data);
  texts.set(hint, { cursor, text });
  return text;
}
