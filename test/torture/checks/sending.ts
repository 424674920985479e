import { arrivalOf, orderOf, verify, type Place, type Push as WirePush } from '#receiver';
import { clockMs, flushMaxMs, pausesOf, type Evidence, type Span } from '../evidence.ts';
import { claimOf, endOf, named, type Push, type DeliveryRequests, type RequestLog } from '../request-log.ts';

/** What holds for every request (I4, I5, I7 to I9, I11, I18). Each function gives sentences that say what is wrong. */

/** I4: at most once, not even in part; and each attempt is one request, in both modes. */
export function sentOnce({ all }: RequestLog): string[] {
  return all.flatMap((trail) => {
    const attempts = trail.pushes.map(({ attempt }) => attempt);
    if (new Set(attempts).size < attempts.length) return [`${named(trail)} was received twice as one attempt`];
    const requests = trail.pushes.length + trail.torn;
    return trail.delivery.mode === 'at_most_once' && requests > 1
      ? [`${named(trail)} was received ${requests} times, at most once`]
      : [];
  });
}

/** I5: the claim of just this attempt was committed before, by who held the shard then. */
export function claimedBefore({ all, holderOf }: RequestLog, { nodes }: Evidence): string[] {
  return eachPush(all, (trail, push) => {
    const claim = claimOf(trail, push)?.claim;
    const what = `attempt ${push.attempt} of ${named(trail)}`;
    if (claim === undefined) return `${what} was sent and never claimed`;
    if (claim.at > push.at + clockMs) return `${what} was sent ${claim.at - push.at} ms before its claim was committed`;
    const holder = nodes.length > 1 ? holderOf(trail.delivery.shard, claim.at) : push.node;
    return holder === push.node
      ? undefined
      : `${what} was sent by node ${push.node}, while its shard was held by ${holder === 0 ? 'nobody' : `node ${holder}`}`;
  });
}

/** The pushes that were sent when it was no longer allowed. */
export interface Late {
  readonly push: Push;
  readonly fault: string;
}

/**
 * I7, I8: no request begins after its attempt has ended, nor before all that is earlier in its lane has, on the wire and
 * in the database.
 */
export function findLate({ lanes }: RequestLog): Late[] {
  return lanes.flatMap((lane) => {
    let earlierEndedAt = 0;
    let earlierOrder = -1;
    return lane.flatMap((trail) => {
      const late = trail.pushes.flatMap((push): Late[] => {
        const what = `attempt ${push.attempt} of ${named(trail)}`;
        const over = (claimOf(trail, push)?.end?.at ?? Number.POSITIVE_INFINITY) + flushMaxMs;
        if (push.at > over)
          return [{ push, fault: `${what} came ${push.at - over + flushMaxMs} ms after it had ended` }];
        if (push.at + clockMs < earlierEndedAt) {
          return [{ push, fault: `${what} came before the end of an earlier one in its lane was committed` }];
        }
        if (push.order < earlierOrder) {
          return [{ push, fault: `${what} came before an earlier event of its lane had been answered` }];
        }
        return [];
      });
      const lateOnes = new Set(late.map(({ push }) => push));
      const punctual = trail.pushes.filter((push) => !lateOnes.has(push));
      earlierEndedAt = Math.max(earlierEndedAt, endOf(trail));
      earlierOrder = Math.max(earlierOrder, ...punctual.map(({ endOrder }) => endOrder));
      return late;
    });
  });
}

/**
 * The one exception: a node that was paused between its last look at the clock and its write, and woke up when its lease
 * was over. There is room for one such request in a pause.
 */
export function pausedBefore({ push }: Late, { episodes, leaseMs }: Evidence): Span | undefined {
  return pausesOf(push.node, episodes).find(
    ({ at, endedAt }) => endedAt - at >= leaseMs / 2 && push.at >= endedAt - clockMs && push.at <= endedAt + flushMaxMs,
  );
}

export function neverLate(trails: RequestLog, evidence: Evidence): string[] {
  const excused = new Set<Span>();
  return findLate(trails).flatMap((late) => {
    const pause = pausedBefore(late, evidence);
    if (pause === undefined || excused.has(pause)) return [late.fault];
    excused.add(pause);
    return [];
  });
}

/** I9: a receiver that asks the guard of the SDK applies each state of an entity once, and never an older one. */
export function appliedInOrder({ pushes, all, lanes }: RequestLog): string[] {
  const newest = new Map<string, Place>();
  const applied = new Map<string, Place>();
  const events = new Map(all.flatMap(({ event }) => (event === undefined ? [] : [[event.eventId, event] as const])));
  const faults = pushes.flatMap((push) => {
    const arrival = arrivalOf(JSON.parse(push.body) as WirePush, push.headers, push.path);
    const key = `${push.path} ${arrival.entity}`;
    if (orderOf(arrival, newest.get(key)) !== 'apply') return [];
    newest.set(key, arrival);
    const before = applied.get(key);
    const event = events.get(push.eventId);
    if (event === undefined) return [];
    applied.set(key, event);
    return before === undefined || (event.sequence > (before.sequence ?? 0) && event.eventTime > before.eventTime)
      ? []
      : [`${push.path}: ${arrival.entity} went from event ${before.sequence} to ${event.sequence} behind the guard`];
  });
  for (const lane of lanes) {
    const last = lane.findLast(({ delivery }) => delivery.state === 'delivered');
    if (last === undefined) continue;
    const { target, delivery } = last;
    const got = applied.get(`${target.path} ${delivery.entityId}`)?.sequence ?? 0;
    if (got < delivery.sequence) faults.push(`${named(last)} was delivered, and the guard stayed at ${got}`);
  }
  return faults;
}

/** A request is signed right after its claim, whatever waits after that. */
const signedWithinMs = 2_000;

/** I11: the body is the event's own, in every repetition; the signature fits, and is of this attempt. */
export function signedAndStable({ all, strangers }: RequestLog, { episodes }: Evidence): string[] {
  const faults = strangers.map(({ path, eventId }) => `${path}: event ${eventId} has no delivery there`);
  const wrong = eachPush(all, (trail, push) => {
    const what = `attempt ${push.attempt} of ${named(trail)}`;
    if (push.body !== trail.event?.payload) return `${what} was sent with another body than its event's`;
    const { secrets } = trail.target;
    const verified = verify({ headers: push.headers, body: Buffer.from(push.body) }, secrets, { now: push.at });
    if (!verified.ok) return `${what} is not signed: ${verified.message}`;
    const claimedAt = claimOf(trail, push)?.claim.at ?? 0;
    const stood = episodes.some(
      ({ kind, node, at, endedAt }) =>
        stops.has(kind) && (node === 0 || node === push.node) && endedAt >= claimedAt && at <= push.at,
    );
    const apartMs = verified.timestamp * 1000 - Math.floor(claimedAt / 1000) * 1000;
    return apartMs >= 0 && (apartMs <= signedWithinMs || stood)
      ? undefined
      : `${what} was signed for ${apartMs} ms after its claim`;
  });
  return [...faults, ...wrong];
}

/** What keeps a node, or the answer to its claim. */
const stops: ReadonlySet<string> = new Set(['pause', 'freeze', 'postgres', 'cut']);

/** How long an edit on one node may take to be seen by all. */
const editMaxMs = 1_000;

/** I18: nothing is claimed for a webhook that was paused or deleted, and nothing with settings that were replaced. */
export function asConfigured({ all }: RequestLog, { edits, episodes }: Evidence): string[] {
  const byWebhook = Map.groupBy(edits, ({ webhookId }) => webhookId);
  return eachPush(all, (trail, push) => {
    const at = claimOf(trail, push)?.claim.at ?? push.at;
    const { deleted, webhookId } = trail.target;
    const what = `attempt ${push.attempt} of ${named(trail)}`;
    // A value that was read before a pause is used after it.
    const begunAt = Math.min(
      at,
      ...pausesOf(push.node, episodes).flatMap((one) => (one.endedAt + editMaxMs > at ? [one.at] : [])),
    );
    if (deleted !== undefined && begunAt > deleted.endedAt + editMaxMs) {
      return `${what} was claimed ${begunAt - deleted.endedAt} ms after its webhook was deleted`;
    }
    const changes = byWebhook.get(webhookId) ?? [];
    for (const [index, { to, at: askedAt, endedAt }] of changes.entries()) {
      if (to === 'paused') {
        const resumedAt = changes.slice(index).find((one) => one.to === 'resumed')?.at ?? Number.POSITIVE_INFINITY;
        if (begunAt > endedAt + editMaxMs && at < resumedAt) return `${what} was claimed while its webhook was paused`;
      } else if (typeof to === 'number') {
        if (push.version < to && begunAt > endedAt + editMaxMs)
          return `${what} went out as of before the edit to ${to}`;
        if (push.version >= to && at < askedAt - clockMs) return `${what} went out as of the edit to ${to} before it`;
      }
    }
    return undefined;
  });
}

function eachPush(
  all: readonly DeliveryRequests[],
  check: (trail: DeliveryRequests, push: Push) => string | undefined,
): string[] {
  return all.flatMap((trail) =>
    trail.pushes.flatMap((push) => {
      const fault = check(trail, push);
      return fault === undefined ? [] : [fault];
    }),
  );
}
