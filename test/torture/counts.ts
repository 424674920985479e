import type { Evidence, Kill, Push } from './evidence.ts';
import { historyOf, isInterrupted, isSteady, parseWire, pushesTo, targetsWith } from './evidence.ts';
import { describe } from './generator.ts';

/** How much happened; a run in which too little did proves nothing. */
export interface Counts {
  readonly acknowledged: number;
  readonly kills: number;
  /** Kills that caught at least one request in flight. */
  readonly killsInFlight: number;
  readonly requests: number;
  /** Requests whose sender died before the answer was out. */
  readonly abandoned: number;
  /** At-most-once deliveries of which nobody knows whether they arrived, because the service died while they were sent. */
  readonly unknown: number;
  /** At-most-once deliveries that were acknowledged and still waiting at a kill, and first sent after it. */
  readonly carried: number;
  /** At-least-once requests beyond the first of their event. */
  readonly repeated: number;
}

export function count(evidence: Evidence): Counts {
  const pushes = parseWire(evidence.wire);
  const atMostOnce = targetsWith('at_most_once', evidence);
  const repeated = targetsWith('at_least_once', evidence).map((target) => {
    const own = pushesTo(target, pushes);
    return own.length - new Set(own.map((push) => push.eventId)).size;
  });
  return {
    acknowledged: evidence.acknowledged.length,
    kills: evidence.kills.length,
    killsInFlight: evidence.kills.filter((kill) => pushes.some((push) => isCutBy(kill, push))).length,
    requests: pushes.length,
    abandoned: evidence.wire.filter((record) => record.kind === 'abandoned').length,
    unknown: atMostOnce.flatMap((target) => historyOf(target, evidence).filter(isInterrupted)).length,
    carried: carried(evidence),
    repeated: repeated.reduce((sum, one) => sum + one, 0),
  };
}

/** How much of each there must be for one kill. What really happens is a multiple of it. */
const leastPerKill: Readonly<Partial<Record<keyof Counts, number>>> = {
  acknowledged: 5,
  killsInFlight: 0.25,
  abandoned: 2,
  unknown: 1,
  carried: 1,
  repeated: 1,
};

/** What happened too rarely for the run to prove anything. */
export function findTooLittle(counts: Counts): string[] {
  return Object.entries(leastPerKill).flatMap(([name, perKill]) => {
    const minimum = Math.max(1, Math.ceil(counts.kills * perKill));
    const seen = counts[name as keyof Counts];
    return seen >= minimum ? [] : [`too little happened: ${name} is ${seen}, and should be ${minimum} or more`];
  });
}

/** It had arrived and was not answered yet. What the receiver answers after that moment goes to nobody. */
function isCutBy(kill: Kill, push: Push): boolean {
  return push.at <= kill.endedAt && push.endedAt >= kill.at;
}

function carried(evidence: Evidence): number {
  const pushes = parseWire(evidence.wire);
  const alerts = targetsWith('at_most_once', evidence).filter((one) => one.about === 'alert' && isSteady(one));
  const perTarget = alerts.map((target) => {
    const firstAt = new Map(pushesTo(target, pushes).map((push) => [push.description, push.at]));
    return evidence.acknowledged.filter(({ number, recovery, at }) => {
      const sentAt = recovery ? undefined : firstAt.get(describe(number));
      return sentAt !== undefined && evidence.kills.some((kill) => at <= kill.at && sentAt > kill.endedAt);
    }).length;
  });
  return perTarget.reduce((sum, one) => sum + one, 0);
}
