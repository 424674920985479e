import type { Delivery } from './delivery.ts';

/** Takes committed deliveries in memory, as a hint. */
export interface HandOff {
  enqueue(deliveries: readonly Delivery[]): void;
  /**
   * Deliveries of a webhook may be allowed to go now.
   * @param anew more was committed than is handed on: its lanes in memory are forgotten, and read again.
   */
  resume(webhookId: number, anew?: boolean): void;
}
