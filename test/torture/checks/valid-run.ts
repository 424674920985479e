import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sign } from '#receiver';
import type { WireRecord } from '../../counterparts/receiver-process.ts';
import { findFaults } from '../checks.ts';
import type { Evidence, Target } from '../evidence.ts';
import type { Move, Stored, StoredDelivery, StoredEvent } from '../stored.ts';

/** The evidence of a small run without a fault, and what breaks it: a check that could not fail would prove nothing. */

export const start = Date.UTC(2026, 0, 2);
/** Long after the sound run, all of it. */
export const late = start + 60_000;
const leaseMs = 2_000;
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const made = { at: start - 9_000, endedAt: start - 8_000 };

function target(webhookId: number, path: string, mode: Target['mode'], more: Partial<Target> = {}): Target {
  const policy = 'every' as const;
  return { path, webhookId, mode, policy, about: 'alert', maxInFlight: 8, secrets: [secret], made, ...more };
}

export const amo = target(1, '/slow/amo', 'at_most_once');
export const alo = target(2, '/slow/alo', 'at_least_once');
export const latest = target(3, '/slower/latest', 'at_least_once', { policy: 'latest' });
const targets = [amo, alo, latest];

/** The run is about one alert with three events, the last one its recovery. */
export const events: readonly StoredEvent[] = [1, 2, 3].map((sequence) => ({
  eventId: `e${sequence}`,
  kind: 'alert',
  entityId: 'a',
  sequence,
  type: sequence === 1 ? 'a_new' : 'a_update',
  eventTime: start + sequence,
  payload: JSON.stringify({
    event_id: `e${sequence}`,
    event_time: start + sequence,
    alert: {
      alert_id: 'a',
      alert_key: 'k',
      title: 't',
      description: `push ${Math.min(sequence, 2)}`,
      progress: sequence === 3 ? 'Closed' : 'Triggered',
      alert_status: sequence === 3 ? 'Ok' : 'Warning',
    },
  }),
  committedAt: start + sequence + 0.5,
}));

export function idOf({ webhookId }: Target, sequence: number): string {
  return `d${webhookId}-${sequence}`;
}

/** When the delivery of an event is claimed; it is sent 2 ms later, answered after 5 more, and settled after 3 more. */
export function claimedAt(sequence: number): number {
  return start + sequence * 1_000;
}

interface Sending {
  readonly at?: number;
  readonly attempt?: number;
  readonly from?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly status?: number;
  /** Its sender died before it was answered. */
  readonly abandoned?: true;
}

let requests = 0;

export function sent({ path }: Target, sequence: number, sending: Sending = {}): WireRecord[] {
  requests += 1;
  const { at = claimedAt(sequence) + 2, attempt = 1, from = '127.0.0.11', status = 200, abandoned } = sending;
  const body = sending.body ?? events[sequence - 1]?.payload ?? '';
  const id = `e${sequence}`;
  const timestamp = Math.floor(at / 1000);
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': sign({ id, timestamp, body }, secret),
    'tocsin-sequence': String(sequence),
    'tocsin-attempt': String(attempt),
    ...sending.headers,
  };
  const answered = { number: requests, at: at + 5 };
  return [
    { kind: 'request', number: requests, path, headers, body, from, begunAt: at, at },
    abandoned ? { kind: 'abandoned', ...answered } : { kind: 'answered', status, ...answered },
  ];
}

function moves(of: Target, sequence: number): Move[] {
  const claim = { deliveryId: idOf(of, sequence), attempt: 1, fence: 1 };
  return [
    { ...claim, state: 'sending', reason: '', at: claimedAt(sequence) },
    { ...claim, state: 'delivered', reason: 'ok', at: claimedAt(sequence) + 10 },
  ];
}

export function sound(): Evidence {
  const deliveries = targets.flatMap((one) =>
    events.map((event): StoredDelivery => ({
      deliveryId: idOf(one, event.sequence),
      webhookId: one.webhookId,
      eventId: event.eventId,
      entityId: 'a',
      sequence: event.sequence,
      mode: one.mode,
      state: 'delivered',
      attempt: 1,
      fence: 1,
      reason: 'ok',
      statusCode: 200,
      shard: 5,
      replayId: '',
    })),
  );
  const wire = events.flatMap(({ sequence }) => targets.flatMap((one) => sent(one, sequence)));
  const stored: Stored = {
    events,
    entities: [
      {
        kind: 'alert',
        entityId: 'a',
        sequence: 3,
        eventTime: start + 3,
        title: 't',
        description: 'push 2',
        progress: 'Closed',
      },
    ],
    deliveries,
    attempts: deliveries.map(({ deliveryId }) => ({
      deliveryId,
      attempt: 1,
      outcome: 'delivered',
      reason: 'ok',
      maybeSent: true,
      startedAt: start,
      durationMs: 5,
      message: '',
      statusCode: 200,
    })),
    moves: targets.flatMap((one) => events.flatMap(({ sequence }) => moves(one, sequence))),
    leases: [{ shard: 5, owner: 'one.1', fence: 1, at: start }],
  };
  return {
    acknowledged: [1, 2, 3].map((number) => ({
      kind: 'push',
      number,
      alertKey: 'k',
      recovery: number === 3,
      tries: 1,
      at: start + number + 1,
    })),
    operations: [],
    refused: [],
    wire,
    stored,
    replays: [],
    history: deliveries.map(({ deliveryId, webhookId, sequence }) => ({
      integration_id: webhookId,
      event_id: deliveryId,
      ref_id: 'a',
      event_time: new Date(start + sequence).toISOString(),
      status: 'success',
      status_code: 200,
    })),
    alerts: [{ alert_key: 'k', description: 'push 2' }],
    targets,
    edits: [],
    episodes: [],
    accidents: [],
    nodes: [
      { name: 'one', address: '127.0.0.11' },
      { name: 'two', address: '127.0.0.12' },
    ],
    leaseMs,
  };
}

export function without(wire: readonly WireRecord[], of: Target, sequence: number): WireRecord[] {
  const dropped = new Set(
    wire.flatMap((one) =>
      one.kind === 'request' && one.path === of.path && one.headers['webhook-id'] === `e${sequence}`
        ? [one.number]
        : [],
    ),
  );
  return wire.filter((one) => one.kind === 'torn' || !dropped.has(one.number));
}

export function storing(run: Evidence, change: Partial<Stored>): Evidence {
  return { ...run, stored: { ...run.stored, ...change } };
}

/** The same rows, but for those of one delivery, which is changed or, without a change, gone. */
export function changed<Row extends { deliveryId: string }>(
  rows: readonly Row[],
  id: string,
  change?: Partial<Row>,
): Row[] {
  return rows.flatMap((row) => (row.deliveryId === id ? (change === undefined ? [] : [{ ...row, ...change }]) : [row]));
}

/** What recovery makes of the last event under one webhook: the claim was lost, and perhaps tried again a second later. */
export function interrupted(run: Evidence, of: Target, sending: Sending | 'unsent' = { abandoned: true }): Evidence {
  const id = idOf(of, 3);
  const again = of.mode === 'at_least_once';
  const lost = { deliveryId: id, attempt: 1, fence: 1, reason: 'interrupted', at: claimedAt(3) + 500 };
  const retry = { deliveryId: id, attempt: 2, reason: '' };
  const { stored } = run;
  const rest = changed(stored.moves, id);
  const end = again ? {} : { state: 'unknown', reason: 'interrupted', statusCode: 0 };
  return {
    ...storing(run, {
      deliveries: changed(stored.deliveries, id, again ? { attempt: 2, fence: 2 } : end),
      attempts: again ? changed(stored.attempts, id, { attempt: 2 }) : changed(stored.attempts, id),
      moves: [
        ...rest,
        { ...lost, state: 'sending', reason: '', at: claimedAt(3) },
        { ...lost, state: again ? 'retry_wait' : 'unknown' },
        ...(again
          ? [
              { ...retry, state: 'pending', fence: 1, at: claimedAt(3) + 600 },
              { ...retry, state: 'sending', fence: 2, at: claimedAt(4) },
              { ...retry, state: 'delivered', reason: 'ok', fence: 2, at: claimedAt(4) + 10 },
            ].map((move, index) => ({ ...move, attempt: index === 0 ? 1 : 2 }))
          : []),
      ],
    }),
    wire: [
      ...without(run.wire, of, 3),
      ...(sending === 'unsent' ? [] : sent(of, 3, sending)),
      ...(again ? sent(of, 3, { at: claimedAt(4) + 2, attempt: 2 }) : []),
    ],
    history: run.history.map((item) =>
      item.event_id === id && !again ? { ...item, status: 'failed', status_code: 0 } : item,
    ),
  };
}

export const death = { kind: 'kill', node: 1, at: claimedAt(3) + 3, endedAt: claimedAt(3) + 8 } as const;

/** A run that is not sound, and what has to be said of it. */
export interface Broken {
  readonly name: string;
  readonly because: RegExp;
  readonly change: (run: Evidence) => Evidence;
}

export function mustFind(broken: readonly Broken[]): void {
  for (const { name, because, change } of broken) {
    test(`the checks find ${name}`, () => {
      assert.match(findFaults(change(sound())).join('\n'), because);
    });
  }
}
