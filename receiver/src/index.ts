export * from './event-types.ts';
export * from './events.ts';
export type { RequestHeaders } from './headers.ts';
export * from './order.ts';
export * from './webhook.ts';
