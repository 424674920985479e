import { AsyncLocalStorage } from 'node:async_hooks';

/** A running transaction; found by the async context of the code that it calls. */
export interface Scope {
  open: boolean;
}

const running = new AsyncLocalStorage<Scope>();

/** Runs `work` so that {@link refuseInside} recognises it, and all that it calls, until the scope is closed. */
export function inside<Result>(scope: Scope, work: () => Result): Result {
  return running.run(scope, work);
}

/** @throws Error when called from the work of a running transaction, where waiting for `what` could last for ever. */
export function refuseInside(what: string, instead: string): void {
  if (running.getStore()?.open === true) {
    throw new Error(`${what} was used inside a transaction, where it could wait for itself: ${instead}`);
  }
}

/** Captures the caller's async context, for work that runs later in another turn of the loop. */
export function callersContext(): <Result>(work: () => Result) => Result {
  return AsyncLocalStorage.snapshot();
}
