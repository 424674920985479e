/** What a test makes of the next request that comes to a point. */
export const breaks = ['none', 'end', 'hang'] as const;
export const points = ['send.before-connect', 'send.before-write', 'send.after-response'] as const;
