import { basename } from 'node:path';
import { databaseFile } from '../../src/database/open.ts';

/** The system calls that show what was durable when: for `strace -e trace=…`. */
export const tracedCalls = 'pwrite64,write,writev,sendto,sendmsg,read,recvfrom,fsync,fdatasync,connect';

/**
 * What a process did, as the disk and the wire see it. `frames`, `syncing` and `synced` are of SQLite's write-ahead log: to
 * write is nothing, only what was written before a sync began survives a power cut once it has ended. A write counts from
 * its beginning.
 */
export type Step =
  /** Up to `end`, bytes from the start of the log. */
  | { readonly kind: 'frames'; readonly end: number }
  /** The log begins anew, in the same file. */
  | { readonly kind: 'restarted' }
  | { readonly kind: 'syncing' | 'synced'; readonly thread: string }
  /** A push of an alert was read. */
  | { readonly kind: 'pushed' }
  /** The first bytes of a 200 were written. */
  | { readonly kind: 'acknowledged' }
  | { readonly kind: 'dialled' }
  /** The first bytes of a request of ours were written. */
  | { readonly kind: 'requested' };

/** Reads the output of `strace -f -yy`. @param receiverPort where requests of ours go. */
export function readTrace(text: string, receiverPort: number): Step[] {
  const begun = new Map<string, string>();
  return text.split('\n').flatMap((line): Step[] => {
    const [, thread = '', call = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (call.endsWith('<unfinished ...>')) {
      begun.set(thread, call);
      return stepOf(call, receiverPort, 'begun', thread);
    }
    if (!call.startsWith('<... ')) return stepOf(call, receiverPort, 'whole', thread);
    // What it was called with stands in its beginning, what it gave in its end.
    const ended = `${begun.get(thread) ?? ''}${call}`;
    begun.delete(thread);
    return stepOf(ended, receiverPort, 'ended', thread);
  });
}

function stepOf(call: string, receiverPort: number, part: 'begun' | 'ended' | 'whole', thread: string): Step[] {
  const [, name = '', file = ''] = /^(\w+)\(\d+<([^>]*)>/.exec(call) ?? [];
  // Beside it lies the log of the search index, which is written without a sync and can be made anew.
  const isLog = basename(file) === `${databaseFile}-wal`;
  if (isLog && (name === 'fsync' || name === 'fdatasync')) {
    const [begin, end] = [{ kind: 'syncing', thread } as const, { kind: 'synced', thread } as const];
    return { begun: [begin], ended: [end], whole: [begin, end] }[part];
  }
  const isRead = name === 'read' || name === 'recvfrom';
  // Counted once: input at the end of the call, output at its beginning.
  if (part === (isRead ? 'begun' : 'ended')) return [];
  if (isLog) return logWrite(name, call);
  if (name === 'connect') return call.includes(`sin_port=htons(${receiverPort})`) ? [{ kind: 'dialled' }] : [];
  if (!file.startsWith('TCP')) return [];
  if (isRead) return call.includes('"POST /event/push/') ? [{ kind: 'pushed' }] : [];
  if (call.includes('"HTTP/1.1 200')) return [{ kind: 'acknowledged' }];
  return call.includes('"POST /') ? [{ kind: 'requested' }] : [];
}

/** Bytes of the log before its first frame. */
const logHeaderBytes = 32;

function logWrite(name: string, call: string): Step[] {
  const [, length = '', offset = ''] = /, (\d+), (\d+)(?:\)| <unfinished)/.exec(call) ?? [];
  if (name !== 'pwrite64' || offset === '') return [];
  if (Number(offset) < logHeaderBytes) return [{ kind: 'restarted' }];
  return [{ kind: 'frames', end: Number(offset) + Number(length) }];
}

/**
 * The steps that were taken before their cause was durable, in words; empty when none was. The steps must be of pushes that came one at a
 * time, each settled before the next, and each with the same webhook, which answers. The claim of the first push is the second
 * commit, after its change; the receiver has answered then, so those after it are claimed in the commits of their changes.
 */
export function findHaste(steps: readonly Step[]): string[] {
  const faults: string[] = [];
  let pushes = 0;
  let commits = 0;
  /** Writes to the log, and how many of them a sync has covered that has ended. */
  let [written, durable] = [0, 0];
  let writtenBefore = 0;
  const covers = new Map<string, number>();
  const claimed = () => (pushes === 1 ? 2 : 1);
  const demand = (what: string, needed: number) => {
    if (pushes > 0 && commits < needed)
      faults.push(`push ${pushes}: ${what} after ${commits} durable commits instead of ${needed}`);
  };
  for (const step of steps) {
    if (step.kind === 'pushed') {
      pushes += 1;
      commits = 0;
      writtenBefore = written;
    } else if (step.kind === 'frames') written += 1;
    else if (step.kind === 'syncing') covers.set(step.thread, written);
    else if (step.kind === 'synced') {
      const covered = covers.get(step.thread) ?? 0;
      if (covered > Math.max(durable, writtenBefore)) commits += 1;
      durable = Math.max(durable, covered);
    } else if (step.kind === 'acknowledged') demand('a 200 was written', 1);
    else if (step.kind === 'dialled') demand('the receiver was dialled', claimed());
    else if (step.kind === 'requested') demand('a request was written', claimed());
  }
  return faults;
}

/** How much of the log a power cut leaves for certain, in bytes. */
export function durableBytes(steps: readonly Step[]): number {
  let [written, durable] = [0, 0];
  const covers = new Map<string, number>();
  for (const step of steps) {
    if (step.kind === 'restarted') {
      written = logHeaderBytes;
      durable = 0;
      covers.clear();
    } else if (step.kind === 'frames') written = Math.max(written, step.end);
    else if (step.kind === 'syncing') covers.set(step.thread, written);
    else if (step.kind === 'synced') durable = Math.max(durable, covers.get(step.thread) ?? 0);
  }
  return durable;
}
