import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Replay } from '../../replay/replay.ts';
import { hintText, replayHint, wants, type HintFilter } from './hint.ts';

const replay: Replay = {
  replayId: '6a1f00c2d4e5f60718293a4b',
  webhookId: 7,
  memberId: 1,
  state: 'running',
  selection: {
    recordIds: [],
    startTime: 0,
    endTime: 1,
    entityId: '',
    eventTypes: [],
    states: ['failed'],
    reasons: [],
  },
  order: 'every',
  perSecond: 50,
  total: 500,
  made: 60,
  skipped: 0,
  cursor: { time: 0, id: '' },
  message: '',
  dueAt: 0,
  pauseMs: 0,
  createdAt: 0,
  finishedAt: 0,
};
const everything: HintFilter = { topics: [], webhookId: 0, channelId: 0 };

test('a hint of a replay says how far it is, and goes to streams of its topic and webhook', () => {
  const hint = replayHint({ replay, done: 42 });
  const { replayId: replay_id, webhookId: integration_id, total } = replay;
  assert.deepEqual(hint.data, { replay_id, integration_id, state: 'running', done: 42, total });
  const gets = (filter: Partial<HintFilter>) => wants({ ...everything, ...filter }, hint);
  assert.deepEqual(
    [gets({}), gets({ topics: ['replay'], webhookId: 7 }), gets({ webhookId: 8 }), gets({ topics: ['delivery'] })],
    [true, true, false, false],
  );
});

test('the text of a hint is made once for all streams, and again for another cursor', () => {
  const hint = replayHint({ replay, done: 42 });
  const text = hintText('1-2', hint);
  assert.equal(text, `id: 1-2\nevent: replay\ndata: ${JSON.stringify(hint.data)}\n\n`);
  Object.assign(hint.data, { toJSON: () => assert.fail('made again') });
  assert.equal(hintText('1-2', hint), text);
  assert.throws(() => hintText('1-3', hint), /made again/);
});
