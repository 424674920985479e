import manifest from '../package.json' with { type: 'json' };

/** As in the `User-Agent` of pushes and on the first page. */
export const { version } = manifest;
