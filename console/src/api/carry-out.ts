import { call, CallError, newIdempotencyKey } from './call.ts';
import type { Path, Reply, Request } from './operations.ts';

const triesMax = 3;
const pauseMs = 1000;

/** Carries an operation out; when its answer is lost it is asked for again, by a key that keeps it from happening twice. */
export async function carryOut<P extends Path>(path: P, body: Request<P>): Promise<Reply<P>> {
  const idempotencyKey = newIdempotencyKey();
  for (let tries = 1; ; tries += 1) {
    try {
      return await call(path, body, { idempotencyKey });
    } catch (error) {
      if (tries === triesMax || !(error instanceof CallError) || error.code !== 'NoAnswer') throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, pauseMs);
      });
    }
  }
}
