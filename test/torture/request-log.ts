import type { WireRecord } from '../counterparts/receiver-process.ts';
import { versionHeader, type Evidence, type NodeFacts, type Span, type Target } from './evidence.ts';
import type { LeaseChange, Move, StoredAttempt, StoredDelivery, StoredEvent } from './stored.ts';

/** One request on the wire, parsed, with what became of it. */
export interface Push extends Span {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly eventId: string;
  readonly eventTime: number;
  readonly sequence: number;
  readonly attempt: number;
  /** 0 when it names none. */
  readonly version: number;
  readonly entityId: string;
  /** '' for a push about an incident. */
  readonly description: string;
  /** 1, 2, 3 …: who sent it. */
  readonly node: number;
  /** 0 when it was never answered. */
  readonly status: number;
  /** Places in the log of the receiver, which is in the order in which things happened there. */
  readonly order: number;
  readonly endOrder: number;
}

/** All that is known of one delivery, from all sides. */
export interface DeliveryRequests {
  readonly target: Target;
  readonly delivery: StoredDelivery;
  readonly event: StoredEvent | undefined;
  /** In their order. */
  readonly moves: readonly Move[];
  readonly attempts: readonly StoredAttempt[];
  /** In the order of the wire. */
  readonly pushes: readonly Push[];
  /** Requests that came in part. */
  readonly torn: number;
}

export interface RequestLog {
  readonly all: readonly DeliveryRequests[];
  /** The deliveries of a webhook about one entity, by sequence. */
  readonly lanes: readonly (readonly DeliveryRequests[])[];
  readonly pushes: readonly Push[];
  /** The pushes that belong to no delivery. */
  readonly strangers: readonly Push[];
  /** 1, 2, 3 …; 0 when nobody held the shard then, or nobody knows. */
  holderOf(shard: number, at: number): number;
}

/** Puts together what belongs together. */
export function readRequestLog({ wire, stored, targets, nodes }: Evidence): RequestLog {
  const pushes = parseWire(wire, nodes);
  const byPath = new Map(targets.map((target) => [target.path, target]));
  const byId = new Map(targets.map((target) => [target.webhookId, target]));
  const keyOf = (webhookId: number | undefined, eventId: string) => `${webhookId} ${eventId}`;
  const sent = Map.groupBy(pushes, ({ path, eventId }) => keyOf(byPath.get(path)?.webhookId, eventId));
  const torn = Map.groupBy(
    wire.filter((record) => record.kind === 'torn'),
    ({ path, headers }) => keyOf(byPath.get(path)?.webhookId, headers['webhook-id'] ?? ''),
  );
  const moves = Map.groupBy(stored.moves, ({ deliveryId }) => deliveryId);
  const attempts = Map.groupBy(stored.attempts, ({ deliveryId }) => deliveryId);
  const events = new Map(stored.events.map((event) => [event.eventId, event]));
  const all = stored.deliveries.flatMap((delivery): DeliveryRequests[] => {
    const target = byId.get(delivery.webhookId);
    const key = keyOf(delivery.webhookId, delivery.eventId);
    if (target === undefined) return [];
    return [
      {
        target,
        delivery,
        event: events.get(delivery.eventId),
        moves: moves.get(delivery.deliveryId) ?? [],
        attempts: attempts.get(delivery.deliveryId) ?? [],
        pushes: sent.get(key) ?? [],
        torn: torn.get(key)?.length ?? 0,
      },
    ];
  });
  const owed = new Set(all.map(({ delivery }) => keyOf(delivery.webhookId, delivery.eventId)));
  const lanes = [...Map.groupBy(all, ({ delivery }) => keyOf(delivery.webhookId, delivery.entityId)).values()];
  for (const lane of lanes) lane.sort((one, other) => one.delivery.sequence - other.delivery.sequence);
  return {
    all,
    lanes,
    pushes,
    strangers: pushes.filter(({ path, eventId }) => !owed.has(keyOf(byPath.get(path)?.webhookId, eventId))),
    holderOf: holders(stored.leases, nodes),
  };
}

function parseWire(wire: readonly WireRecord[], nodes: readonly NodeFacts[]): Push[] {
  const ends = new Map<number, { status: number; at: number; order: number }>();
  for (const [order, record] of wire.entries()) {
    if (record.kind === 'answered') ends.set(record.number, { ...record, order });
    if (record.kind === 'abandoned') ends.set(record.number, { status: 0, at: record.at, order });
  }
  return wire.flatMap((record, order) => {
    if (record.kind !== 'request') return [];
    const { path, headers, body, from, begunAt } = record;
    const said = JSON.parse(body) as {
      event_id: string;
      event_time: number;
      alert?: { alert_id: string; description: string };
      incident?: { incident_id: string };
    };
    const end = ends.get(record.number);
    return [
      {
        path,
        headers,
        body,
        eventId: headers['webhook-id'] ?? said.event_id,
        eventTime: said.event_time,
        sequence: Number(headers['tocsin-sequence']),
        attempt: Number(headers['tocsin-attempt']),
        version: Number(headers[versionHeader] ?? 0),
        entityId: said.alert?.alert_id ?? said.incident?.incident_id ?? '',
        description: said.alert?.description ?? '',
        node: 1 + nodes.findIndex(({ address }) => address === from),
        at: begunAt,
        status: end?.status ?? 0,
        endedAt: end?.at ?? Number.POSITIVE_INFINITY,
        order,
        endOrder: end?.order ?? Number.POSITIVE_INFINITY,
      },
    ];
  });
}

function holders(leases: readonly LeaseChange[], nodes: readonly NodeFacts[]): RequestLog['holderOf'] {
  const byShard = Map.groupBy(leases, ({ shard }) => shard);
  const numbers = new Map<string, number>();
  const numberOf = (owner: string) => {
    const number = numbers.get(owner) ?? 1 + nodes.findIndex(({ name }) => name !== '' && owner.startsWith(`${name}.`));
    numbers.set(owner, number);
    return number;
  };
  return (shard, at) => {
    const last = byShard.get(shard)?.findLast((change) => change.at <= at);
    return last === undefined || last.owner === '' ? 0 : numberOf(last.owner);
  };
}

const ended: ReadonlySet<string> = new Set(['delivered', 'failed', 'unknown', 'expired', 'cancelled', 'superseded']);

export function isEnded(state: string): boolean {
  return ended.has(state);
}

/** When the end of a delivery was committed; infinity when it never was. */
export function endOf({ moves }: DeliveryRequests): number {
  return moves.find(({ state }) => isEnded(state))?.at ?? Number.POSITIVE_INFINITY;
}

/** The claim that a request was made under, and what that claim came to. */
export interface Claimed {
  readonly claim: Move;
  readonly end: Move | undefined;
}

/** Every claim of a delivery. */
export function claimsOf({ moves }: DeliveryRequests): Claimed[] {
  return moves.flatMap((claim, index) => (claim.state === 'sending' ? [{ claim, end: moves[index + 1] }] : []));
}

/** The last claim of a push's attempt: one that was given back may have had the same number, and sent nothing. */
export function claimOf(trail: DeliveryRequests, push: Push): Claimed | undefined {
  return claimsOf(trail).findLast(({ claim }) => claim.attempt === push.attempt);
}

/** A delivery in words for a report. */
export function named({ target, delivery }: DeliveryRequests): string {
  return `${target.path}: event ${delivery.sequence} of ${delivery.entityId}`;
}
