import { clockMs, pausesOf, type Episode, type Evidence, type Target } from '../evidence.ts';
import { describe, titleOf } from '../generator.ts';
import type { StoredEvent } from '../stored.ts';
import { isEnded, named, type RequestLog } from '../request-log.ts';

/** The pushes that were taken, and what became of them in the database (I1 to I3, I10, I14, I20): sentences that say what is wrong. */

interface Snapshot {
  readonly title: string;
  readonly description: string;
  readonly progress: string;
  readonly alert_key?: string;
  readonly alert_status?: string;
}

function snapshotOf({ kind, payload }: StoredEvent): Snapshot {
  const said = JSON.parse(payload) as Readonly<Record<StoredEvent['kind'], Snapshot>>;
  return said[kind];
}

/** I1, I10: the events of an entity are numbered 1, 2, 3 … and rise in time; its row says what the last of them says. */
export function eventsAddUp({ stored }: Evidence): string[] {
  const byEntity = Map.groupBy(stored.events, ({ entityId }) => entityId);
  const faults = [...byEntity].flatMap(([entityId, events]) =>
    events.flatMap((event, index) => {
      const before = events[index - 1];
      if (event.sequence !== index + 1) return [`event ${index + 1} of ${entityId} has the sequence ${event.sequence}`];
      if (before !== undefined && before.eventTime >= event.eventTime) {
        return [
          `event ${event.sequence} of ${entityId} has the time ${event.eventTime}, the one before ${before.eventTime}`,
        ];
      }
      return [];
    }),
  );
  for (const entity of stored.entities) {
    const { kind, entityId, sequence, eventTime } = entity;
    const last = byEntity.get(entityId)?.at(-1);
    if (last?.sequence !== sequence || last.eventTime !== eventTime) {
      faults.push(
        `${entityId} is at event ${sequence} of ${eventTime}; its last is ${last?.sequence} of ${last?.eventTime}`,
      );
      continue;
    }
    const said = snapshotOf(last);
    // The description of an incident follows its first alert's without an event.
    const apart = (
      kind === 'alert' ? (['title', 'description', 'progress'] as const) : (['title', 'progress'] as const)
    ).find((field) => said[field] !== entity[field]);
    if (apart !== undefined)
      faults.push(`the ${apart} of ${entityId} is "${entity[apart]}"; its last event says "${said[apart]}"`);
  }
  return faults;
}

const reportTypes: ReadonlySet<string> = new Set(['a_new', 'a_update']);

/** I2, I20: each push that was acknowledged is one event, however often it was sent; one that was not is one at most. */
export function eachPushOnce({ acknowledged, stored }: Evidence): string[] {
  const numbers = new Map<string, number>();
  const recoveries = new Map<string, number>();
  for (const event of stored.events) {
    if (event.kind !== 'alert' || !reportTypes.has(event.type)) continue;
    const { description, alert_status, alert_key = '' } = snapshotOf(event);
    // A recovery keeps the alert's description.
    const [counts, key] = alert_status === 'Ok' ? [recoveries, alert_key] : [numbers, description];
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const faults = [...numbers].flatMap(([description, count]) =>
    count === 1 ? [] : [`${description} made ${count} events`],
  );
  for (const { number, alertKey, recovery } of acknowledged) {
    if (!recovery && !numbers.has(describe(number))) {
      faults.push(`push ${number} of ${alertKey} was acknowledged and is not stored`);
    }
  }
  const owed = Map.groupBy(
    acknowledged.filter(({ recovery }) => recovery),
    ({ alertKey }) => alertKey,
  );
  for (const [alertKey, { length }] of owed) {
    const got = recoveries.get(alertKey) ?? 0;
    if (got < length) faults.push(`${length} recoveries of ${alertKey} were acknowledged, ${got} are stored`);
  }
  return faults;
}

/** I20: an operation under one idempotency key was done once, and every answer names the same. */
export function eachOperationOnce({ operations, stored }: Evidence): string[] {
  const opened = Map.groupBy(
    stored.events.filter(({ type }) => type === 'i_new'),
    (event) => snapshotOf(event).title,
  );
  return operations.flatMap(({ number, incidentIds }) => {
    const made = opened.get(titleOf(number)) ?? [];
    if (made.length > 1) return [`operation ${number} opened ${made.length} incidents under one key`];
    return incidentIds.some((id) => id !== made[0]?.entityId)
      ? [
          `operation ${number} was answered with ${incidentIds.join(', ')}, and opened ${made[0]?.entityId ?? 'nothing'}`,
        ]
      : [];
  });
}

/** I3: each event has one delivery for each webhook that there was when its transaction began, and to no other. */
export function owedToAll({ stored, targets, episodes, nodes }: Evidence): string[] {
  const owed = Map.groupBy(stored.deliveries, ({ eventId }) => eventId);
  const pauses = nodes.flatMap((_, index) => pausesOf(index + 1, episodes));
  const windows = targets.map((target) => ({ target, ...windowOf(target, pauses) }));
  return stored.events.flatMap((event) =>
    windows.flatMap(({ target, mustFrom, mustUntil, mayFrom, mayUntil }) => {
      if (target.about !== event.kind) return [];
      const count = (owed.get(event.eventId) ?? []).filter(({ webhookId }) => webhookId === target.webhookId).length;
      const must = event.eventTime > mustFrom && committedAt(event) < mustUntil;
      const may = event.eventTime <= mayUntil && committedAt(event) >= mayFrom;
      const what = `${target.path}: event ${event.sequence} of ${event.entityId}, of ${event.eventTime}, has ${count} deliveries`;
      if (count > 1 || (count === 0 && must)) return [what];
      return count === 1 && !may ? [`${what}, though there was no such webhook`] : [];
    }),
  );
}

/** How long a transaction may take that is slow. */
const commitMaxMs = 1_000;

/**
 * Who is there is read at the beginning of an event's transaction; then it gets its time, then it is committed. What a
 * paused process had read before, it uses when it goes on.
 */
function windowOf({ made, deleted }: Target, pauses: readonly Episode[]) {
  const read = (at: number) =>
    commitMaxMs +
    Math.max(at, ...pauses.flatMap((pause) => (pause.at <= at && at <= pause.endedAt ? [pause.endedAt] : [])));
  return {
    mustFrom: read(made.endedAt),
    mustUntil: deleted?.at ?? Number.POSITIVE_INFINITY,
    mayFrom: made.at,
    mayUntil: deleted === undefined ? Number.POSITIVE_INFINITY : read(deleted.endedAt),
  };
}

/** Where the database does not say, as late as may be. */
function committedAt({ committedAt, eventTime }: StoredEvent): number {
  return committedAt === 0 ? eventTime + commitMaxMs : committedAt + clockMs;
}

/** I14: every delivery is in one state, the last one that was committed, and the API shows just those. */
export function statesAddUp({ all }: RequestLog, { history, targets }: Evidence): string[] {
  const shown = new Map(history.map((item) => [item.event_id, item]));
  const faults = all.flatMap((trail) => {
    const { delivery, moves } = trail;
    const last = moves.at(-1);
    if (last !== undefined && (last.state !== delivery.state || last.fence !== delivery.fence)) {
      return [`${named(trail)} is ${delivery.state}, but was last made ${last.state}`];
    }
    if (!isEnded(delivery.state)) return [];
    const item = shown.get(delivery.deliveryId);
    if (item === undefined) return [`${named(trail)} is ${delivery.state}, and the history does not show it`];
    const status = delivery.state === 'delivered' ? 'success' : 'failed';
    return item.status === status && item.status_code === delivery.statusCode
      ? []
      : [`${named(trail)} is ${delivery.state}; the history says ${item.status} ${item.status_code}`];
  });
  const known = new Set(all.map(({ delivery }) => delivery.deliveryId));
  const ours = new Set(targets.map(({ webhookId }) => webhookId));
  if (shown.size < history.length) faults.push(`${history.length - shown.size} records of the history are there twice`);
  for (const { event_id, integration_id } of history) {
    if (ours.has(integration_id) && !known.has(event_id))
      faults.push(`the history shows ${event_id}, which is not stored`);
  }
  return faults;
}

/** The state that the API shows is that of the last acknowledged push, or of a later one. */
export function stateIsKept({ alerts, acknowledged }: Evidence): string[] {
  const latest = new Map<string, number>();
  for (const { alert_key: alertKey, description } of alerts) {
    const number = Number(/\d+$/.exec(description)?.[0] ?? 0);
    latest.set(alertKey, Math.max(number, latest.get(alertKey) ?? 0));
  }
  const owed = new Map<string, number>();
  for (const one of acknowledged) {
    if (!one.recovery) owed.set(one.alertKey, Math.max(one.number, owed.get(one.alertKey) ?? 0));
  }
  return [...owed].flatMap(([alertKey, number]) => {
    const shown = latest.get(alertKey) ?? 0;
    return shown >= number
      ? []
      : [`/alert/list shows ${alertKey} after push ${shown}, but push ${number} was acknowledged`];
  });
}
