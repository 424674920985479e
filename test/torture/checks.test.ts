import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WireRecord } from '../counterparts/receiver-process.ts';
import { findFaults } from './checks.ts';
import { count, findTooLittle } from './counts.ts';
import type { Evidence, HistoryItem, Target } from './evidence.ts';

// A torture test that could not fail would prove nothing; so each of its checks is shown a run that breaks it.

const amo: Target = { path: '/slow/amo', integrationId: 1, mode: 'at_most_once', about: 'alert' };
const alo: Target = { path: '/slow/alo', integrationId: 2, mode: 'at_least_once', about: 'alert' };
const start = Date.UTC(2026, 0, 2);
/** Long after the sound run, all of it. */
const late = start + 60_000;
const kill = { at: late, endedAt: late + 5 };

interface Change {
  readonly target?: Target;
  readonly sequence?: number;
  readonly eventTime?: number;
  readonly text?: string;
  readonly status?: string;
  /** When the request came. */
  readonly at?: number;
  /** Its sender died before it was answered. */
  readonly abandoned?: true;
}

let requests = 0;

function sent(number: number, change: Change = {}): WireRecord[] {
  requests += 1;
  const body = {
    event_id: `e${number}`,
    event_time: change.eventTime ?? start + number,
    alert: {
      alert_id: 'a',
      alert_key: 'k',
      description: change.text ?? `push ${number}`,
      alert_status: change.status ?? 'Warning',
    },
  };
  const headers = { 'webhook-id': `e${number}`, 'tocsin-sequence': String(change.sequence ?? number) };
  const path = (change.target ?? alo).path;
  const at = change.at ?? start + number;
  return [
    { kind: 'request', number: requests, path, headers, body: JSON.stringify(body), at },
    change.abandoned
      ? { kind: 'abandoned', number: requests, at: at + 1 }
      : { kind: 'answered', number: requests, status: 200, at: at + 1 },
  ];
}

function record(target: Target, number: number, status = 200): HistoryItem {
  return {
    integration_id: target.integrationId,
    ref_id: 'a',
    event_time: new Date(start + number).toISOString(),
    status: status >= 200 && status < 300 ? 'success' : 'failed',
    status_code: status,
  };
}

/** What recovery writes. */
function interrupted(target: Target, number: number): HistoryItem {
  return { ...record(target, number, 0), error_message: 'the service was interrupted while it was sending' };
}

/** Two pushes, both delivered to both; the last one a recovery. */
function sound(): Evidence {
  return {
    acknowledged: [
      { number: 1, alertKey: 'k', recovery: false, at: start + 1 },
      { number: 2, alertKey: 'k', recovery: false, at: start + 2 },
      { number: 3, alertKey: 'k', recovery: true, at: start + 3 },
    ],
    wire: [alo, amo].flatMap((target) => [
      ...sent(1, { target }),
      ...sent(2, { target }),
      ...sent(3, { target, text: 'push 2', status: 'Ok' }),
    ]),
    history: [alo, amo].flatMap((target) => [record(target, 1), record(target, 2), record(target, 3)]),
    alerts: [{ alert_key: 'k', description: 'push 2' }],
    targets: [amo, alo],
    kills: [kill],
    maxInFlight: 8,
  };
}

function without(wire: readonly WireRecord[], target: Target, eventId: string): WireRecord[] {
  const dropped = new Set(
    wire.flatMap((one) =>
      one.kind === 'request' && one.path === target.path && one.headers['webhook-id'] === eventId ? [one.number] : [],
    ),
  );
  return wire.filter((one) => !('number' in one) || !dropped.has(one.number));
}

test('a sound run has no faults', () => {
  assert.deepEqual(findFaults(sound()), []);
});

test('a request that a kill cut off is repeated at least once, and unknown at most once; neither is a fault', () => {
  const run = sound();
  const last = { text: 'push 2', status: 'Ok' };
  const cut = { ...last, at: late - 1, abandoned: true as const };
  const wire = [
    ...without(without(run.wire, alo, 'e3'), amo, 'e3'),
    ...sent(3, cut),
    ...sent(3, { ...cut, target: amo }),
    ...sent(3, { ...last, at: late + 500 }),
  ];
  const evidence = { ...run, wire, history: [...run.history.slice(0, -1), interrupted(amo, 3)] };
  assert.deepEqual(findFaults(evidence), []);
  const { repeated, unknown, killsInFlight, abandoned } = count(evidence);
  assert.deepEqual(
    { repeated, unknown, killsInFlight, abandoned },
    { repeated: 1, unknown: 1, killsInFlight: 1, abandoned: 2 },
  );
});

const broken: readonly { name: string; because: RegExp; change: (run: Evidence) => Partial<Evidence> }[] = [
  {
    name: 'an event that an at-most-once webhook receives twice',
    because: /was received twice/,
    change: (run) => ({ wire: [...run.wire, ...sent(3, { target: amo, text: 'push 2', status: 'Ok' })] }),
  },
  {
    name: 'an older event after a newer one',
    because: /went from event 3/,
    change: (run) => ({ wire: [...without(run.wire, amo, 'e1'), ...sent(1, { target: amo })] }),
  },
  {
    name: 'an event time that does not rise with the sequence',
    because: /went from event 3/,
    change: (run) => ({ wire: [...run.wire, ...sent(4, { target: amo, eventTime: start + 3 })] }),
  },
  {
    name: 'an event that is sent with another body the second time',
    because: /two bodies/,
    change: (run) => ({ wire: [...run.wire, ...sent(3, { text: 'push 9', status: 'Ok' })] }),
  },
  {
    name: 'an acknowledged push that was never delivered',
    because: /push 4 of k was acknowledged and never delivered/,
    change: (run) => ({
      acknowledged: [...run.acknowledged, { number: 4, alertKey: 'k', recovery: false, at: start + 4 }],
    }),
  },
  {
    name: 'a delivery that was received but never answered',
    because: /push 1 of k was acknowledged and never delivered/,
    change: (run) => ({ wire: run.wire.filter((one) => one !== run.wire[1]) }),
  },
  {
    name: 'an acknowledged recovery that was never delivered',
    because: /2 recoveries of k were acknowledged, 1 delivered/,
    change: (run) => ({
      acknowledged: [...run.acknowledged, { number: 4, alertKey: 'k', recovery: true, at: start + 4 }],
    }),
  },
  {
    name: 'a gap in the sequence of an entity',
    because: /came 2 events, numbered 1 to 3/,
    change: (run) => ({ wire: without(run.wire, alo, 'e2') }),
  },
  {
    name: 'an event that one webhook has no record of',
    because: /0 records of/,
    change: (run) => ({ history: run.history.slice(0, -1) }),
  },
  {
    name: 'two records of one delivery',
    because: /2 records of/,
    change: (run) => ({ history: [...run.history, record(amo, 3)] }),
  },
  {
    name: 'a record of a success that nobody answered',
    because: /never answered/,
    change: (run) => ({ wire: without(run.wire, amo, 'e3') }),
  },
  {
    name: 'a record of success without a 2xx',
    because: /no 2xx/,
    change: (run) => ({ history: [...run.history.slice(0, -1), { ...record(amo, 3, 0), status: 'success' }] }),
  },
  {
    name: 'half of a request and then all of it, at most once',
    because: /was received twice/,
    change: (run) => ({
      wire: [{ kind: 'torn', path: amo.path, headers: { 'webhook-id': 'e1' }, at: start }, ...run.wire],
    }),
  },
  {
    name: 'a repetition that no kill explains, at least once',
    because: /was sent again; its request took 1 ms, and ended 59996 ms before its sender/,
    change: (run) => ({ wire: [...run.wire, ...sent(3, { text: 'push 2', status: 'Ok' })] }),
  },
  {
    name: 'more losses than could be in flight',
    because: /have an unknown end/,
    change: (run) => ({
      kills: [],
      wire: without(run.wire, amo, 'e3'),
      history: [...run.history.slice(0, -1), interrupted(amo, 3)],
    }),
  },
  {
    name: 'a loss of what was answered long before the kill',
    because: /is unknown; its request took 1 ms, and ended 59996 ms before/,
    change: (run) => ({ history: [...run.history.slice(0, -1), interrupted(amo, 3)] }),
  },
  {
    name: 'an unknown end of what had a successor in the same life',
    because: /is unknown, but the same process had sent its successor/,
    change: (run) => ({
      wire: [
        ...without(without(run.wire, amo, 'e2'), amo, 'e3'),
        ...sent(2, { target: amo, at: late - 30 }),
        ...sent(3, { target: amo, at: late - 20, text: 'push 2', status: 'Ok' }),
      ],
      history: run.history.map((item, index) => (index === 4 ? interrupted(amo, 2) : item)),
    }),
  },
  {
    name: 'a failure at a receiver that never fails',
    because: /was not delivered: no reason given/,
    change: (run) => ({ history: [...run.history.slice(0, -1), record(amo, 3, 0)] }),
  },
  {
    name: 'an at-least-once delivery that was given up',
    because: /alo: .* was not delivered/,
    change: (run) => ({ history: [...run.history.slice(0, 2), interrupted(alo, 3), ...run.history.slice(3)] }),
  },
  {
    name: 'a record of an event that went to one webhook only',
    because: /which was never delivered elsewhere/,
    change: (run) => ({ history: [...run.history, interrupted(amo, 4)] }),
  },
  {
    name: 'a state that is older than what was acknowledged',
    because: /shows k after push 1/,
    change: () => ({ alerts: [{ alert_key: 'k', description: 'push 1' }] }),
  },
];

for (const { name, because, change } of broken) {
  test(`the checks find ${name}`, () => {
    const run = sound();
    assert.match(findFaults({ ...run, ...change(run) }).join('\n'), because);
  });
}

test('a run in which too little happened proves nothing', () => {
  const counts = {
    acknowledged: 200,
    kills: 20,
    killsInFlight: 15,
    requests: 300,
    abandoned: 60,
    unknown: 30,
    carried: 50,
    repeated: 30,
  };
  assert.deepEqual(findTooLittle(counts), []);
  for (const name of ['acknowledged', 'killsInFlight', 'abandoned', 'unknown', 'carried', 'repeated'] as const) {
    assert.match(findTooLittle({ ...counts, [name]: 0 }).join('\n'), new RegExp(`${name} is 0`));
  }
});

test('what was acknowledged before a kill and sent first after it was carried over', () => {
  const run = sound();
  assert.equal(count(run).carried, 0);
  const wire = [...without(run.wire, amo, 'e2'), ...sent(2, { target: amo, at: late + 100 })];
  assert.equal(count({ ...run, wire }).carried, 1);
});
