import manifest from '../package.json' with { type: 'json' };

/** As in the `User-Agent` of pushes and on the first page. */
export const { version } = manifest;

/** Which of the two the process runs: `build/server.ts` makes the bundle. */
export const runningFrom = import.meta.filename.endsWith('.ts') ? 'sources' : 'bundle';
