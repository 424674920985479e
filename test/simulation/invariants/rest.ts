import type { StoredState } from '../stored.ts';
import type { ConfiguredWebhook, Model, Owed } from '../model.ts';
import type { WireRequest } from '../network.ts';
import { isOpen } from './commit.ts';

/** What holds after a crash, at rest and at the end. Each function gives sentences that say what is wrong. */

/** I2: every acknowledged push is there. */
export function isThere(says: readonly string[], model: Model): string[] {
  return says.filter((text) => !model.said.has(text)).map((text) => `${text} was acknowledged, and is not stored`);
}

/** I2, I14: the disk holds all committed rows, no more and no less. */
export function isAsCommitted(stored: StoredState, model: Model): string[] {
  const faults: string[] = [];
  for (const [deliveryId, line] of stored.deliveries) {
    const owed = model.owed.get(deliveryId);
    const committed = owed === undefined ? 'nothing' : `${owed.state} ${owed.attempt} ${owed.fence}`;
    if (committed !== line) faults.push(`delivery ${deliveryId} is stored as ${line}, committed was ${committed}`);
  }
  const counts: [string, number, number][] = [
    ['deliveries', stored.deliveries.size, model.owed.size],
    ['deliveries made', model.created, model.owed.size + model.forgotten],
    ['events', stored.events, model.events.size],
    ['attempts', stored.attempts, model.attempts.size],
  ];
  for (const [what, found, committed] of counts) {
    if (found !== committed) faults.push(`${found} ${what} are stored, committed were ${committed}`);
  }
  for (const text of model.said) if (!stored.said.has(text)) faults.push(`${text} was committed, and is not stored`);
  return faults;
}

/** I22: when the service is up again, nothing is left in the state in which a dead one had it. */
export function isRecovered(model: Model, life: number): string[] {
  return [...model.open()]
    .filter((owed) => owed.state === 'sending' && owed.claim?.life !== life)
    .map((owed) => `${owed.deliveryId} is still sending, by life ${owed.claim?.life}, after life ${life} has started`);
}

/** B10: an orderly stop leaves nothing in flight. */
export function isDrained(model: Model): string[] {
  return [...model.open()]
    .filter((owed) => owed.state === 'sending')
    .map((owed) => `${owed.deliveryId} is still sending after an orderly stop`);
}

/**
 * I6, I16: the work left for webhooks that are enabled and whose receiver answers.
 * @param now when given, a lane whose head is to be tried again later is left to wait for that: Unix milliseconds.
 */
export function* undone(
  model: Model,
  heals: (webhook: ConfiguredWebhook) => boolean,
  now?: number,
): Generator<string, void, void> {
  for (const [webhookId, lanes] of model.openLanes) {
    const webhook = model.webhooks.get(webhookId);
    if (webhook === undefined || webhook.status !== 'enabled' || !heals(webhook)) continue;
    for (const lane of lanes) {
      const { head } = lane;
      if (now !== undefined && head?.state === 'retry_wait' && head.dueAt > now - retryLateMs) continue;
      for (const owed of lane.open) {
        yield `${owed.deliveryId} (${owed.mode}, event ${owed.sequence} of ${owed.entityId}) is still ${owed.state}`;
      }
    }
  }
}

/** I26: the replays that have not come to their end, of webhooks that are enabled and whose receiver answers. */
export function unfinished(model: Model, heals: (webhook: ConfiguredWebhook) => boolean): string[] {
  return [...model.replays].flatMap(([replayId, webhookId]) => {
    const webhook = model.webhooks.get(webhookId);
    if (webhook === undefined || webhook.status === 'paused' || !heals(webhook)) return [];
    return [`the replay ${replayId} of ${webhookId} (${webhook.status}) still runs`];
  });
}

/** How long after it is due a delivery may still wait: the wall clock may have been set. */
const retryLateMs = 90_000;

/** B62: disabling and deleting cancel what waits, and what comes back from its last attempt later. */
export function isCancelled(model: Model): string[] {
  return [...model.open()].flatMap((owed) => {
    const status = model.webhooks.get(owed.webhookId)?.status;
    const off = status === 'disabled' || status === 'deleted';
    return off ? [`${owed.deliveryId} is still ${owed.state}, though its webhook is ${status}`] : [];
  });
}

/** I13: each request has its row, unless the process died before it could write it. */
export function isRecorded(requests: Iterable<WireRequest>, model: Model, died: ReadonlySet<number>): string[] {
  return [...requests].flatMap((request) => {
    const owed = model.owed.get(request.deliveryId);
    if (owed === undefined || died.has(request.life)) return [];
    if (owed.state === 'sending' && owed.attempt === request.attempt) return [];
    return model.attempts.has(`${request.deliveryId} ${request.attempt}`)
      ? []
      : [`attempt ${request.attempt} of ${request.deliveryId} was on the wire, and has no row`];
  });
}

/** I15: it started, and ended, within this time after it was due. */
export function startedInTime(probes: readonly Owed[], mostMs: number): string[] {
  return probes
    .filter((owed) => isOpen(owed.state) || owed.endedAt - owed.owedAt > mostMs)
    .map((owed) => `${owed.deliveryId} is ${owed.state} ${Math.round(owed.endedAt - owed.owedAt)} ms after it was due`);
}
