import type { Delivery } from './delivery.ts';

/** Lanes that are remembered; the one that was quiet for the longest is forgotten first. */
const lanesMax = 20_000;

/**
 * What was delivered last in each lane, for the header that lets a receiver see a gap. Kept in memory only: where it is
 * not known, nothing is said, because a read for each push would cost more than the header is worth.
 */
export class LastDelivered {
  readonly #sequences = new Map<string, number>();

  note({ webhookId, entityId, sequence }: Delivery): void {
    const lane = `${webhookId} ${entityId}`;
    const before = this.#sequences.get(lane) ?? 0;
    this.#sequences.delete(lane);
    this.#sequences.set(lane, Math.max(before, sequence));
    if (this.#sequences.size <= lanesMax) return;
    const oldest = this.#sequences.keys().next();
    if (oldest.done !== true) this.#sequences.delete(oldest.value);
  }

  forget(): void {
    this.#sequences.clear();
  }

  /** Undefined when it is not known. A resend of an old event says nothing of what came before it. */
  before({ webhookId, entityId, sequence }: Delivery): number | undefined {
    const last = this.#sequences.get(`${webhookId} ${entityId}`);
    return last !== undefined && last < sequence ? last : undefined;
  }
}
