import { findLate } from './checks/sending.ts';
import { withoutReplays } from './checks/replaying.ts';
import { deathsIn, freezesIn, type Episode, type Evidence } from './evidence.ts';
import type { MishapKind } from './plan.ts';
import { readRequestLog, type Push, type RequestLog } from './request-log.ts';

/** How much happened; a run in which too little did proves nothing. */
export interface Counts {
  readonly acknowledged: number;
  /** Pushes that had to be sent more than once until they were acknowledged. */
  readonly insisted: number;
  /** Operations with an idempotency key that were answered more than once. */
  readonly replayed: number;
  /** Replays, and the pushes that they sent again. */
  readonly replays: number;
  readonly sentAgain: number;
  /** Deaths while a replay ran. */
  readonly deathsInReplay: number;
  readonly requests: number;
  /** Times that a process died. */
  readonly deaths: number;
  /** Deaths that caught at least one request of their process in flight. */
  readonly deathsInFlight: number;
  /** Requests whose sender died before the answer was out. */
  readonly abandoned: number;
  /** At-most-once deliveries of which nobody knows whether they arrived. */
  readonly unknown: number;
  /** At-most-once deliveries that were still waiting at a death, and first sent after it. */
  readonly carried: number;
  /** At-least-once requests beyond the first of their delivery. */
  readonly repeated: number;
  readonly superseded: number;
  readonly cancelled: number;
  /** Shards that were taken from a node that had not given them up. */
  readonly takenOver: number;
  /** Results that came when another node had taken the shard. */
  readonly tooLate: number;
  /** Requests that a paused node wrote after it had lost its lease: the one exception from order. */
  readonly excused: number;
  readonly lostCommits: number;
  /** Times that the machine stood still, which excuses what has a time limit. */
  readonly freezes: number;
  /** How often each kind of mishap took place. */
  readonly mishaps: Readonly<Partial<Record<Episode['kind'], number>>>;
}

/** @param lostCommits of whose answer the way to the database swallowed. */
export function countAll(whole: Evidence, lostCommits: number): Counts {
  const evidence = withoutReplays(whole);
  const trails = readRequestLog(evidence);
  // Those of replays too: any may be in flight.
  const { pushes } = readRequestLog(whole);
  const deaths = deathsIn(evidence.episodes);
  const of = (mode: string) => trails.all.filter(({ delivery }) => delivery.mode === mode);
  const inState = (state: string) => trails.all.filter(({ delivery }) => delivery.state === state).length;
  return {
    acknowledged: evidence.acknowledged.length,
    insisted: evidence.acknowledged.filter(({ tries }) => tries > 1).length,
    replayed: evidence.operations.filter(({ incidentIds }) => incidentIds.length > 1).length,
    replays: whole.replays.length,
    sentAgain: whole.stored.deliveries.filter(({ replayId }) => replayId !== '').length,
    deathsInReplay: deaths.filter((death) =>
      whole.replays.some(({ created_at, finished_at }) => created_at <= death.at && death.at <= finished_at),
    ).length,
    requests: trails.pushes.length,
    deaths: deaths.length,
    deathsInFlight: deaths.filter((death) => pushes.some((push) => isCutBy(death, push))).length,
    abandoned: whole.wire.filter(({ kind }) => kind === 'abandoned').length,
    unknown: of('at_most_once').filter(({ delivery }) => delivery.reason === 'interrupted').length,
    carried: carried(trails, deaths),
    repeated: of('at_least_once').reduce((sum, { pushes }) => sum + Math.max(0, pushes.length - 1), 0),
    superseded: inState('superseded'),
    cancelled: inState('cancelled'),
    takenOver: takenOver(evidence),
    tooLate: evidence.stored.attempts.filter(({ reason }) => reason === 'late').length,
    excused: findLate(trails).length,
    lostCommits,
    freezes: freezesIn(evidence.episodes).length,
    mishaps: Object.fromEntries(
      [...Map.groupBy(evidence.episodes, ({ kind }) => kind)].map(([kind, { length }]) => [kind, length]),
    ),
  };
}

/** How much of each there must be for one death, and on one node or on several. What really happens is a multiple of it. */
const leastPerDeath: Readonly<Partial<Record<keyof Counts, number>>> = {
  acknowledged: 5,
  deathsInFlight: 0.25,
  abandoned: 0.5,
  unknown: 0.5,
  carried: 0.5,
  repeated: 0.3,
};
/** So many deaths, and chance no longer decides: once has to be enough where there are fewer. */
const deathsThatCount = 15;
/** Of the planned deaths: a process may die otherwise before it comes to its crash point. */
const leastOfPlanned = 0.5;

/** In a run with fewer, none may fall into a replay. */
const deathsOfLongRun = 20;

/** What happened too rarely for the run to prove anything. */
export function findTooLittle(counts: Counts, planned: ReadonlyMap<MishapKind, number>): string[] {
  const least = (what: string, seen: number, minimum: number) =>
    seen >= minimum ? [] : [`too little happened: ${what} is ${seen}, and should be ${minimum} or more`];
  const { deaths } = counts;
  return [
    ...Object.entries(leastPerDeath).flatMap(([name, perDeath]) =>
      least(name, Number(counts[name as keyof Counts]), deaths < deathsThatCount ? 1 : Math.ceil(deaths * perDeath)),
    ),
    ...[...planned].flatMap(([kind, times]) =>
      least(kind, counts.mishaps[kind] ?? 0, Math.max(1, Math.floor(times * leastOfPlanned))),
    ),
    ...(counts.deaths === 0 ? [] : least('sentAgain', counts.sentAgain, 1)),
    ...(counts.deaths < deathsOfLongRun ? [] : least('deathsInReplay', counts.deathsInReplay, 1)),
    ...(planned.has('commit') ? least('lostCommits', counts.lostCommits, 1) : []),
  ];
}

/** It had arrived and was not answered yet. What the receiver answers after that moment goes to nobody. */
function isCutBy(death: Episode, push: Push): boolean {
  return push.node === death.node && push.at <= death.endedAt && push.endedAt >= death.at - 1;
}

function carried({ all }: RequestLog, deaths: readonly Episode[]): number {
  return all.filter(({ delivery, event, pushes: [first] }) => {
    if (delivery.mode !== 'at_most_once' || event === undefined || first === undefined) return false;
    const waitsSince = Math.max(event.eventTime, event.committedAt);
    return deaths.some((death) => waitsSince <= death.at && first.at > death.endedAt);
  }).length;
}

/** From one node to another without a time in which nobody held it. */
function takenOver({ stored }: Evidence): number {
  const owners = new Map<number, string>();
  return stored.leases.filter(({ shard, owner }) => {
    const before = owners.get(shard) ?? '';
    owners.set(shard, owner);
    return before !== '' && owner !== '' && before !== owner;
  }).length;
}
