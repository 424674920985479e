import { mayBecome, type DeliveryState } from '../../../src/delivery/store/delivery.ts';
import { flushMaxMs, isSteady, mayInterrupt, type Episode, type Evidence } from '../evidence.ts';
import { describe } from '../generator.ts';
import {
  claimOf,
  claimsOf,
  endOf,
  isEnded,
  named,
  type Claimed,
  type Push,
  type DeliveryRequests,
  type RequestLog,
} from '../request-log.ts';

/** How deliveries end, and what the history says of it (I6, I12, I13): sentences that say what is wrong. */

/** I12: states change only along the ways there are; only a claim raises the fence, by one. */
export function movesAllowed({ all }: RequestLog): string[] {
  return all.flatMap((trail) => {
    let state: DeliveryState = 'pending';
    let fence = 0;
    return trail.moves.flatMap((move) => {
      const to = move.state as DeliveryState;
      const step = to === 'sending' ? 1 : 0;
      const wrong =
        !mayBecome(state, to) ||
        move.fence !== fence + step ||
        (to === 'retry_wait' && trail.delivery.mode === 'at_most_once');
      const fault = `${named(trail)} went from ${state}, fence ${fence}, to ${to}, fence ${move.fence}`;
      state = to;
      fence = move.fence;
      return wrong ? [fault] : [];
    });
  });
}

/**
 * I6: when nothing goes wrong any more, everything comes to an end, and to the right one. Where a webhook was deleted, what
 * waited is cancelled, and what was in flight may wait to be.
 */
export function allEnded({ all, lanes }: RequestLog, evidence: Evidence): string[] {
  const faults = all.flatMap((trail) => {
    const { delivery, target } = trail;
    const isGone = target.deleted !== undefined;
    if (!isEnded(delivery.state)) return isGone ? [] : [`${named(trail)} is still ${delivery.state}`];
    if (delivery.state === 'cancelled' && isGone) {
      return endOf(trail) >= target.deleted.at ? [] : [`${named(trail)} was cancelled before its webhook was deleted`];
    }
    if (delivery.state === 'delivered' || (delivery.mode === 'at_most_once' && delivery.reason === 'interrupted'))
      return [];
    if (delivery.state === 'superseded' && target.policy === 'latest') return [];
    if (!isSteady(target) || wasCutShort(trail, delivery.attempt, evidence)) return [];
    return [`${named(trail)} is ${delivery.state} (${delivery.reason})`];
  });
  for (const lane of lanes) {
    const last = lane.at(-1);
    // The newest says all that was superseded.
    if (last?.delivery.state === 'superseded') faults.push(`${named(last)} was superseded by nothing`);
  }
  return [...faults, ...nothingForgotten(all, evidence)];
}

/** From the sender's operation log straight to the wire: a receiver that asked for all took every acknowledged push. */
function nothingForgotten(all: readonly DeliveryRequests[], { acknowledged, targets }: Evidence): string[] {
  const begunAt = Math.min(...acknowledged.map(({ at }) => at));
  const kept = targets.filter(
    ({ mode, policy, about, made, deleted }) =>
      mode === 'at_least_once' &&
      policy === 'every' &&
      about === 'alert' &&
      made.endedAt < begunAt &&
      deleted === undefined,
  );
  return kept.flatMap(({ path }) => {
    const taken = new Set(
      all.flatMap((trail) =>
        trail.target.path === path ? trail.pushes.filter(isTaken).map(({ description }) => description) : [],
      ),
    );
    return acknowledged
      .filter(({ number, recovery }) => !recovery && !taken.has(describe(number)))
      .map(({ number, alertKey }) => `${path}: push ${number} of ${alertKey} was acknowledged and never delivered`);
  });
}

/** From a signal to the moment that its process stands still, or goes on. */
const signalMaxMs = 50;

/**
 * The attempt came to its time limit because the machine stood still; or its process was paused in the middle of it, and
 * then wrote to a connection which the receiver had closed meanwhile, for nothing had come on it for seconds.
 */
function wasCutShort({ attempts }: DeliveryRequests, attempt: number, { episodes }: Evidence): boolean {
  const record = attempts.find((one) => one.attempt === attempt);
  if (record === undefined) return false;
  const { startedAt, outcome } = record;
  const overAt = startedAt + record.durationMs;
  return episodes.some(({ kind, at, endedAt }) => {
    if (kind === 'freeze') return at <= overAt && startedAt <= endedAt;
    const isInside = startedAt <= at + signalMaxMs && endedAt <= overAt + signalMaxMs;
    return kind === 'pause' && outcome === 'unknown' && isInside;
  });
}

function isTaken({ status }: Push): boolean {
  return status >= 200 && status < 300;
}

/** I13: each request has its record, which says what was answered; a record of a request that was not sent says so. */
export function historyIsTrue({ all }: RequestLog, evidence: Evidence): string[] {
  return all.flatMap((trail) => {
    const byAttempt = new Map(trail.pushes.map((push) => [push.attempt, push]));
    const recorded = new Set(trail.attempts.map(({ attempt }) => attempt));
    const missing = trail.pushes.flatMap((push) => {
      const wasInterrupted = claimOf(trail, push)?.end?.reason === 'interrupted';
      const isOpen = claimOf(trail, push)?.end === undefined;
      return recorded.has(push.attempt) || wasInterrupted || isOpen
        ? []
        : [`attempt ${push.attempt} of ${named(trail)} was sent, and has no record`];
    });
    const wrong = trail.attempts.flatMap((record) => {
      const { attempt, outcome, reason, maybeSent, statusCode } = record;
      const push = byAttempt.get(attempt);
      if (statusCode === 0 && wasCutShort(trail, attempt, evidence)) return [];
      const what = `the record of attempt ${attempt} of ${named(trail)} says ${outcome} (${reason}), ${statusCode}, at ${record.startedAt} after ${record.durationMs} ms, ${record.message}`;
      if (push === undefined) return maybeSent && trail.torn === 0 ? [`${what}; there was no request`] : [];
      if (!maybeSent) return [`${what}, not sent; there was a request`];
      if (statusCode !== push.status && statusCode !== 0) return [`${what}; the answer was ${push.status}`];
      return (outcome === 'delivered') === isTaken(push) ? [] : [`${what}; the answer was ${push.status}`];
    });
    const { delivery } = trail;
    const last = byAttempt.get(delivery.attempt);
    if (delivery.state === 'delivered' && (last === undefined || !isTaken(last))) {
      wrong.push(`${named(trail)} is delivered; its last attempt was answered with ${last?.status ?? 'nothing'}`);
    }
    return [...missing, ...wrong];
  });
}

/** How long the result of an answered request may take until it is durable. */
const settleMs = { least: 1_000, most: 10_000 };

/** Longer on a machine that is busy with other things: a multiple of what it takes to all but a few. */
function settleMaxMs({ all }: RequestLog): number {
  const tookMs = all.flatMap(({ moves, pushes }) => {
    const end = moves.at(-1);
    const answered = pushes.at(-1);
    return end?.state === 'delivered' && answered !== undefined ? [end.at - answered.endedAt] : [];
  });
  const usual = tookMs.sort((one, other) => one - other)[Math.floor(tookMs.length * 0.99)] ?? 0;
  return Math.min(settleMs.most, Math.max(settleMs.least, 4 * usual));
}

/** While one of these goes on, no result can be written: it waits, and is written soon after it. */
const holdsUpResults: ReadonlySet<Episode['kind']> = new Set(['postgres', 'backends', 'cut', 'commit']);

/** When the result of a request was certainly durable, if nothing happened meanwhile that loses one. */
function durableAt(claimedAt: number, endedAt: number, settlingMs: number, { episodes }: Evidence): number {
  const heldUp = episodes.filter(
    ({ kind, at, endedAt: overAt }) => holdsUpResults.has(kind) && at <= endedAt + settlingMs && claimedAt <= overAt,
  );
  return Math.max(endedAt, ...heldUp.map((episode) => episode.endedAt)) + settlingMs;
}

/** A claim whose result was lost, and what lost it. */
interface Interrupted extends Claimed {
  readonly trail: DeliveryRequests;
  readonly push: Push | undefined;
  readonly cause: Episode | undefined;
}

function findInterrupted(trails: RequestLog, evidence: Evidence): Interrupted[] {
  const { all, holderOf } = trails;
  const settlingMs = settleMaxMs(trails);
  const dangers = evidence.episodes.filter((episode) => mayInterrupt(episode, evidence));
  return all.flatMap((trail) =>
    claimsOf(trail).flatMap((claimed): Interrupted[] => {
      const { claim, end } = claimed;
      // One that was given back was not lost: its row still says what became of an attempt before.
      if (end?.reason !== 'interrupted' || end.state === 'pending') return [];
      const push = trail.pushes.find(({ attempt }) => attempt === claim.attempt);
      const node = push?.node ?? (evidence.nodes.length > 1 ? holderOf(trail.delivery.shard, claim.at) : 1);
      const overAt = durableAt(claim.at, push?.endedAt ?? claim.at, settlingMs, evidence);
      const cause = dangers.find(
        (one) =>
          (one.node === 0 || one.node === node) &&
          one.at <= overAt &&
          claim.at <= one.endedAt + flushMaxMs &&
          one.at <= end.at,
      );
      return [{ ...claimed, trail, push, cause }];
    }),
  );
}

/**
 * Only what was in flight is lost at most once, and repeated at least once, and only when its process died or others had
 * to take it for dead. Nothing else is tried again at receivers that never fail.
 */
export function interruptedByMishap(trails: RequestLog, evidence: Evidence): string[] {
  const interrupted = findInterrupted(trails, evidence);
  const faults = interrupted.flatMap(({ trail, claim, push, cause }) =>
    cause === undefined
      ? [
          `${named(trail)}: attempt ${claim.attempt}, claimed at ${claim.at} by node ${push?.node ?? '?'}, ` +
            `over at ${push?.endedAt ?? '?'}, was taken for interrupted, and nothing had happened`,
        ]
      : [],
  );
  const byWebhook = Map.groupBy(interrupted, ({ trail }) => trail.target);
  for (const [target, own] of byWebhook) {
    // A result may wait for its turn to be written; a request without one is in flight, and those have a limit.
    const lost = own.filter(({ push, cause }) => push === undefined || push.endedAt >= (cause?.at ?? 0));
    for (const [cause, { length }] of Map.groupBy(lost, ({ cause }) => cause)) {
      const most = target.maxInFlight * (cause?.node === 0 ? evidence.nodes.length : 1);
      if (length > most) faults.push(`${target.path}: ${length} were lost at once; ${most} could be in flight`);
    }
  }
  for (const trail of trails.all) {
    if (!isSteady(trail.target)) continue;
    for (const { claim, end } of claimsOf(trail)) {
      if (end?.state !== 'retry_wait' || end.reason === 'interrupted') continue;
      if (!wasCutShort(trail, claim.attempt, evidence)) faults.push(`${named(trail)} failed: ${end.reason}`);
    }
  }
  return faults;
}
