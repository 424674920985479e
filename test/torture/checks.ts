import { allEnded, historyIsTrue, interruptedByMishap, movesAllowed } from './checks/ending.ts';
import { eachOperationOnce, eachPushOnce, eventsAddUp, owedToAll, stateIsKept, statesAddUp } from './checks/keeping.ts';
import { appliedInOrder, asConfigured, claimedBefore, neverLate, sentOnce, signedAndStable } from './checks/sending.ts';
import { replaysAreWhole, withoutReplays } from './checks/replaying.ts';
import type { Evidence } from './evidence.ts';
import { readRequestLog } from './request-log.ts';

/** Every promise that was broken, in words; empty when none was. */
export function findFaults(whole: Evidence): string[] {
  const evidence = withoutReplays(whole);
  const trails = readRequestLog(evidence);
  return [
    ...evidence.accidents,
    ...evidence.refused.map(({ path, status, body }) => `${path} was answered with ${status}: ${body}`),
    ...sentOnce(trails),
    ...claimedBefore(trails, evidence),
    ...neverLate(trails, evidence),
    ...appliedInOrder(trails),
    ...signedAndStable(trails, evidence),
    ...asConfigured(trails, evidence),
    ...eventsAddUp(evidence),
    ...eachPushOnce(evidence),
    ...eachOperationOnce(evidence),
    ...owedToAll(evidence),
    ...statesAddUp(trails, evidence),
    ...stateIsKept(evidence),
    ...movesAllowed(trails),
    ...allEnded(trails, evidence),
    ...historyIsTrue(trails, evidence),
    ...interruptedByMishap(trails, evidence),
    ...replaysAreWhole(whole),
  ];
}
