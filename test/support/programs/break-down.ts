import { isMainThread } from 'node:worker_threads';

/** Loaded into the service before its own code: lets a test ask for a bug, with a signal for each kind. */
if (isMainThread) {
  process.on('SIGUSR2', () => {
    setTimeout(() => {
      throw new Error('a bug that nobody expected');
    });
  });
  process.on('SIGHUP', () => void Promise.reject(new Error('a bug that nobody waits for')));
  process.on('SIGQUIT', () => {
    for (const hoard: object[] = []; ;) hoard.push(Array.from({ length: 1_000 }, () => ({})));
  });
}
