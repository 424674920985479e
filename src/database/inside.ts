import { AsyncLocalStorage } from 'node:async_hooks';

/** A transaction's work while it runs; also its async context, so that what is called from it can be told. */
export interface Scope {
  open: boolean;
}

const running = new AsyncLocalStorage<Scope>();

/** Runs `work` so that {@link refuseInside} knows it, and all that it calls, until the scope is closed. */
export function inside<Result>(scope: Scope, work: () => Result): Result {
  return running.run(scope, work);
}

/** @throws Error when called from a transaction's work that still runs: waiting for `what` there could be for ever. */
export function refuseInside(what: string, instead: string): void {
  if (running.getStore()?.open === true) {
    throw new Error(`${what} was used inside a transaction, where it could wait for itself: ${instead}`);
  }
}

/** The caller's async context, for work that runs later on somebody else's turn. */
export function callersContext(): <Result>(work: () => Result) => Result {
  return AsyncLocalStorage.snapshot();
}
