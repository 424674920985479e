import { changeMark } from './notification.ts';

/** The requests for one path, lane by lane. */
export interface Lanes {
  readonly lanes: number;
  /** Lanes whose last change has been accepted. */
  readonly complete: number;
  readonly accepted: number;
  /** Accepted, and accepted before. */
  readonly repeated: number;
  /** Requests that came after one with a later sequence of the same lane, answered or not. */
  readonly outOfOrder: number;
  /** Of the accepted requests: microseconds of the monotonic clock, 0 = none was accepted. */
  readonly firstAt: number;
  readonly lastAt: number;
}

/** Watches the order in which the pushes of each alert come. */
export class LaneWatch {
  readonly #paths = new Map<string, PathWatch>();
  readonly #changes: number;

  /** @param changes of each alert: with the last of them its lane is complete. */
  constructor(changes: number) {
    this.#changes = changes;
  }

  took(head: string, body: string, accepted: boolean, at: number): void {
    const path = /^POST (\S+)/.exec(head)?.[1] ?? '';
    let watch = this.#paths.get(path);
    if (watch === undefined) {
      watch = new PathWatch(this.#changes);
      this.#paths.set(path, watch);
    }
    watch.took(head, body, accepted, at);
  }

  read(): Record<string, Lanes> {
    return Object.fromEntries([...this.#paths].map(([path, watch]) => [path, watch.read()]));
  }
}

interface Lane {
  highest: number;
  readonly accepted: Set<number>;
  complete: boolean;
}

class PathWatch {
  readonly #changes: number;
  readonly #lanes = new Map<string, Lane>();
  #complete = 0;
  #accepted = 0;
  #repeated = 0;
  #outOfOrder = 0;
  #firstAt = 0;
  #lastAt = 0;

  constructor(changes: number) {
    this.#changes = changes;
  }

  took(head: string, body: string, accepted: boolean, at: number): void {
    const entity = /"alert_id":"(\w+)"/.exec(body)?.[1] ?? '';
    const sequence = Number(/tocsin-sequence: *(\d+)/i.exec(head)?.[1] ?? 0);
    const lane = this.#lanes.get(entity) ?? { highest: 0, accepted: new Set(), complete: false };
    this.#lanes.set(entity, lane);
    if (sequence < lane.highest) this.#outOfOrder += 1;
    lane.highest = Math.max(lane.highest, sequence);
    if (!accepted) return;
    this.#accepted += 1;
    this.#repeated += lane.accepted.has(sequence) ? 1 : 0;
    lane.accepted.add(sequence);
    if (this.#firstAt === 0) this.#firstAt = at;
    this.#lastAt = at;
    if (lane.complete || changeOf(body) < this.#changes) return;
    lane.complete = true;
    this.#complete += 1;
  }

  read(): Lanes {
    return {
      lanes: this.#lanes.size,
      complete: this.#complete,
      accepted: this.#accepted,
      repeated: this.#repeated,
      outOfOrder: this.#outOfOrder,
      firstAt: this.#firstAt,
      lastAt: this.#lastAt,
    };
  }
}

function changeOf(body: string): number {
  const at = body.indexOf(changeMark);
  return at === -1 ? 0 : Number.parseInt(body.slice(at + changeMark.length), 10);
}
