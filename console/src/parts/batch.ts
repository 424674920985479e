/** Does the same to many objects, in calls of at most a hundred, and finds out which of them were refused. */
import { CallError } from '../api/call.ts';

/** Ids that one call takes. */
const idsMax = 100;

export interface Refusal {
  readonly id: string;
  readonly message: string;
}

export interface BatchResult {
  readonly done: readonly string[];
  readonly refused: readonly Refusal[];
}

/** A call changes all that it names or nothing, so what a refused one named is tried one by one. */
export async function inBatches(
  ids: readonly string[],
  send: (ids: string[]) => Promise<unknown>,
  onProgress: (finished: number) => void,
  size = idsMax,
): Promise<BatchResult> {
  const done: string[] = [];
  const refused: Refusal[] = [];
  const attempt = async (some: string[]): Promise<void> => {
    try {
      await send(some);
      done.push(...some);
    } catch (error) {
      if (!(error instanceof CallError) || isOfTheCall(error)) throw error;
      const [only, second] = some;
      if (second === undefined) refused.push({ id: only ?? '', message: error.message });
      else for (const id of some) await attempt([id]);
    }
    onProgress(done.length + refused.length);
  };
  for (let from = 0; from < ids.length; from += size) await attempt(ids.slice(from, from + size));
  return { done, refused };
}

/** What no other choice of objects would change. */
function isOfTheCall(error: CallError): boolean {
  return [
    'NoAnswer',
    'Unauthorized',
    'AccessDenied',
    'InternalError',
    'ServiceUnavailable',
    'RequestTooFrequently',
  ].includes(error.code);
}
