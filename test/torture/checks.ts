import {
  beforeDeath,
  deathOf,
  diedWith,
  eventKey,
  historyOf,
  isInterrupted,
  isSteady,
  parseWire,
  pushesTo,
  setIn,
  targetsWith,
} from './evidence.ts';
import type { Evidence, Push, Target } from './evidence.ts';
import { describe } from './generator.ts';

/** Every promise that was broken, in words; empty when none was. */
export function findFaults(evidence: Evidence): string[] {
  const pushes = parseWire(evidence.wire);
  return [
    ...evidence.targets.flatMap((target) => [
      ...(target.mode === 'at_most_once'
        ? [...sentOnce(target, evidence), ...lossesAreDeaths(target, evidence, pushes)]
        : [...repeatsAreDeaths(target, evidence, pushes), ...allDelivered(target, evidence)]),
      ...inOrder(target, pushes),
      ...sameBody(target, pushes),
      ...truthfulHistory(target, evidence, pushes),
    ]),
    ...nothingForgotten(evidence, pushes),
    ...noGaps(evidence, pushes),
    ...stateIsKept(evidence),
  ];
}

/** At most once: no event reaches the receiver twice, not even in part, whatever died in between. */
function sentOnce(target: Target, { wire }: Evidence): string[] {
  const seen = new Set<string>();
  return wire.flatMap((record) => {
    if ((record.kind !== 'request' && record.kind !== 'torn') || record.path !== target.path) return [];
    const eventId = record.headers['webhook-id'] ?? '';
    const again = seen.has(eventId);
    seen.add(eventId);
    return again ? [`${target.path}: event ${eventId} was received twice`] : [];
  });
}

/**
 * At most once loses what was in flight when the process died, and nothing that was still waiting or that had been settled
 * long before. A steady receiver loses nothing else.
 */
function lossesAreDeaths(target: Target, evidence: Evidence, pushes: readonly Push[]): string[] {
  const own = pushesTo(target, pushes);
  const byEvent = new Map(own.map((push) => [eventKey(push), push]));
  const items = historyOf(target, evidence);
  const faults = items.filter(isInterrupted).flatMap((item) => {
    const push = byEvent.get(eventKey(item));
    if (push === undefined) return [];
    const what = `${target.path}: the end of ${eventKey(item)} is unknown`;
    if (!diedWith(push, evidence.kills)) return [`${what}; ${beforeDeath(push, evidence.kills)}`];
    // A successor goes out when the end of its predecessor is durable, and not before.
    const successor = own.find((other) => other.entityId === push.entityId && other.sequence > push.sequence);
    if (successor === undefined || deathOf(successor, evidence.kills) !== deathOf(push, evidence.kills)) return [];
    return [`${what}, but the same process had sent its successor`];
  });
  // What was answered may wait for its turn to be written; what was not is in flight, and that has a limit.
  const lost = items.filter((item) => isInterrupted(item) && (byEvent.get(eventKey(item))?.status ?? 0) === 0).length;
  const most = evidence.kills.length * evidence.maxInFlight;
  if (lost > most) faults.push(`${target.path}: ${lost} deliveries have an unknown end; ${most} could be in flight`);
  if (!isSteady(target)) return faults;
  const failed = items.filter((item) => item.status !== 'success' && !isInterrupted(item));
  return [...faults, ...failed.map((item) => failedWithoutCause(target, item))];
}

/** At least once repeats what was in flight when the process died, and nothing else: all receivers of this mode are steady. */
function repeatsAreDeaths(target: Target, evidence: Evidence, pushes: readonly Push[]): string[] {
  const before = new Map<string, Push>();
  return pushesTo(target, pushes).flatMap((push) => {
    const last = before.get(push.eventId);
    before.set(push.eventId, push);
    if (last === undefined || diedWith(last, evidence.kills)) return [];
    return [`${target.path}: event ${push.eventId} was sent again; ${beforeDeath(last, evidence.kills)}`];
  });
}

function allDelivered(target: Target, evidence: Evidence): string[] {
  return historyOf(target, evidence)
    .filter((item) => item.status !== 'success')
    .map((item) => failedWithoutCause(target, item));
}

function failedWithoutCause(
  target: Target,
  item: { ref_id: string; event_time: string; error_message?: string },
): string {
  return `${target.path}: ${item.ref_id}@${item.event_time} was not delivered: ${item.error_message ?? 'no reason given'}`;
}

/** In order per entity: event times rise strictly, and only a repetition of the same event may stand still. */
function inOrder(target: Target, pushes: readonly Push[]): string[] {
  const last = new Map<string, Push>();
  return pushesTo(target, pushes).flatMap((push) => {
    const before = last.get(push.entityId);
    last.set(push.entityId, push);
    if (before === undefined || before.eventId === push.eventId) return [];
    if (push.eventTime > before.eventTime && push.sequence > before.sequence) return [];
    return [
      `${target.path}: ${push.entityId} went from event ${before.sequence} (${before.eventTime}) to ${push.sequence} (${push.eventTime})`,
    ];
  });
}

function sameBody(target: Target, pushes: readonly Push[]): string[] {
  const bodies = new Map<string, string>();
  return pushesTo(target, pushes).flatMap((push) => {
    const first = bodies.get(push.eventId) ?? push.body;
    bodies.set(push.eventId, first);
    return first === push.body ? [] : [`${target.path}: event ${push.eventId} was sent with two bodies`];
  });
}

/** A record that says success was answered so; a record that says a status got that status. */
function truthfulHistory(target: Target, evidence: Evidence, pushes: readonly Push[]): string[] {
  const answers = new Map<string, Set<number>>();
  for (const push of pushesTo(target, pushes)) if (push.status !== 0) setIn(answers, eventKey(push)).add(push.status);
  return historyOf(target, evidence).flatMap((item) => {
    const seen = answers.get(eventKey(item)) ?? new Set();
    const what = `${target.path}: the record of ${eventKey(item)} says ${item.status} ${item.status_code}`;
    if (item.status_code !== 0 && !seen.has(item.status_code)) return [`${what}, which was never answered`];
    if (item.status === 'success' && (item.status_code < 200 || item.status_code > 299)) return [`${what}, no 2xx`];
    return [];
  });
}

/**
 * Every acknowledged change has its event, each event is delivered at least once to who asked for that, and has one
 * record in the history of every webhook that is about the same.
 */
function nothingForgotten(evidence: Evidence, pushes: readonly Push[]): string[] {
  return targetsWith('at_least_once', evidence).flatMap((target) => {
    const delivered = pushesTo(target, pushes).filter((push) => push.status >= 200 && push.status < 300);
    const records = missingRecords(target.about, evidence, delivered);
    if (target.about === 'incident') return records;
    const descriptions = new Set(delivered.map((push) => push.description));
    const forgotten = evidence.acknowledged.filter((one) => !one.recovery && !descriptions.has(describe(one.number)));
    return [
      ...forgotten.map(
        ({ number, alertKey }) => `${target.path}: push ${number} of ${alertKey} was acknowledged and never delivered`,
      ),
      ...missingRecoveries(target, evidence, delivered),
      ...records,
    ];
  });
}

/** A recovery keeps the alert's description, so recoveries are counted per alert key. */
function missingRecoveries(target: Target, evidence: Evidence, delivered: readonly Push[]): string[] {
  const events = new Map<string, Set<string>>();
  for (const push of delivered) if (push.alertStatus === 'Ok') setIn(events, push.alertKey).add(push.eventId);
  const owed = new Map<string, number>();
  for (const one of evidence.acknowledged) {
    if (one.recovery) owed.set(one.alertKey, (owed.get(one.alertKey) ?? 0) + 1);
  }
  return [...owed].flatMap(([alertKey, number]) => {
    const got = events.get(alertKey)?.size ?? 0;
    return got >= number
      ? []
      : [`${target.path}: ${number} recoveries of ${alertKey} were acknowledged, ${got} delivered`];
  });
}

/** Fan-out: of what one webhook for everything got, each webhook for the same has exactly one record. */
function missingRecords(about: Target['about'], evidence: Evidence, delivered: readonly Push[]): string[] {
  const events = new Set(delivered.map(eventKey));
  return evidence.targets
    .filter((target) => target.about === about)
    .flatMap((target) => {
      const records = new Map<string, number>();
      for (const item of historyOf(target, evidence))
        records.set(eventKey(item), (records.get(eventKey(item)) ?? 0) + 1);
      return [...new Set([...events, ...records.keys()])].flatMap((event) => {
        const number = records.get(event) ?? 0;
        if (!events.has(event))
          return [`${target.path}: has a record of ${event}, which was never delivered elsewhere`];
        return number === 1 ? [] : [`${target.path}: ${number} records of ${event} in the history instead of one`];
      });
    });
}

/** The sequences that an at-least-once webhook got of one entity are 1, 2, 3 …: no event in between was swallowed. */
function noGaps(evidence: Evidence, pushes: readonly Push[]): string[] {
  return targetsWith('at_least_once', evidence).flatMap((target) => {
    const sequences = new Map<string, Set<number>>();
    for (const push of pushesTo(target, pushes)) setIn(sequences, push.entityId).add(push.sequence);
    return [...sequences].flatMap(([entityId, own]) =>
      Math.max(...own) === own.size && Math.min(...own) === 1
        ? []
        : [
            `${target.path}: of ${entityId} came ${own.size} events, numbered ${Math.min(...own)} to ${Math.max(...own)}`,
          ],
    );
  });
}

/** What was acknowledged last is in the state that the API shows, or something later is. */
function stateIsKept(evidence: Evidence): string[] {
  const latest = new Map<string, number>();
  for (const { alert_key: alertKey, description } of evidence.alerts) {
    const number = Number(/\d+$/.exec(description)?.[0] ?? 0);
    latest.set(alertKey, Math.max(number, latest.get(alertKey) ?? 0));
  }
  const owed = new Map<string, number>();
  for (const one of evidence.acknowledged) {
    if (!one.recovery) owed.set(one.alertKey, Math.max(one.number, owed.get(one.alertKey) ?? 0));
  }
  return [...owed].flatMap(([alertKey, number]) => {
    const shown = latest.get(alertKey) ?? 0;
    return shown >= number
      ? []
      : [`/alert/list shows ${alertKey} after push ${shown}, but push ${number} was acknowledged`];
  });
}
