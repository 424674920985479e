import { urgencyOf } from '../../../src/delivery/store/delivery.ts';
import type { RetryRule } from '../../../src/webhooks/webhook.ts';
import type { EntityChange } from '../change-log.ts';
import type { Lane } from '../lane.ts';
import type { Attempt, CommittedEvent, ConfiguredWebhook, Owed } from '../model.ts';

/** What holds in every commit. Each function gives a sentence that says what is wrong, or nothing. */
type Fault = string | undefined;

/** Where a delivery has got to after a change. */
type Moved = Pick<Owed, 'state' | 'attempt' | 'fence' | 'reason'>;

/** I1: the events of an entity are numbered 1, 2, 3 … without a gap. */
export function sequenceIsNext(event: CommittedEvent, last: CommittedEvent | undefined): Fault {
  const next = (last?.sequence ?? 0) + 1;
  return event.sequence === next
    ? undefined
    : `event ${event.eventId} of ${event.entityId} has sequence ${event.sequence}, not ${next}`;
}

/** I1: an entity's row says what its newest event says. */
export function stateIsTheSnapshot(
  entity: EntityChange,
  last: CommittedEvent | undefined,
  fresh: readonly CommittedEvent[],
): Fault {
  const [entityId, sequence, eventTime, progress, title] = entity;
  if (sequence !== (last?.sequence ?? 0) || eventTime !== (last?.eventTime ?? 0)) {
    return `${entityId} is at event ${sequence} of ${eventTime}, its newest event is ${last?.sequence} of ${last?.eventTime}`;
  }
  if (last === undefined || !fresh.includes(last)) return undefined;
  const snapshot = (JSON.parse(last.payload) as Record<string, { progress: string; title: string }>)[last.kind];
  return snapshot?.progress === progress && snapshot.title === title
    ? undefined
    : `${entityId} is ${progress}, "${title}"; its event says ${snapshot?.progress}, "${snapshot?.title}"`;
}

/** I10: `event_time` strictly rises per entity, whatever the clock does. */
export function timeRises(event: CommittedEvent, last: CommittedEvent | undefined): Fault {
  return last === undefined || event.eventTime > last.eventTime
    ? undefined
    : `event ${event.sequence} of ${event.entityId} has the time ${event.eventTime}, the one before it ${last.eventTime}`;
}

/** Who must get an event, written down once more and differently from the service. */
export function receiversOf(event: CommittedEvent, webhooks: Iterable<ConfiguredWebhook>): Set<number> {
  const receivers = new Set<number>();
  for (const webhook of webhooks) {
    const { type, status, channelIds, eventTypes } = webhook;
    if (type !== event.kind || (status !== 'enabled' && status !== 'paused')) continue;
    if (channelIds.length > 0 && !channelIds.includes(event.channelId)) continue;
    if (eventTypes.length > 0 && !eventTypes.includes(event.type)) continue;
    receivers.add(webhook.webhookId);
  }
  return receivers;
}

/** I3: one delivery for each webhook that matched in the event's own transaction, and no other. */
export function isOwedToAll(event: CommittedEvent, expected = new Set<number>(), found: readonly number[] = []): Fault {
  const missing = [...expected].filter((webhookId) => !found.includes(webhookId));
  const wrong = found.filter((webhookId, index) => !expected.has(webhookId) || found.indexOf(webhookId) !== index);
  if (missing.length === 0 && wrong.length === 0) return undefined;
  return `event ${event.eventId} (${event.type}) has no delivery for ${missing.join(', ')}; has one too many for ${wrong.join(', ')}`;
}

/** I26: a replay makes one delivery of an event for a webhook at most. */
export function isReplayedOnce(key: string, replayed: ReadonlySet<string>): Fault {
  return replayed.has(key) ? `the replay, webhook and event ${key} have two deliveries` : undefined;
}

/** I23: a delivery names the sequence before it in its lane, as long as the history keeps that. */
export function namesItsPredecessor(owed: Owed, previousSequence: number, last: Owed | undefined): Fault {
  const expected = last?.sequence ?? 0;
  return previousSequence === expected
    ? undefined
    : `${owed.deliveryId} (event ${owed.sequence}) says that ${previousSequence} came before it, and it was ${expected}`;
}

const ways: Readonly<Record<string, readonly string[]>> = {
  pending: ['sending', 'expired', 'cancelled', 'superseded'],
  sending: ['pending', 'delivered', 'failed', 'unknown', 'retry_wait', 'expired'],
  retry_wait: ['pending', 'expired', 'cancelled', 'superseded'],
};

export function isOpen(state: string): boolean {
  return state in ways;
}

/** I12, I7: states change only along the ways there are; an ended delivery is never written again. */
export function isAWay(before: Owed, to: Moved, sent: boolean): Fault {
  if (to.state === 'retry_wait' && before.mode === 'at_most_once' && sent) {
    return `${before.deliveryId} is at_most_once and was sent, and was put into retry_wait`;
  }
  return ways[before.state]?.includes(to.state) === true
    ? undefined
    : `${before.deliveryId} went from ${before.state} to ${to.state} (${to.reason})`;
}

/** I12: a delivery begins as `pending`, or with the claim of its first attempt, where nothing of its lane is open. */
export function isBornRight(owed: Owed, head: Owed | undefined): Fault {
  const { state, attempt, fence } = owed;
  if (state === 'pending' && attempt === 0 && fence === 0) return undefined;
  if (state === 'sending' && attempt === 1 && fence === 1 && head === undefined) return undefined;
  return `${owed.deliveryId} was made ${state} with attempt ${attempt}, fence ${fence}, behind ${head?.deliveryId ?? 'nothing'}`;
}

/** I12: only a claim raises the fence and the attempt; a release takes the attempt back. */
export function keepsItsFence(before: Owed, to: Moved): Fault {
  const claims = to.state === 'sending';
  const released = before.state === 'sending' && to.state === 'pending';
  const fence = before.fence + (claims ? 1 : 0);
  const attempt = before.attempt + (claims ? 1 : released ? -1 : 0);
  return to.fence === fence && to.attempt === attempt
    ? undefined
    : `${before.deliveryId} went to ${to.state} with attempt ${to.attempt}, fence ${to.fence}, not ${attempt}, ${fence}`;
}

/** I4: a claim is given back only when nothing was written under it. */
export function givesBackOnlyTheUnsent(before: Owed, to: Moved, sent: boolean): Fault {
  return to.state === 'pending' && sent
    ? `${before.deliveryId} was given back, but its attempt ${before.attempt} is on the wire`
    : undefined;
}

/** I27: what this machine alone lacks takes no attempt of a delivery: its claim is given back. */
export function isGivenBack(before: Owed, to: Moved, lacking: boolean): Fault {
  return !lacking || to.state === 'pending' || to.reason === 'interrupted'
    ? undefined
    : `${before.deliveryId} became ${to.state} (${to.reason}) for want of a connection of this machine`;
}

/** I13: what an attempt came to is what was seen of it; only what a dead process left is `interrupted`. */
export function endsTruthfully(before: Owed, to: Moved, statusSeen: number, life: number): Fault {
  if (to.state === 'pending') return undefined;
  if (to.reason === 'interrupted') {
    return before.claim?.life === life
      ? `${before.deliveryId} was taken for interrupted by the life that claimed it`
      : undefined;
  }
  const taken = statusSeen >= 200 && statusSeen < 300;
  return (to.state === 'delivered') === taken
    ? undefined
    : `${before.deliveryId} became ${to.state} (${to.reason}), but the answer was ${statusSeen}`;
}

/** I6: at_least_once, an attempt that was not taken ends the delivery only when the webhook's rule allows no other. */
export function givesUpOnlyAtTheEnd(before: Owed, to: Moved, rule: RetryRule | undefined, wall: number): Fault {
  if (before.mode !== 'at_least_once' || isOpen(to.state) || to.state === 'delivered' || rule === undefined) {
    return undefined;
  }
  const mayEnd =
    to.reason === 'gone' ||
    to.reason === 'unsendable' ||
    to.attempt >= rule.maxAttempts ||
    wall + longestStepMs - before.createdAt > rule.maxAgeSeconds * 1000;
  return mayEnd
    ? undefined
    : `${before.deliveryId} was given up as ${to.state} (${to.reason}) at attempt ${to.attempt}`;
}

/**
 * I24: at_most_once, an attempt of which nothing was sent is made again for as long as the webhook says, and the delivery is not
 * too old.
 */
export function triesTheUnsentAgain(
  before: Pick<Owed, 'deliveryId' | 'mode' | 'createdAt' | 'first'>,
  to: Moved,
  { unsentRetrySeconds: seconds, retry }: Pick<ConfiguredWebhook, 'unsentRetrySeconds' | 'retry'>,
  now: Instant,
): Fault {
  if (before.mode !== 'at_most_once' || to.state !== 'failed' || !unsent.has(to.reason)) return undefined;
  const { first } = before;
  if (first === undefined || seconds === 0) return undefined;
  // Also by a clock that was set before the first attempt.
  if (now.wall - before.createdAt >= retry.maxAgeSeconds * 1000) return undefined;
  // A clock that was set may have ended the time for it early.
  const passed = now.virtual - first.virtual;
  if (Math.abs(passed - (now.wall - first.wall)) > 2 || passed >= seconds * 1000 - 1) return undefined;
  return `${before.deliveryId} was given up as ${to.reason} ${Math.round(passed)} ms after its first attempt, of ${seconds} s`;
}

/** The same moment on two clocks, milliseconds. */
export interface Instant {
  readonly virtual: number;
  readonly wall: number;
}

const unsent = new Set(['timeout_connect', 'dns', 'connect', 'tls']);

/** The next attempt may be so far away that the delivery would be too old for it. */
const longestStepMs = 8 * 3_600_000;

/** I13: the row of an attempt tells what happened. */
export function isTrue(attempt: Attempt, wire: { readonly statusSeen: number } | undefined): Fault {
  const { deliveryId, outcome, maybeSent, statusCode } = attempt;
  const name = `attempt ${attempt.attempt} of ${deliveryId} (${outcome}, ${attempt.reason})`;
  if (maybeSent !== (wire !== undefined)) {
    return `${name} says maybe_sent ${maybeSent}; on the wire there was ${wire === undefined ? 'nothing' : 'a request'}`;
  }
  if (wire === undefined) return outcome === 'failed' ? undefined : `${name} was never on the wire`;
  if (wire.statusSeen !== statusCode) return `${name} says status ${statusCode}; seen was ${wire.statusSeen}`;
  const taken = wire.statusSeen >= 200 && wire.statusSeen < 300;
  const expected = taken ? 'delivered' : wire.statusSeen === 0 ? 'unknown' : 'failed';
  return outcome === expected ? undefined : `${name} should be ${expected}: the answer was ${wire.statusSeen}`;
}

/**
 * I25: a claimed delivery is at most a little newer than the oldest of its class that could go, wherever that waits. The order
 * of a class is that of the deliveries for which its lanes go.
 */
export function overtakesNone(claimed: Owed, lanes: Iterable<Lane>, now: number): Fault {
  const lane = [...lanes].find(({ open }) => open.has(claimed));
  // Where it has just superseded others, it goes for these.
  const first = lane?.supersededAt === now ? undefined : lane?.goesFor;
  if (first === undefined) return undefined;
  // A resend that was made later in the same commit is not the reason for this claim.
  const own = first.owedAt === now ? claimed : first;
  for (const other of lanes) {
    const { head, goesFor } = other;
    if (head?.state !== 'pending' || goesFor === undefined || goesFor.urgency !== own.urgency) continue;
    const couldGoFor = now - Math.max(head.pendingAt, other.freeSince);
    // A resend is as old as its own row, until the service has read those behind it.
    const theirs = goesFor.urgency === urgencyOf.Critical ? goesFor : head;
    const older = Math.round(own.owedAt - theirs.owedAt);
    if (couldGoFor < overtakingMaxMs || older < overtakingMaxMs) continue;
    return `${claimed.deliveryId} was claimed before ${head.deliveryId}, which is ${older} ms older and of its class`;
  }
  return undefined;
}

const overtakingMaxMs = 2_000;

/** I18: nothing is claimed for a webhook that may not be called. */
export function mayBeClaimed(owed: Owed, webhook: ConfiguredWebhook | undefined): Fault {
  return webhook?.status === 'enabled'
    ? undefined
    : `${owed.deliveryId} was claimed while its webhook was ${webhook?.status}`;
}

/** I21: only what has ended is forgotten. */
export function mayBeForgotten(deliveryId: string, owed: Owed | undefined): Fault {
  if (owed === undefined) return `${deliveryId} was forgotten, but it does not exist`;
  return isOpen(owed.state) ? `${deliveryId} was forgotten while it was ${owed.state}` : undefined;
}
