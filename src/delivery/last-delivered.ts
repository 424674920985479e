import type { Delivery } from './delivery.ts';

/** Lanes that are remembered for certain; up to twice as many may be. Those that were quiet for the longest are forgotten. */
export const lanesKept = 20_000;

/**
 * What was delivered last in each lane, for the header that lets a receiver see a gap. Kept in memory only: where it is
 * not known, nothing is said, because a read for each push would cost more than the header is worth.
 */
export class LastDelivered {
  /** Two ages, because a map from which the oldest entry is taken out again and again gets slow. */
  #recent = new Map<string, number>();
  #older = new Map<string, number>();

  note(delivery: Delivery): void {
    const lane = laneOf(delivery);
    this.#recent.set(lane, Math.max(this.#last(lane) ?? 0, delivery.sequence));
    if (this.#recent.size < lanesKept) return;
    this.#older = this.#recent;
    this.#recent = new Map();
  }

  forget(): void {
    this.#recent.clear();
    this.#older.clear();
  }

  /** Undefined when it is not known. A resend of an old event says nothing of what came before it. */
  before(delivery: Delivery): number | undefined {
    const last = this.#last(laneOf(delivery));
    return last !== undefined && last < delivery.sequence ? last : undefined;
  }

  #last(lane: string): number | undefined {
    return this.#recent.get(lane) ?? this.#older.get(lane);
  }
}

function laneOf({ webhookId, entityId }: Delivery): string {
  return `${webhookId} ${entityId}`;
}
