import { createHash } from 'node:crypto';
import type { Idempotency } from '../../access/idempotency-store.ts';
import { DatabaseFailure } from '../../database/database.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Failure } from '../../runtime/failure.ts';
import type { Caller } from './auth.ts';
import type { ServerLog } from './server-options.ts';

export interface KeyedRequest {
  readonly key: string;
  readonly path: string;
  readonly caller: Caller;
  readonly bytes: Buffer;
}

export interface KeptReply {
  readonly dataJson: string;
  /** The answer of an earlier request. */
  readonly replayed: boolean;
}

/** A first request that takes longer than this has failed. */
const runningMaxMs = 60_000;

/**
 * Does the work of a request at most once per member, path and `Idempotency-Key`.
 *
 * The key is taken in a transaction before the work, and the answer is written to it afterwards: so the work is never
 * repeated, and a replayed answer is true. When the process dies in between, or the outcome of a commit is unknown, the
 * key stays taken without an answer. Then nobody knows whether the change was made, and a retry is refused
 * (`RequestLocked`) instead of being done again.
 */
export async function answeredOnce(
  parts: { idempotency: Idempotency; clock: Clock; log: ServerLog },
  request: KeyedRequest,
  work: () => Promise<string>,
): Promise<KeptReply> {
  const { idempotency, clock } = parts;
  const id = digest(`${request.caller.person.person_id}\n${request.path}\n${request.key}`);
  const taken = await idempotency.take(id, digest(request.bytes), clock.now());
  if (taken.kind === 'answered') return { dataJson: taken.answer, replayed: true };
  if (taken.kind === 'mismatch') throw new Failure('BadRequest', mismatchMessage);
  if (taken.kind === 'open') throw lockedFailure(clock.now() - taken.since);
  const dataJson = await workOrRelease(idempotency, id, work);
  await keep(parts, id, dataJson);
  return { dataJson, replayed: false };
}

const mismatchMessage =
  'this Idempotency-Key was used with another body; use a new key for a new request, and the same body for a retry';

function lockedFailure(ageMs: number): Failure {
  if (ageMs < runningMaxMs) {
    return new Failure('RequestLocked', 'the first request with this Idempotency-Key still runs', {
      retryAfterSeconds: 1,
    });
  }
  return new Failure(
    'RequestLocked',
    'the first request with this Idempotency-Key broke off, and whether it changed anything is not known: look, then use a new key',
  );
}

/** A refusal has rolled everything back, so a corrected retry may use the same key. */
async function workOrRelease(idempotency: Idempotency, id: string, work: () => Promise<string>): Promise<string> {
  try {
    return await work();
  } catch (error) {
    if (changedNothing(error)) await idempotency.release(id);
    throw error;
  }
}

function changedNothing(error: unknown): boolean {
  if (error instanceof DatabaseFailure) return error.kind !== 'unavailable';
  return error instanceof Failure;
}

/** The change is made, so the caller gets the answer, even when it cannot be stored for a later retry. */
async function keep(parts: { idempotency: Idempotency; log: ServerLog }, id: string, dataJson: string): Promise<void> {
  try {
    await parts.idempotency.answer(id, dataJson);
  } catch (error) {
    if (!(error instanceof DatabaseFailure)) throw error;
    parts.log.warn('http.idempotency_answer_lost', { error });
  }
}

function digest(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
