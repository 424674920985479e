import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { endedStates, mayBecome, openStates, precedes, settlement } from './delivery.ts';
import { judge, reasons, type Outcome } from './outcome.ts';
import { type TransportFault, type Phase, type Report } from '../../egress/report.ts';
import { untestedBreaker, breakerAfter, inFlightAllowed, type BreakerState } from '../queue/circuit-breaker.ts';

const kinds = ['timeout', 'refused', 'window', 'upgrade', 'protocol', 'error'] as const;
const phases = ['prepare', 'dns', 'connect', 'tls', 'handover', 'headers', 'body'] as const;

const rows: readonly [Partial<Report>, Outcome['state'], Outcome['reason'], RegExp][] = [
  [{ statusCode: 200 }, 'delivered', 'ok', /^$/],
  [{ statusCode: 204 }, 'delivered', 'ok', /^$/],
  [{ statusCode: 206, fault: fault('error', 'ECONNRESET') }, 'delivered', 'ok', /^$/],
  [{ statusCode: 301 }, 'failed', 'redirect', /final address/],
  [{ statusCode: 304 }, 'failed', 'redirect', /final address/],
  [{ statusCode: 401 }, 'failed', 'client_error', /credentials/],
  [{ statusCode: 404 }, 'failed', 'client_error', /path of the endpoint/],
  [{ statusCode: 410 }, 'failed', 'gone', /410/],
  [{ statusCode: 413, fault: fault('error', 'EPIPE') }, 'failed', 'client_error', /size/],
  [{ statusCode: 429 }, 'failed', 'throttled', /fewer/],
  [{ statusCode: 500 }, 'failed', 'server_error', /500/],
  [{ statusCode: 600 }, 'failed', 'protocol', /no HTTP status/],
  [{ phase: 'dns', fault: fault('error', 'ENOTFOUND') }, 'failed', 'dns', /ENOTFOUND/],
  [
    { phase: 'dns', fault: fault('timeout') },
    'failed',
    'timeout_connect',
    /resolving the host name took longer than 1000/,
  ],
  [{ phase: 'connect', fault: fault('error', 'ECONNREFUSED') }, 'failed', 'connect', /nothing listens/],
  [{ phase: 'connect', fault: fault('error', 'EWEIRD') }, 'failed', 'connect', /EWEIRD/],
  [{ phase: 'connect', fault: fault('refused') }, 'failed', 'address_refused', /a fault/],
  [{ phase: 'tls', fault: fault('error', 'CERT_HAS_EXPIRED') }, 'failed', 'tls', /expired/],
  [{ phase: 'tls', fault: fault('error', 'ERR_TLS_CERT_ALTNAME_INVALID') }, 'failed', 'tls', /another host name/],
  // The same codes once the request was written prove nothing.
  [
    { maybeSent: true, phase: 'headers', fault: fault('error', 'ECONNREFUSED') },
    'unknown',
    'connection_lost',
    /may have acted/,
  ],
  [
    { maybeSent: true, phase: 'headers', fault: fault('error', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED') },
    'unknown',
    'connection_lost',
    /CERTIFICATE_REQUIRED/,
  ],
  [{ maybeSent: true, phase: 'headers', fault: fault('timeout') }, 'unknown', 'timeout_response', /within 1000 ms/],
  [{ maybeSent: true, phase: 'headers', fault: fault('protocol') }, 'unknown', 'protocol', /may have acted/],
  [{ maybeSent: true, phase: 'headers', fault: fault('upgrade') }, 'failed', 'protocol', /101/],
  [{ phase: 'prepare', fault: fault('error') }, 'failed', 'unsendable', /could not be made/],
  [{ phase: 'handover', fault: fault('window') }, 'failed', 'released', /a fault/],
];

test('each row of the outcome table is judged as it says', () => {
  for (const [facts, state, reason, message] of rows) {
    const outcome = judge(report(facts));
    assert.deepEqual([outcome.state, outcome.reason], [state, reason], JSON.stringify(facts));
    assert.match(outcome.message, message);
  }
});

const anyReport = fc.record({
  phase: fc.constantFrom<Phase>(...phases),
  maybeSent: fc.boolean(),
  statusCode: fc.oneof(fc.constant(0), fc.integer({ min: 200, max: 999 })),
  fault: fc.option(fc.record({ kind: fc.constantFrom(...kinds), code: fc.string(), message: fc.string() }), {
    nil: undefined,
  }),
});

test('without a status, what was written is never called failed, and what was not is never called unknown', () => {
  fc.assert(
    fc.property(anyReport, (facts) => {
      const outcome = judge(report(facts));
      assert.ok(reasons.includes(outcome.reason));
      assert.equal(outcome.state === 'delivered', facts.statusCode >= 200 && facts.statusCode < 300);
      if (facts.statusCode === 0 && facts.fault?.kind !== 'upgrade') {
        assert.equal(outcome.state, facts.maybeSent ? 'unknown' : 'failed');
      }
    }),
  );
});

test('a settlement is one of the ways out of sending, and under at_most_once it ends unless nothing was sent', () => {
  fc.assert(
    fc.property(anyReport, (facts) => {
      const outcome = judge(report(facts));
      const { state } = settlement('at_most_once', outcome, () => 1);
      assert.ok(mayBecome('sending', state));
      assert.equal(state === 'pending', outcome.reason === 'released');
      if (state === 'pending' || state === 'retry_wait') assert.equal(facts.maybeSent, false);
    }),
  );
});

test('nothing leaves an ended state, and only a release leads back', () => {
  for (const ended of endedStates) {
    for (const state of [...openStates, ...endedStates]) assert.equal(mayBecome(ended, state), false);
  }
  // After a restore, also what waits for its next attempt under at_most_once is unknown.
  assert.ok(mayBecome('retry_wait', 'unknown'));
  assert.equal(mayBecome('pending', 'delivered'), false);
  assert.equal(mayBecome('sending', 'cancelled'), false);
});

test('a lane goes by sequence, and a resend comes after its original', () => {
  assert.ok(precedes({ sequence: 1, generation: 3 }, { sequence: 2, generation: 0 }));
  assert.ok(precedes({ sequence: 2, generation: 0 }, { sequence: 2, generation: 1 }));
  assert.ok(!precedes({ sequence: 2, generation: 0 }, { sequence: 2, generation: 0 }));
});

test('a webhook is timing out after timeouts in a row, and healthy again after any answer', () => {
  const timeout: Outcome = { state: 'unknown', reason: 'timeout_response', statusCode: 0, message: '' };
  const answered: Outcome = { state: 'failed', reason: 'server_error', statusCode: 500, message: '' };
  const refused: Outcome = { state: 'failed', reason: 'connect', statusCode: 0, message: '' };
  const after = (...outcomes: Outcome[]) =>
    outcomes.reduce<BreakerState>((breaker, outcome) => breakerAfter(breaker, outcome, 0), untestedBreaker).receiver;
  assert.equal(after(timeout), 'timing-out');
  assert.equal(after(refused), 'untested');
  assert.equal(after(answered, timeout, timeout), 'healthy');
  assert.equal(after(answered, timeout, timeout, timeout), 'timing-out');
  assert.equal(after(timeout, timeout, answered), 'healthy');
  assert.equal(inFlightAllowed(untestedBreaker, 8, 0), 1);
  assert.equal(inFlightAllowed(breakerAfter(untestedBreaker, timeout, 0), 8, 0), 2);
  assert.equal(inFlightAllowed(breakerAfter(untestedBreaker, answered, 0), 8, 0), 8);
});

function report(facts: Partial<Report>): Report {
  return {
    phase: 'headers',
    maybeSent: false,
    statusCode: 0,
    fault: undefined,
    timeoutMs: 1_000,
    durationMs: 1,
    responseHeadersJson: '',
    responseBody: '',
    ...facts,
  };
}

function fault(kind: TransportFault['kind'], code = ''): TransportFault {
  return { kind, code, message: 'a fault' };
}
