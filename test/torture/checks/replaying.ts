import type { WireRecord } from '../../counterparts/receiver-process.ts';
import { flushMaxMs, type Evidence, type ListedReplay } from '../evidence.ts';
import type { StoredDelivery } from '../stored.ts';
import { isEnded } from '../request-log.ts';

/** Pushes that replays sent again. They have separate checks, because the others take each event for one delivery to each webhook. */

const replayHeader = 'tocsin-replay';

/** The evidence without the pushes of replays. */
export function withoutReplays(evidence: Evidence): Evidence {
  const { stored } = evidence;
  const again = new Set(stored.deliveries.flatMap((one) => (one.replayId === '' ? [] : [one.deliveryId])));
  if (again.size === 0) return evidence;
  const own = <One extends { readonly deliveryId: string }>(some: readonly One[]) =>
    some.filter(({ deliveryId }) => !again.has(deliveryId));
  const numbers = new Set(requestsOf(evidence.wire).map(({ number }) => number));
  return {
    ...evidence,
    history: evidence.history.filter(({ event_id }) => !again.has(event_id)),
    wire: evidence.wire.filter((record) =>
      record.kind === 'torn' ? record.headers[replayHeader] === undefined : !numbers.has(record.number),
    ),
    stored: {
      ...stored,
      deliveries: own(stored.deliveries),
      attempts: own(stored.attempts),
      moves: own(stored.moves),
    },
  };
}

type Request = Extract<WireRecord, { kind: 'request' }>;

function requestsOf(wire: readonly WireRecord[]): Request[] {
  return wire.filter((record): record is Request => record.kind === 'request' && replayHeader in record.headers);
}

/** Each replay comes to its end, has sent all that had ended when it began, and none of it twice. */
export function replaysAreWhole(evidence: Evidence): string[] {
  const { stored, replays, wire } = evidence;
  const made = Map.groupBy(
    stored.deliveries.filter(({ replayId }) => replayId !== ''),
    ({ replayId }) => replayId,
  );
  const requests = Map.groupBy(requestsOf(wire), (one) => one.headers[replayHeader] ?? '');
  const torn = wire.flatMap((record) => (record.kind === 'torn' ? [record] : []));
  const known = new Set(replays.map(({ replay_id }) => replay_id));
  const strangers = [...made.keys(), ...requests.keys()].filter((id) => !known.has(id));
  return [
    ...strangers.map((id) => `there are pushes of a replay ${id}, which the API does not list`),
    ...replays.flatMap((replay) => {
      const id = replay.replay_id;
      const deliveries = made.get(id) ?? [];
      const sent = Map.groupBy(requests.get(id) ?? [], ({ headers }) => headers['webhook-id'] ?? '');
      const parts = torn.filter(({ headers }) => headers[replayHeader] === id);
      const timesSent = (eventId: string) =>
        (sent.get(eventId)?.length ?? 0) + parts.filter(({ headers }) => headers['webhook-id'] === eventId).length;
      const stranger = [...sent.keys()].find((eventId) => !deliveries.some((one) => one.eventId === eventId));
      return [
        ...endFaults(replay, deliveries),
        ...(stranger === undefined ? [] : [`replay ${id} sent event ${stranger}, and has no delivery of it`]),
        ...leftOut(replay, deliveries, evidence).map((eventId) => `replay ${id} has left out event ${eventId}`),
        ...deliveries.flatMap((one) => {
          const what = `event ${one.eventId} of replay ${id}`;
          const times = timesSent(one.eventId);
          if (!isEnded(one.state)) return [`${what} is still ${one.state}`];
          if (times > 1) return [`${what} was received ${times} times, at most once`];
          const isInterrupted = one.state === 'unknown' && one.reason === 'interrupted';
          if (one.state === 'delivered') return times === 1 ? [] : [`${what} is delivered and was never received`];
          return isInterrupted || one.state === 'unknown' ? [] : [`${what} is ${one.state} (${one.reason})`];
        }),
      ];
    }),
  ];
}

function endFaults({ replay_id, state, done }: ListedReplay, deliveries: readonly StoredDelivery[]): string[] {
  if (state !== 'done') return [`replay ${replay_id} is ${state} at the end`];
  const events = new Set(deliveries.map(({ eventId }) => eventId));
  if (events.size < deliveries.length) return [`replay ${replay_id} made two deliveries of one event`];
  return done === deliveries.length ? [] : [`replay ${replay_id} has ${deliveries.length} pushes and counts ${done}`];
}

/** Events in its span whose first delivery had ended for sure before it began to select. */
function leftOut(replay: ListedReplay, deliveries: readonly StoredDelivery[], { stored }: Evidence): string[] {
  const { start_time, end_time } = replay.selection;
  const times = new Map(stored.events.map((event) => [event.eventId, event.eventTime]));
  const endedAt = new Map(stored.moves.flatMap((one) => (isEnded(one.state) ? [[one.deliveryId, one.at]] : [])));
  const again = new Set(deliveries.map(({ eventId }) => eventId));
  return stored.deliveries.flatMap((one) => {
    const time = times.get(one.eventId) ?? 0;
    const isSelected =
      one.replayId === '' &&
      one.webhookId === replay.integration_id &&
      time >= start_time &&
      time <= end_time &&
      (endedAt.get(one.deliveryId) ?? Number.POSITIVE_INFINITY) < replay.created_at - flushMaxMs;
    return isSelected && !again.has(one.eventId) ? [one.eventId] : [];
  });
}
