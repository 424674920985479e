import type { WireRecord } from '../counterparts/receiver-process.ts';
import { describe } from './generator.ts';
import type { Acknowledged } from './generator.ts';

/** A webhook of the torture test, by the path that its pushes arrive at. */
export interface Target {
  readonly path: string;
  readonly integrationId: number;
  readonly mode: 'at_most_once' | 'at_least_once';
  readonly about: 'alert' | 'incident';
}

/** A record of the invocation history (contract 3.1), as far as the checks look at it. */
export interface HistoryItem {
  readonly integration_id: number;
  readonly ref_id: string;
  readonly event_time: string;
  readonly status: string;
  readonly status_code: number;
}

/** An alert as the API shows it (contract 6.5), as far as the checks look at it. */
export interface ListedAlert {
  readonly alert_key: string;
  readonly description: string;
}

/** Everything that is known after the last drain, from three independent sides: the sender, the receiver and the API. */
export interface Evidence {
  readonly acknowledged: readonly Acknowledged[];
  readonly wire: readonly WireRecord[];
  readonly history: readonly HistoryItem[];
  readonly alerts: readonly ListedAlert[];
  readonly targets: readonly Target[];
  readonly kills: number;
  /** Requests of one webhook that may be in flight at the same time. */
  readonly maxInFlight: number;
}

/** How much happened; a run in which too little did proves nothing. */
export interface Counts {
  readonly acknowledged: number;
  readonly kills: number;
  readonly requests: number;
  /** Requests whose sender died before the answer was out. */
  readonly abandoned: number;
  /** At-most-once deliveries of which nobody knows whether they arrived. */
  readonly unknown: number;
  /** At-least-once requests beyond the first of their event. */
  readonly repeated: number;
}

/** One push on the wire, parsed. */
interface Push {
  readonly number: number;
  readonly path: string;
  readonly eventId: string;
  readonly eventTime: number;
  readonly sequence: number;
  readonly entityId: string;
  readonly alertKey: string;
  readonly description: string;
  readonly alertStatus: string;
  readonly body: string;
}

interface Pushed {
  readonly event_id: string;
  readonly event_time: number;
  readonly alert?: { alert_id: string; alert_key: string; description: string; alert_status: string };
  readonly incident?: { incident_id: string };
}

/** Every promise that was broken, in words; empty when none was. */
export function findFaults(evidence: Evidence): string[] {
  const pushes = parseWire(evidence.wire);
  return [
    ...evidence.targets.flatMap((target) => [
      ...sentOnce(target, pushes),
      ...inOrder(target, pushes),
      ...sameBody(target, pushes),
      ...truthfulHistory(target, evidence, pushes),
    ]),
    ...nothingForgotten(evidence, pushes),
    ...noGaps(evidence, pushes),
    ...fewLosses(evidence),
    ...stateIsKept(evidence),
  ];
}

export function count(evidence: Evidence): Counts {
  const pushes = parseWire(evidence.wire);
  const repeated = atLeastOnce(evidence).map((target) => {
    const own = pushes.filter((push) => push.path === target.path);
    return own.length - new Set(own.map((push) => push.eventId)).size;
  });
  return {
    acknowledged: evidence.acknowledged.length,
    kills: evidence.kills,
    requests: pushes.length,
    abandoned: evidence.wire.filter((record) => record.kind === 'abandoned').length,
    unknown: unknownOf(evidence).length,
    repeated: repeated.reduce((sum, one) => sum + one, 0),
  };
}

/** What happened too rarely for the run to prove anything. */
export function findTooLittle(counts: Counts): string[] {
  const least: Readonly<Partial<Counts>> = {
    acknowledged: counts.kills * 5,
    abandoned: Math.ceil(counts.kills / 4),
    unknown: 1,
    repeated: 1,
  };
  return Object.entries(least).flatMap(([name, minimum]) => {
    const seen = counts[name as keyof Counts];
    return seen >= minimum ? [] : [`too little happened: ${name} is ${seen}, and should be ${minimum} or more`];
  });
}

/** At most once: no event reaches the receiver twice, whatever died in between. */
function sentOnce(target: Target, pushes: readonly Push[]): string[] {
  if (target.mode !== 'at_most_once') return [];
  const seen = new Set<string>();
  return pushesTo(target, pushes).flatMap((push) => {
    const again = seen.has(push.eventId);
    seen.add(push.eventId);
    return again ? [`${target.path}: event ${push.eventId} was received twice`] : [];
  });
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
  const statuses = new Map<number, number>();
  for (const record of evidence.wire) if (record.kind === 'answered') statuses.set(record.number, record.status);
  const answers = new Map<string, Set<number>>();
  for (const push of pushesTo(target, pushes)) {
    const status = statuses.get(push.number);
    if (status !== undefined) setIn(answers, `${push.entityId}@${push.eventTime}`).add(status);
  }
  return historyOf(target, evidence).flatMap((item) => {
    const seen = answers.get(keyOf(item)) ?? new Set();
    const what = `${target.path}: the record of ${keyOf(item)} says ${item.status} ${item.status_code}`;
    if (item.status_code !== 0 && !seen.has(item.status_code)) return [`${what}, which was never answered`];
    if (item.status === 'success' && (item.status_code < 200 || item.status_code > 299)) return [`${what}, no 2xx`];
    return [];
  });
}

/**
 * Every acknowledged change has its event, each event is delivered at least once to who asked for that, and has one
 * record in the history of every other webhook.
 */
function nothingForgotten(evidence: Evidence, pushes: readonly Push[]): string[] {
  const answered = new Set(
    evidence.wire.flatMap((record) => (record.kind === 'answered' && record.status < 300 ? [record.number] : [])),
  );
  const faults: string[] = [];
  for (const target of atLeastOnce(evidence).filter((one) => one.about === 'alert')) {
    const delivered = pushesTo(target, pushes).filter((push) => answered.has(push.number));
    const descriptions = new Set(delivered.map((push) => push.description));
    for (const { number, alertKey, recovery } of evidence.acknowledged) {
      if (recovery || descriptions.has(describe(number))) continue;
      faults.push(`${target.path}: push ${number} of ${alertKey} was acknowledged and never delivered`);
    }
    faults.push(...missingRecoveries(target, evidence, delivered), ...missingRecords(evidence, delivered));
  }
  return faults;
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

/** Fan-out: what one webhook for all alerts got, each of them has exactly one record of. */
function missingRecords(evidence: Evidence, delivered: readonly Push[]): string[] {
  const events = new Set(delivered.map((push) => `${push.entityId}@${push.eventTime}`));
  return evidence.targets
    .filter((target) => target.about === 'alert')
    .flatMap((target) => {
      const records = new Map<string, number>();
      for (const item of historyOf(target, evidence)) records.set(keyOf(item), (records.get(keyOf(item)) ?? 0) + 1);
      return [...events].flatMap((event) => {
        const number = records.get(event) ?? 0;
        return number === 1 ? [] : [`${target.path}: ${number} records of ${event} in the history instead of one`];
      });
    });
}

/** The sequences that an at-least-once webhook got of one entity are 1, 2, 3 …: no event in between was swallowed. */
function noGaps(evidence: Evidence, pushes: readonly Push[]): string[] {
  return atLeastOnce(evidence).flatMap((target) => {
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

/** At most once loses what was in flight when the process died, and nothing that was still waiting. */
function fewLosses(evidence: Evidence): string[] {
  return evidence.targets
    .filter((target) => target.mode === 'at_most_once' && !target.path.startsWith('/flaky'))
    .flatMap((target) => {
      const lost = unknownOf(evidence).filter((item) => item.integration_id === target.integrationId).length;
      const most = evidence.kills * evidence.maxInFlight;
      return lost <= most ? [] : [`${target.path}: ${lost} deliveries have an unknown end; ${most} could be in flight`];
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

function parseWire(wire: readonly WireRecord[]): Push[] {
  return wire.flatMap((record) => {
    if (record.kind !== 'request') return [];
    const body = JSON.parse(record.body) as Pushed;
    return [
      {
        number: record.number,
        path: record.path,
        eventId: record.headers['webhook-id'] ?? body.event_id,
        eventTime: body.event_time,
        sequence: Number(record.headers['tocsin-sequence']),
        entityId: body.alert?.alert_id ?? body.incident?.incident_id ?? '',
        alertKey: body.alert?.alert_key ?? '',
        description: body.alert?.description ?? '',
        alertStatus: body.alert?.alert_status ?? '',
        body: record.body,
      },
    ];
  });
}

function atLeastOnce(evidence: Evidence): Target[] {
  return evidence.targets.filter((target) => target.mode === 'at_least_once');
}

/** `/flaky` resets connections by itself, so only what the steady receivers did not answer is the fault of a kill. */
function unknownOf(evidence: Evidence): HistoryItem[] {
  const steady = evidence.targets.filter(
    (target) => target.mode === 'at_most_once' && !target.path.startsWith('/flaky'),
  );
  const ids = new Set(steady.map((target) => target.integrationId));
  return evidence.history.filter(
    (item) => ids.has(item.integration_id) && item.status === 'failed' && item.status_code === 0,
  );
}

function pushesTo(target: Target, pushes: readonly Push[]): Push[] {
  return pushes.filter((push) => push.path === target.path);
}

function historyOf(target: Target, evidence: Evidence): HistoryItem[] {
  return evidence.history.filter((item) => item.integration_id === target.integrationId);
}

/** Event times rise strictly per entity, so the two together name an event. */
function keyOf(item: HistoryItem): string {
  return `${item.ref_id}@${Date.parse(item.event_time)}`;
}

function setIn<Key, Value>(map: Map<Key, Set<Value>>, key: Key): Set<Value> {
  const set = map.get(key) ?? new Set();
  map.set(key, set);
  return set;
}
