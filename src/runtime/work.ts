import { AsyncLocalStorage } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';

/** Hears the name of the work that the event loop does from now on. Without a listener, a mark costs a comparison. */
export const workChannel = channel('tocsin:work');

const names = new AsyncLocalStorage<string>();

/**
 * Names some work for the meter of the event loop, and all that comes of it.
 * @param name from a short list of ours, such as the path of a route: never what a user wrote.
 */
export function named<Result>(name: string, work: () => Result): Result {
  return names.run(name, () => {
    resumed();
    return work();
  });
}

/** The named work goes on after a wait. Called where much may follow, so that its time is not counted as another's. */
export function resumed(): void {
  if (workChannel.hasSubscribers) workChannel.publish(names.getStore() ?? '');
}
