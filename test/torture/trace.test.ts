import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durableBytes, findHaste, readTrace } from './trace.ts';

const port = 9_000;
const push = `7 read(30<TCP:[127.0.0.1:80->127.0.0.1:5]>, "POST /event/push/alert/standard?"..., 65536) = 400`;
const frame = (offset: number) => `7 pwrite64(23</d/tocsin.db-wal>, "\\0\\0"..., 4096, ${offset}) = 4096`;
const sync = `7 fdatasync(23</d/tocsin.db-wal>) = 0`;
const ok = `7 write(30<TCP:[127.0.0.1:80->127.0.0.1:5]>, "HTTP/1.1 200 OK\\r\\n"..., 200) = 200`;
const dial = `7 connect(31<TCP:[77]>, {sa_family=AF_INET, sin_port=htons(9000), sin_addr=inet_addr("127.0.0.1")}, 16) = -1 EINPROGRESS`;
const request = `7 writev(31<TCP:[127.0.0.1:6->127.0.0.1:9000]>, [{iov_base="POST /once HTTP/1.1\\r\\n"...}], 2) = 900`;
const inOrder = [push, frame(32), sync, ok, frame(4152), sync, dial, request, frame(8272), sync];

const second = [push, frame(9000), sync, ok, dial, request, frame(13_120), sync];

const hasty: readonly { name: string; lines: readonly string[]; because: RegExp }[] = [
  { name: 'a 200 before the commit', lines: [push, ok, frame(32), sync], because: /200 was written after 0 durable/ },
  { name: 'a 200 before the sync', lines: [push, frame(32), ok, sync], because: /200 was written after 0 durable/ },
  {
    name: 'a request before its claim',
    lines: [push, frame(32), sync, ok, request, frame(4152), sync],
    because: /request was written after 1 durable commits instead of 2/,
  },
  {
    name: 'a connection before the claim is synced',
    lines: [push, frame(32), sync, ok, frame(4152), dial, sync, request],
    because: /dialled after 1 durable commits instead of 2/,
  },
  {
    name: 'a request before the change that claims it is synced',
    lines: [...inOrder, push, frame(9000), dial, request, sync, ok],
    because: /push 2: a request was written after 0 durable commits instead of 1/,
  },
  {
    name: 'a 200 after the sync of an earlier write',
    lines: [frame(32), push, sync, ok, frame(4152), sync],
    because: /200 was written after 0 durable/,
  },
  {
    name: 'a 200 after a sync that began before the commit',
    lines: [
      push,
      '8 fdatasync(23</d/tocsin.db-wal> <unfinished ...>',
      frame(32),
      '8 <... fdatasync resumed>) = 0',
      ok,
      sync,
    ],
    because: /200 was written after 0 durable/,
  },
];

test('a trace in which everything is durable before it goes out has no faults', () => {
  assert.deepEqual(findHaste(readTrace([...inOrder, ...second].join('\n'), port)), []);
});

for (const { name, lines, because } of hasty) {
  test(`the trace shows ${name}`, () => {
    assert.match(findHaste(readTrace(lines.join('\n'), port)).join('\n'), because);
  });
}

test('a call that another thread interrupts counts where it counts: a sync at its end, a write at its beginning', () => {
  const lines = [
    push,
    frame(32),
    '7 fdatasync(23</d/tocsin.db-wal> <unfinished ...>',
    '8 read(9</dev/null>, "", 1) = 0',
    '7 <... fdatasync resumed>) = 0',
    '7 write(30<TCP:[127.0.0.1:80->127.0.0.1:5]>, "HTTP/1.1 200 OK\\r\\n"..., 200 <unfinished ...>',
    '7 <... write resumed>) = 200',
  ];
  assert.deepEqual(
    readTrace(lines.join('\n'), port).map((step) => step.kind),
    ['pushed', 'frames', 'syncing', 'synced', 'acknowledged'],
  );
});

test('the durable part of the log ends at the last sync, and is nothing after the log has begun anew', () => {
  const header = `7 pwrite64(23</d/tocsin.db-wal>, "7\\177"..., 32, 0) = 32`;
  const steps = (lines: readonly string[]) => readTrace(lines.join('\n'), port);
  assert.equal(durableBytes(steps([header, frame(56), sync, frame(4176)])), 4_152);
  assert.equal(durableBytes(steps([header, frame(56), sync, header])), 0);
  const beside = ['8 fdatasync(23</d/tocsin.db-wal> <unfinished ...>', '8 <... fdatasync resumed>) = 0'] as const;
  assert.equal(durableBytes(steps([header, frame(56), beside[0], frame(4176), beside[1]])), 4_152);
});

test('the log of the search index, which lies beside it, says nothing of the log', () => {
  const header = `7 pwrite64(23</d/tocsin.db-wal>, "7\\177"..., 32, 0) = 32`;
  const ofSearch = [header, sync].map((line) => line.replace('tocsin.db-wal', 'tocsin.db-search-wal'));
  assert.equal(durableBytes(readTrace([header, frame(56), sync, ...ofSearch].join('\n'), port)), 4_152);
});
