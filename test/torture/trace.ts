/** The system calls that show what was durable when: for `strace -e trace=…`. */
export const tracedCalls = 'pwrite64,write,writev,sendto,sendmsg,read,recvfrom,fsync,fdatasync,connect';

/**
 * What a process did, as the disk and the wire see it. `frames` and `synced` are of SQLite's write-ahead log: to write is
 * nothing, only what is synced survives a power cut. A write counts from its beginning, a sync from its end.
 */
export type Step =
  /** Up to `end`, bytes from the start of the log. */
  | { readonly kind: 'frames'; readonly end: number }
  /** The log begins anew, in the same file. */
  | { readonly kind: 'restarted' }
  | { readonly kind: 'synced' }
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
      return stepOf(call, receiverPort, 'begun');
    }
    if (!call.startsWith('<... ')) return stepOf(call, receiverPort, 'whole');
    // What it was called with stands in its beginning, what it gave in its end.
    const ended = `${begun.get(thread) ?? ''}${call}`;
    begun.delete(thread);
    return stepOf(ended, receiverPort, 'ended');
  });
}

function stepOf(call: string, receiverPort: number, part: 'begun' | 'ended' | 'whole'): Step[] {
  const [, name = '', file = ''] = /^(\w+)\(\d+<([^>]*)>/.exec(call) ?? [];
  const isSync = name === 'fsync' || name === 'fdatasync';
  const isRead = name === 'read' || name === 'recvfrom';
  // Counted once: what comes in and what is synced at the end of the call, what goes out at its beginning.
  if (part === (isSync || isRead ? 'begun' : 'ended')) return [];
  if (file.endsWith('-wal')) return isSync ? [{ kind: 'synced' }] : logWrite(name, call);
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
 * What was done before it was durable, in words; empty when nothing was. The steps must be of pushes that came one at a
 * time, each settled before the next, and each owed to one webhook: then its change is the first commit and its claim
 * the second.
 */
export function findHaste(steps: readonly Step[]): string[] {
  const faults: string[] = [];
  let pushes = 0;
  let commits = 0;
  let dirty = false;
  const demand = (what: string, needed: number) => {
    if (pushes === 0) return;
    if (dirty) faults.push(`push ${pushes}: ${what} while the log was written and not synced`);
    if (commits < needed) faults.push(`push ${pushes}: ${what} after ${commits} durable commits instead of ${needed}`);
  };
  for (const step of steps) {
    if (step.kind === 'pushed') {
      pushes += 1;
      commits = 0;
    } else if (step.kind === 'frames') dirty = true;
    else if (step.kind === 'synced') {
      if (dirty) commits += 1;
      dirty = false;
    } else if (step.kind === 'acknowledged') demand('a 200 was written', 1);
    else if (step.kind === 'dialled') demand('the receiver was dialled', 2);
    else if (step.kind === 'requested') demand('a request was written', 2);
  }
  return faults;
}

/** How much of the log a power cut leaves for certain, in bytes. */
export function durableBytes(steps: readonly Step[]): number {
  let written = 0;
  let durable = 0;
  for (const step of steps) {
    if (step.kind === 'restarted') {
      written = logHeaderBytes;
      durable = 0;
    } else if (step.kind === 'frames') written = Math.max(written, step.end);
    else if (step.kind === 'synced') durable = written;
  }
  return durable;
}
