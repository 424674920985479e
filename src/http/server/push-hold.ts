import { DatabaseFailure } from '../../database/database.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Timers } from '../../runtime/timers.ts';

/** Pushes that are held at one time, and the bytes of their bodies together; further ones are refused at once. */
export const heldPushesMax = 1_000;
export const heldBytesMax = 67_108_864;

const retryFirstMs = 20;
const retryMaxMs = 200;

export interface PushHoldParts {
  /** How long one push is held; 0 = not at all. */
  readonly holdMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
}

/**
 * Holds pushes while the database is away for a moment. Many senders do not repeat a push that was refused, so a short
 * wait saves alerts that a 503 would lose. A push whose commit was in doubt is taken again, which is harmless: an
 * identical report is a duplicate.
 */
export class PushHold {
  readonly #parts: PushHoldParts;
  #held = 0;
  #bytes = 0;

  constructor(parts: PushHoldParts) {
    this.#parts = parts;
  }

  /** @throws what `work` threw last, when the database is not back in time. */
  async run<Result>(bytes: number, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (!mayComeBack(error) || !this.#hasRoom(bytes)) throw error;
    }
    this.#held += 1;
    this.#bytes += bytes;
    try {
      return await this.#retry(work);
    } finally {
      this.#held -= 1;
      this.#bytes -= bytes;
    }
  }

  #hasRoom(bytes: number): boolean {
    return this.#parts.holdMs > 0 && this.#held < heldPushesMax && this.#bytes + bytes <= heldBytesMax;
  }

  async #retry<Result>(work: () => Promise<Result>): Promise<Result> {
    const { holdMs, clock, timers } = this.#parts;
    const until = clock.monotonic() + holdMs;
    for (let delayMs = retryFirstMs; ; delayMs = Math.min(delayMs * 2, retryMaxMs)) {
      const left = until - clock.monotonic();
      await new Promise<void>((resolve) => void timers.after(Math.max(0, Math.min(delayMs, left)), resolve));
      try {
        return await work();
      } catch (error) {
        if (!mayComeBack(error) || clock.monotonic() >= until) throw error;
      }
    }
  }
}

/** A full disk does not empty itself in seconds. */
function mayComeBack(error: unknown): boolean {
  return error instanceof DatabaseFailure && (error.kind === 'unavailable' || error.kind === 'busy');
}
