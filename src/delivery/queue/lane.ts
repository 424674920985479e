import { precedes, type Delivery, type Urgency } from '../store/delivery.ts';

/**
 * `ready`: its head waits for a turn · `busy`: its head is claimed or in flight · `wanting`: its head must be read ·
 * `reading`: it is being read.
 */
export interface Lane {
  readonly entityId: string;
  state: 'ready' | 'busy' | 'wanting' | 'reading';
  /** The next ones in order, while `busy` without the head. */
  readonly waiting: Delivery[];
  /** `waiting` is all there is: nothing of this lane is only in the database. */
  complete: boolean;
  /** Something came up while its head was wanted or read, so an empty answer may be old. */
  missed: boolean;
  /** The first in order of that, as far as it is known: a head that goes after it is no longer the head. */
  missedFirst: Pick<Delivery, 'sequence' | 'generation'> | undefined;
  /** Its class: the most urgent that waits in it, as far as that is known. A less urgent head goes for the sake of those behind it. */
  urgency: Urgency;
  /** Its place in its class: the id of the oldest delivery of that class in it; '' = not known. */
  since: string;
}

export function newLane(entityId: string, urgency: Urgency, since: string): Lane {
  const state = 'reading';
  return { entityId, state, waiting: [], complete: false, missed: false, missedFirst: undefined, urgency, since };
}

/** This delivery of a lane stays in the database, and so does what goes after it. @returns what leaves memory. */
export function leave(lane: Lane, delivery: Delivery): Delivery[] {
  const { sequence, generation } = delivery;
  lane.complete = false;
  lane.missed = true;
  if (!isOvertaken(lane, delivery)) lane.missedFirst = { sequence, generation };
  const from = lane.waiting.findIndex((waiting) => precedes(delivery, waiting));
  return from === -1 ? [] : lane.waiting.splice(from);
}

/** Something that was missed goes before it. */
export function isOvertaken({ missedFirst }: Lane, delivery: Delivery): boolean {
  return missedFirst !== undefined && precedes(missedFirst, delivery);
}

/** Which page of places is to be read. */
export interface Page {
  readonly urgency: Urgency;
  /** The delivery id after which it begins. */
  readonly after: string;
}

/**
 * The oldest of the most urgent that wait. Nothing that waits is more urgent than the lane was known for, so over the life
 * of a lane each is looked at three times at most.
 */
export function mostUrgent(lane: Lane): Delivery | undefined {
  let found: Delivery | undefined;
  for (const delivery of lane.waiting) {
    if (found === undefined || delivery.urgency < found.urgency) found = delivery;
    if (found.urgency <= lane.urgency) break;
  }
  return found;
}
