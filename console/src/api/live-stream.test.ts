import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveStream, offAfterMs, promptMs, sleepAfterMs, type LivePorts } from './live-stream.ts';
import { pollMs } from './state.ts';

/** A browser whose clock stands still until the test moves it. */
function rig() {
  let now = 0;
  let visible = true;
  let look = (): void => undefined;
  const planned = new Set<{ at: number; work: () => void }>();
  const open: Parameters<LivePorts['open']>[0][] = [];
  const seen: string[] = [];
  const stream = new LiveStream({
    open(events) {
      open.push(events);
      return { close: () => void open.splice(open.indexOf(events), 1) };
    },
    after(ms, work) {
      const one = { at: now + ms, work };
      planned.add(one);
      return () => planned.delete(one);
    },
    isVisible: () => visible,
    onVisibility(listener) {
      look = listener;
      return () => undefined;
    },
  });
  stream.follow({ hint: ({ topic }) => seen.push(topic), gap: () => seen.push('gap') });
  return {
    stream,
    open,
    seen,
    pass(ms: number): void {
      for (const end = now + ms; ;) {
        const next = [...planned].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) return void (now = end);
        planned.delete(next);
        now = next.at;
        next.work();
      }
    },
    show(next: boolean): void {
      visible = next;
      look();
    },
  };
}

test('the first stream is no gap when it comes with the page, and is one when it comes late', () => {
  const prompt = rig();
  prompt.stream.start();
  prompt.pass(promptMs - 1);
  prompt.open[0]?.hello();
  assert.deepEqual(prompt.seen, []);
  const late = rig();
  late.stream.start();
  late.pass(promptMs);
  late.open[0]?.hello();
  assert.deepEqual(late.seen, ['gap']);
});

test('hints reach those who follow, and a stream that comes back is a gap', () => {
  const { stream, open, seen } = rig();
  stream.start();
  open[0]?.hello();
  assert.equal(stream.state.get(), 'live');
  open[0]?.hint({ topic: 'delivery', data: {} });
  open[0]?.lost(false);
  assert.equal(stream.state.get(), 'connecting');
  open[0]?.hello();
  assert.deepEqual(seen, ['delivery', 'gap']);
});

test('a hidden tab gives its connection back after a while, and asks for everything when it is seen again', () => {
  const { stream, open, seen, pass, show } = rig();
  stream.start();
  open[0]?.hello();
  show(false);
  pass(sleepAfterMs - 1);
  assert.equal(open.length, 1);
  show(true);
  pass(sleepAfterMs);
  assert.equal(open.length, 1);
  show(false);
  pass(sleepAfterMs);
  assert.deepEqual([open.length, stream.state.get()], [0, 'asleep']);
  show(true);
  open[0]?.hello();
  assert.deepEqual([stream.state.get(), seen], ['live', ['gap']]);
});

test('without a stream for a while it polls, tries on, and stops polling once there is one', () => {
  const { stream, open, seen, pass } = rig();
  stream.start();
  open[0]?.lost(true);
  pass(offAfterMs);
  assert.equal(stream.state.get(), 'off');
  pass(2 * pollMs);
  assert.deepEqual(seen, ['gap', 'gap', 'gap']);
  assert.equal(open.length, 1);
  open[0]?.lost(true);
  assert.equal(stream.state.get(), 'off');
  pass(5_000);
  open[0]?.hello();
  assert.equal(stream.state.get(), 'live');
  const before = seen.length;
  pass(60_000);
  assert.equal(seen.length, before);
});

test('its end leaves nothing behind', () => {
  const { stream, open, pass, seen } = rig();
  const end = stream.start();
  open[0]?.lost(true);
  end();
  pass(60_000);
  assert.deepEqual([open.length, seen], [0, []]);
});
