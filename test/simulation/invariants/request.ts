import { verify } from '../../../receiver/src/index.ts';
import { goesBefore } from '../lane.ts';
import type { CommittedEvent, Owed } from '../model.ts';
import type { WireRequest } from '../network.ts';

/** What holds for every request at the moment of its first byte. Each function gives a sentence, or nothing. */
type Fault = string | undefined;

/** How long a claim allows to begin writing, and what a step of the run may add to it. */
const windowMs = 30_000;

/** I4: at most one request for each generation of an at_most_once delivery. */
export function isTheOnlyOne(owed: Owed, earlier: readonly WireRequest[]): Fault {
  return owed.mode === 'at_most_once' && earlier.length > 0
    ? `${owed.deliveryId} is at_most_once, and goes out for the ${earlier.length + 1}. time`
    : undefined;
}

/** I5: before the first byte the attempt is durable, and the request carries just that attempt. I7: nothing after an end. */
export function isIntended(request: WireRequest, owed: Owed): Fault {
  const { attempt, life } = request;
  if (owed.state === 'sending' && owed.attempt === attempt && owed.claim?.life === life) return undefined;
  return `attempt ${attempt} of ${owed.deliveryId} goes out while it is ${owed.state}, attempt ${owed.attempt}, of life ${owed.claim?.life}`;
}

/** Each attempt is one request: nothing below the engine repeats it. */
export function isOneOfItsAttempt(request: WireRequest, earlier: readonly WireRequest[]): Fault {
  return earlier.some((one) => one.attempt === request.attempt)
    ? `attempt ${request.attempt} of ${request.deliveryId} goes out twice`
    : undefined;
}

/**
 * I8: everything before it in its lane has ended, on the wire and in the database. What somebody asked for again, after
 * this was claimed, comes after it, though its event is older.
 */
export function isInOrder(owed: Owed, lane: readonly Owed[], ended: (owed: Owed) => boolean): Fault {
  for (const earlier of lane) {
    const askedForLater = earlier.generation > 0 && owed.claim !== undefined && earlier.number > owed.claim.made;
    if (!goesBefore(earlier, owed) || askedForLater) continue;
    if (earlier.state === 'pending' || earlier.state === 'sending' || earlier.state === 'retry_wait') {
      return `event ${owed.sequence} of ${owed.entityId} goes out while event ${earlier.sequence} is ${earlier.state}`;
    }
    if (!ended(earlier)) return `event ${owed.sequence} goes out while ${earlier.sequence} is on the wire`;
  }
  return undefined;
}

/** I11: the body is the event's own, under the event's id, signed at the attempt's time with the keys of that moment. */
export function isSignedAndStable(request: WireRequest, event: CommittedEvent | undefined, owed: Owed): Fault {
  if (event === undefined) return `${request.deliveryId} goes out for an event that is not committed`;
  if (request.body !== event.payload) return `${request.deliveryId} goes out with another body than its event`;
  if (request.headers.get('webhook-id') !== event.eventId) return `${request.deliveryId} goes out under another id`;
  if (request.headers.get('tocsin-previous-sequence') !== String(owed.previousSequence)) {
    return `${request.deliveryId} names another predecessor than its row`;
  }
  const timestamp = Number(request.headers.get('webhook-timestamp'));
  if (Math.abs(timestamp * 1000 - request.sentWall) > 1_000) {
    return `${request.deliveryId} was signed for ${timestamp}, and begun at ${request.sentWall}`;
  }
  const webhook = owed.claim?.webhook;
  if (webhook === undefined || !webhook.signing) return undefined;
  for (const { secret, expiresAt } of webhook.secrets) {
    if (expiresAt !== 0 && expiresAt <= timestamp * 1000 + 999) continue;
    const headers = Object.fromEntries(request.headers);
    const verified = verify({ headers, body: Buffer.from(request.body) }, secret, { now: timestamp * 1000 });
    if (!verified.ok) return `${request.deliveryId} is not signed with a key that is valid: ${verified.message}`;
  }
  return undefined;
}

/** I18: it goes where the webhook pointed when it was claimed. */
export function goesWhereConfigured(request: WireRequest, owed: Owed): Fault {
  const endpoint = owed.claim?.webhook?.endpoint;
  return endpoint === request.url
    ? undefined
    : `${request.deliveryId} goes to ${request.url}; when it was claimed the endpoint was ${endpoint}`;
}

/** The deadline and the send window hold however long the process stood still before it wrote. */
export function isInTime(request: WireRequest, owed: Owed, now: number): Fault {
  if (now - request.sentAt > request.timeoutMs) {
    return `${request.deliveryId} is written ${Math.round(now - request.sentAt)} ms after its dial began; its deadline is ${request.timeoutMs} ms`;
  }
  const since = now - (owed.claim?.at ?? now);
  return since > windowMs ? `${request.deliveryId} is written ${Math.round(since)} ms after its claim` : undefined;
}
