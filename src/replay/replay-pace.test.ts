import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reason } from '../delivery/store/outcome.ts';
import { paceOf, type ReplayPace, type Progress } from './replay-pace.ts';

const well: Progress = { perSecond: 50, pauseMs: 0, open: 0, lastReasons: ['ok', 'ok', 'ok', 'ok', 'ok'] };
const down: readonly Reason[] = ['connect', 'server_error', 'timeout_response', 'throttled', 'dns'];

const rows: readonly (readonly [what: string, progress: Partial<Progress>, pace: ReplayPace])[] = [
  ['50 a second go in five pieces', {}, { records: 10, waitMs: 200, pauseMs: 0 }],
  ['one a second', { perSecond: 1 }, { records: 1, waitMs: 1_000, pauseMs: 0 }],
  ['a thousand a second', { perSecond: 1_000 }, { records: 200, waitMs: 200, pauseMs: 0 }],
  ['no more than two seconds of pushes wait', { open: 100 }, { records: 0, waitMs: 500, pauseMs: 0 }],
  ['what is left of that room', { open: 96 }, { records: 4, waitMs: 80, pauseMs: 0 }],
  ['some may wait at a low rate, too', { perSecond: 1, open: 19 }, { records: 1, waitMs: 1_000, pauseMs: 0 }],
  ['nothing is known yet', { lastReasons: [] }, { records: 10, waitMs: 200, pauseMs: 0 }],
  ['four outages', { lastReasons: down.slice(1) }, { records: 10, waitMs: 200, pauseMs: 0 }],
  ['five outages in a row: one probe', { lastReasons: down }, { records: 1, waitMs: 1_000, pauseMs: 1_000 }],
  ['the pause doubles', { lastReasons: down, pauseMs: 4_000 }, { records: 1, waitMs: 8_000, pauseMs: 8_000 }],
  ['up to a minute', { lastReasons: down, pauseMs: 60_000 }, { records: 1, waitMs: 60_000, pauseMs: 60_000 }],
  ['no probe while another is under way', { lastReasons: down, open: 1 }, { records: 0, waitMs: 500, pauseMs: 0 }],
  [
    'a refusal of one push is no outage',
    { lastReasons: ['client_error', ...down] },
    { records: 10, waitMs: 200, pauseMs: 0 },
  ],
  ['the probe was taken', { lastReasons: ['ok', ...down], pauseMs: 8_000 }, { records: 10, waitMs: 200, pauseMs: 0 }],
];

for (const [what, progress, pace] of rows) {
  test(`the pace of a replay: ${what}`, () => assert.deepEqual(paceOf({ ...well, ...progress }), pace));
}
