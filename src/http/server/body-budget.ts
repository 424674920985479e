/** Large bodies of one sender that may be received, or worked on, at once: as many bytes as so many of the largest. */
const bodiesOfOneOwner = 2;
/** Of all senders together. */
const bodiesOfAll = 8;

/** Bounds the memory that large bodies take from their first byte until they are answered. */
export class BodyBudget {
  readonly #ownerMax: number;
  readonly #allMax: number;
  readonly #byOwner = new Map<string, number>();
  #all = 0;

  /** @param bodyMaxBytes the largest body there may be. */
  constructor(bodyMaxBytes: number) {
    this.#ownerMax = bodiesOfOneOwner * bodyMaxBytes;
    this.#allMax = bodiesOfAll * bodyMaxBytes;
  }

  /** @returns whether there is room for them; without, nothing is taken. */
  take(owner: string, bytes: number): boolean {
    const own = (this.#byOwner.get(owner) ?? 0) + bytes;
    if (own > this.#ownerMax || this.#all + bytes > this.#allMax) return false;
    this.#byOwner.set(owner, own);
    this.#all += bytes;
    return true;
  }

  release(owner: string, bytes: number): void {
    const own = (this.#byOwner.get(owner) ?? 0) - bytes;
    if (own > 0) this.#byOwner.set(owner, own);
    else this.#byOwner.delete(owner);
    this.#all -= bytes;
  }
}
