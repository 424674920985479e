import type { Lane } from './lane.ts';

/** The lanes of one webhook whose heads must be read from the database, one batch at a time. */
export class HeadReading {
  readonly #wanting = new Set<Lane>();
  #underWay = false;

  get isIdle(): boolean {
    return this.#wanting.size === 0 && !this.#underWay;
  }

  want(lane: Lane): void {
    lane.state = 'wanting';
    this.#wanting.add(lane);
  }

  forget(lane: Lane): void {
    this.#wanting.delete(lane);
  }

  /** The most urgent ones; none before the answer to the last batch has come. */
  begin(max: number): Lane[] {
    if (this.#underWay) return [];
    const lanes = [...this.#wanting].sort((one, other) => one.urgency - other.urgency).slice(0, max);
    for (const lane of lanes) {
      this.#wanting.delete(lane);
      lane.state = 'reading';
      Object.assign(lane, { missed: false, missedFirst: undefined });
    }
    this.#underWay = lanes.length > 0;
    return lanes;
  }

  end(): void {
    this.#underWay = false;
  }
}
