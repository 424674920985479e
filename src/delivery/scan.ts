/** A way through the database in the order of entity ids, page by page, to lanes that are not in memory. */
export class Scan {
  #behind: boolean;
  #to = '';
  #missed = false;
  #stalled = false;

  constructor(behind: boolean) {
    this.#behind = behind;
  }

  /** There may be such lanes. */
  get behind(): boolean {
    return this.#behind;
  }

  /** There may be such lanes, and reading may be of use. */
  get needed(): boolean {
    return this.#behind && !this.#stalled;
  }

  /** There is one more such lane, and it may have come up where this has passed. */
  miss(): void {
    this.#behind = true;
    this.#missed = true;
  }

  startAnew(): void {
    this.miss();
    this.#to = '';
  }

  /** Begins a page. @returns the entity id after which it is read; '' = from the first. */
  begin(): string {
    if (this.#to === '') this.#missed = false;
    return this.#to;
  }

  passed(entityId: string): void {
    this.#to = entityId;
  }

  /** No lanes come after the last that was passed; what was missed on the way is looked for from the first on. */
  end(): void {
    this.#to = '';
    this.#behind = this.#missed;
  }

  /** A page brought nothing that there was room for: reading again is of no use before a head has moved. */
  stall(): void {
    this.#stalled = true;
  }

  moved(): void {
    this.#stalled = false;
  }
}
