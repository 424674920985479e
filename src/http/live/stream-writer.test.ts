import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatherMs, StreamWriter, unsentMax } from './stream-writer.ts';

function rig() {
  const written: string[] = [];
  const unsent: (() => void)[] = [];
  const due = new Map<number, () => void>();
  const set = (ms: number, work: () => void) => {
    due.set(ms, work);
    return () => void due.delete(ms);
  };
  const writer = new StreamWriter({ after: set, soon: (work) => set(0, work) }, (text, sent) => {
    written.push(text);
    unsent.push(sent);
  });
  /** The timer that was set with so many milliseconds goes off. */
  const pass = (ms: number): void => {
    const work = due.get(ms);
    due.delete(ms);
    work?.();
  };
  return { writer, written, unsent, due, pass };
}

test('the events of one turn are one write, and those of the next tenth of a second another one', () => {
  const { writer, written, due, pass } = rig();
  writer.send('a');
  writer.send('b');
  assert.deepEqual(written, []);
  pass(0);
  assert.deepEqual(written, ['ab']);
  writer.send('c');
  writer.send('d');
  assert.deepEqual([...due.keys()], [gatherMs]);
  pass(gatherMs);
  assert.deepEqual(written, ['ab', 'cd']);
  pass(gatherMs);
  assert.equal(due.size, 0);
  writer.send('e');
  pass(0);
  assert.deepEqual(written, ['ab', 'cd', 'e']);
});

test('a client that does not read gets one gap for the events beyond the limit, once it has read', () => {
  const { writer, written, unsent, pass } = rig();
  for (let count = 0; count < unsentMax; count += 1) writer.send('x');
  pass(0);
  assert.equal(written[0]?.length, unsentMax);
  writer.send('y');
  writer.send('y');
  pass(gatherMs);
  assert.equal(written.length, 1);
  unsent[0]?.();
  pass(0);
  assert.deepEqual(written.slice(1), ['event: gap\ndata: {}\n\n']);
});

test('the gathered events are written with the end, and nothing after', () => {
  const { writer, written, due } = rig();
  writer.send('a');
  writer.flush();
  writer.close();
  writer.send('b');
  assert.deepEqual([written, due.size], [['a'], 0]);
});
