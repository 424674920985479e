import type { Database } from '../database/database.ts';
import type { DeliveryState } from '../delivery/store/delivery.ts';
import type { Clock } from '../runtime/clock.ts';
import { notFound } from '../runtime/failure.ts';
import { keptBack, type KeptBackBy } from '../webhooks/subscription.ts';
import { readVersions, type WebhookVersion } from '../webhooks/webhook-version-store.ts';
import type { WebhookType } from '../webhooks/webhook.ts';
import {
  readEvent,
  readNewestDeliveries,
  type EventRef,
  type ExplainedEvent,
  type NewestDelivery,
} from './explain-store.ts';

/**
 * Why a webhook got or did not get an event. `matched`: it has a delivery · `created_later`: it was not there yet ·
 * `forgotten`: the event is older than the history.
 */
export type ExplainRule = 'matched' | 'created_later' | 'forgotten' | KeptBackBy;

/** What became of an event for one webhook. */
export interface Verdict {
  readonly webhookId: number;
  /** As of the event. */
  readonly name: string;
  readonly type: WebhookType;
  /** The state of its newest delivery, or that there was none. */
  readonly verdict: DeliveryState | 'not_sent' | 'forgotten';
  readonly rule: ExplainRule;
  /** '' where there is none. */
  readonly deliveryId: string;
  readonly reason: string;
  readonly message: string;
}

export interface Explanation {
  readonly event: ExplainedEvent;
  /** One per webhook, in the order of ids. */
  readonly verdicts: readonly Verdict[];
}

export interface ExplainParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly historyDays: number;
}

const dayMs = 86_400_000;
/**
 * An event and a change of a webhook that happen at the same moment may each have the earlier time, and clocks of nodes
 * differ: within this span of the event, the deliveries say which of the two came first.
 */
const slackMs = 5_000;

/**
 * Says for each webhook whether it got an event, by the settings that were in force then.
 * @param webhookId 0 = all webhooks.
 * @throws Failure when there is no such event.
 */
export async function explain(
  { database, clock, historyDays }: ExplainParts,
  ref: EventRef,
  webhookId: number,
): Promise<Explanation> {
  const found = await readEvent(database.read, ref);
  if (found === undefined) throw notFound('event', 'eventId' in ref ? ref.eventId : `${ref.entityId} ${ref.sequence}`);
  const { payload: _, ...event } = found;
  const deliveries = await readNewestDeliveries(database.read, event);
  const versions = await readVersions(database.read, event.eventTime - slackMs);
  const isForgotten = event.eventTime < clock.now() - historyDays * dayMs;
  const verdicts = verdictsOn(event, deliveries, versions, isForgotten);
  // A custom action gets no event: only who asks for it hears that.
  const isWanted = (one: Verdict) => (webhookId === 0 ? one.rule !== 'custom_action' : one.webhookId === webhookId);
  return { event, verdicts: verdicts.filter(isWanted) };
}

/** Pure. @param versions the oldest of each webhook first. */
export function verdictsOn(
  event: ExplainedEvent,
  deliveries: readonly NewestDelivery[],
  versions: readonly WebhookVersion[],
  isForgotten: boolean,
): Verdict[] {
  const byWebhook = Map.groupBy(versions, ({ webhookId }) => webhookId);
  const delivered = new Map(deliveries.map((one) => [one.webhookId, one]));
  const ids = new Set([...byWebhook.keys(), ...delivered.keys()]);
  return [...ids]
    .toSorted((one, other) => one - other)
    .flatMap((webhookId) => {
      const history = byWebhook.get(webhookId) ?? [];
      const delivery = delivered.get(webhookId);
      if (delivery !== undefined) return [deliveryVerdict(event, history, delivery)];
      const verdict = absenceVerdict(event, history, isForgotten);
      return verdict === undefined ? [] : [verdict];
    });
}

const noDelivery = { deliveryId: '', reason: '', message: '' };

function deliveryVerdict(event: ExplainedEvent, history: readonly WebhookVersion[], delivery: NewestDelivery): Verdict {
  const { webhookId, deliveryId, state, reason, message } = delivery;
  const then = inForce(history, event.eventTime) ?? history[0];
  const type = then?.type ?? event.kind;
  return { webhookId, name: then?.name ?? '', type, verdict: state, rule: 'matched', deliveryId, reason, message };
}

/** `undefined` for a webhook that was deleted before the event: it is no longer of interest. */
function absenceVerdict(
  event: ExplainedEvent,
  history: readonly WebhookVersion[],
  isForgotten: boolean,
): Verdict | undefined {
  const then = inForce(history, event.eventTime);
  const [first] = history;
  if (first === undefined || then?.status === 'deleted') return undefined;
  const { webhookId, name, type } = then ?? first;
  const known = { webhookId, name, type, ...noDelivery };
  if (isForgotten) return { ...known, verdict: 'forgotten', rule: 'forgotten' };
  if (then === undefined) return { ...known, verdict: 'not_sent', rule: 'created_later' };
  const around = history.filter(({ changedAt }) => Math.abs(changedAt - event.eventTime) <= slackMs);
  for (const version of [then, ...around]) {
    const rule = keptBack(version, event);
    if (rule !== undefined) return { ...known, verdict: 'not_sent', rule };
  }
  // It was made in the very moment of the event, or its deliveries are no longer kept.
  if (around.includes(first)) return { ...known, verdict: 'not_sent', rule: 'created_later' };
  return { ...known, verdict: 'forgotten', rule: 'forgotten' };
}

function inForce(history: readonly WebhookVersion[], at: number): WebhookVersion | undefined {
  return history.findLast(({ changedAt }) => changedAt <= at);
}
