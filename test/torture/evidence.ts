import type { WireRecord } from '../counterparts/receiver-process.ts';
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
  readonly error_message?: string;
}

/** An alert as the API shows it (contract 6.5), as far as the checks look at it. */
export interface ListedAlert {
  readonly alert_key: string;
  readonly description: string;
}

/** One death of the service, Unix milliseconds. */
export interface Kill {
  readonly at: number;
  readonly endedAt: number;
}

/** Everything that is known after the last drain, from three independent sides: the sender, the receiver and the API. */
export interface Evidence {
  readonly acknowledged: readonly Acknowledged[];
  readonly wire: readonly WireRecord[];
  readonly history: readonly HistoryItem[];
  readonly alerts: readonly ListedAlert[];
  readonly targets: readonly Target[];
  readonly kills: readonly Kill[];
  /** Requests of one webhook that may be in flight at the same time. */
  readonly maxInFlight: number;
}

/** One push on the wire, parsed, with what became of it. */
export interface Push {
  readonly path: string;
  readonly eventId: string;
  readonly eventTime: number;
  readonly sequence: number;
  readonly entityId: string;
  readonly alertKey: string;
  readonly description: string;
  readonly alertStatus: string;
  readonly body: string;
  readonly at: number;
  /** 0 when it was never answered. */
  readonly status: number;
  /** When it was answered, or its connection ended. */
  readonly endedAt: number;
}

interface Pushed {
  readonly event_id: string;
  readonly event_time: number;
  readonly alert?: { alert_id: string; alert_key: string; description: string; alert_status: string };
  readonly incident?: { incident_id: string };
}

export function parseWire(wire: readonly WireRecord[]): Push[] {
  const ends = new Map<number, { status: number; at: number }>();
  for (const record of wire) {
    if (record.kind === 'answered') ends.set(record.number, record);
    if (record.kind === 'abandoned') ends.set(record.number, { status: 0, at: record.at });
  }
  return wire.flatMap((record) => {
    if (record.kind !== 'request') return [];
    const body = JSON.parse(record.body) as Pushed;
    const end = ends.get(record.number);
    return [
      {
        path: record.path,
        eventId: record.headers['webhook-id'] ?? body.event_id,
        eventTime: body.event_time,
        sequence: Number(record.headers['tocsin-sequence']),
        entityId: body.alert?.alert_id ?? body.incident?.incident_id ?? '',
        alertKey: body.alert?.alert_key ?? '',
        description: body.alert?.description ?? '',
        alertStatus: body.alert?.alert_status ?? '',
        body: record.body,
        at: record.at,
        status: end?.status ?? 0,
        endedAt: end?.at ?? Number.POSITIVE_INFINITY,
      },
    ];
  });
}

export function pushesTo(target: Target, pushes: readonly Push[]): Push[] {
  return pushes.filter((push) => push.path === target.path);
}

export function historyOf(target: Target, evidence: Evidence): HistoryItem[] {
  return evidence.history.filter((item) => item.integration_id === target.integrationId);
}

export function targetsWith(mode: Target['mode'], evidence: Evidence): Target[] {
  return evidence.targets.filter((target) => target.mode === mode);
}

/** What recovery says of a delivery that a dead process left behind; the same words stand for no other end. */
export function isInterrupted(item: HistoryItem): boolean {
  return item.status === 'failed' && item.error_message?.startsWith('the service was interrupted') === true;
}

/** Answers by itself within 80 ms, always with 200: what fails there is the fault of the service or of its death. */
export function isSteady(target: Target): boolean {
  return !target.path.startsWith('/flaky');
}

/** How long the result of an answered request may take until it is durable, on a machine that is busy with other things. */
const settleMaxMs = 1_000;
/** How long the kernel may take to deliver what a dead process wrote. */
const flushMaxMs = 250;

/** The kill that ended the life in which this push was sent; none for the last life. */
export function deathOf(push: Push, kills: readonly Kill[]): Kill | undefined {
  return kills.find((kill) => push.at <= kill.endedAt + flushMaxMs);
}

/** True when the service died while this push was in flight, or before its result can have been durable. */
export function diedWith(push: Push, kills: readonly Kill[]): boolean {
  const kill = deathOf(push, kills);
  return kill !== undefined && push.endedAt >= kill.at - settleMaxMs;
}

/** How long before the death of its sender a push was over, in words for a report. */
export function beforeDeath(push: Push, kills: readonly Kill[]): string {
  const kill = deathOf(push, kills);
  if (kill === undefined) return 'its sender was not killed';
  return `its request took ${push.endedAt - push.at} ms, and ended ${kill.at - push.endedAt} ms before its sender did`;
}

/** Event times rise strictly per entity, so the two together name an event. */
export function eventKey(of: HistoryItem | Push): string {
  return 'ref_id' in of ? `${of.ref_id}@${Date.parse(of.event_time)}` : `${of.entityId}@${of.eventTime}`;
}

export function setIn<Key, Value>(map: Map<Key, Set<Value>>, key: Key): Set<Value> {
  const set = map.get(key) ?? new Set();
  map.set(key, set);
  return set;
}
