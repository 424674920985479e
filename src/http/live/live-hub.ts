import type { CommittedEvent } from '../../events/event-store.ts';
import type { Clock } from '../../runtime/clock.ts';
import { firstEventIdAt } from '../../runtime/ids.ts';
import type { Cancel, Timers } from '../../runtime/timers.ts';
import { wants, type Hint, type HintFilter } from './hint.ts';

export interface LiveHubParts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Up to `limit` events with ids after one, in order. */
  eventsAfter(eventId: string, limit: number): Promise<readonly CommittedEvent[]>;
  /** Several nodes send: this one does not see the deliveries of the others. */
  readonly hasPeers: boolean;
  failed(error: unknown): void;
}

/** One open stream. */
export interface Subscriber {
  readonly filter: HintFilter;
  /** @param cursor to resume the stream from. */
  hint(cursor: string, hint: Hint): void;
  /** Hints were missed: the client reloads everything that it shows. */
  gap(cursor: string): void;
}

/** Hints kept for streams that reconnect, and for new ones. */
export const keptMax = 1_000;
/**
 * A page asks for its rows and for its stream at the same time, and the rows may be read first: a new stream begins with
 * the hints of this long before it.
 */
export const recentMs = 2_000;
/** The interval of reading new events, while there are streams. */
const pollMs = 400;
/** An id holds the time of its making and becomes visible at its commit: each look goes back this far. */
const overlapMs = 2_000;
/** Events per look; if there are more, each stream gets a gap. */
const polledMax = 1_000;
/** With other nodes, each stream gets a gap at this interval: their deliveries may have changed. */
const peersMs = 5_000;

/**
 * Sends hints to the open streams of this node. A look at the event log several times a second finds the events of all
 * nodes; deliveries come from this node's dispatcher. Without streams it reads nothing.
 */
export class LiveHub {
  readonly #parts: LiveHubParts;
  readonly #subscribers = new Set<Subscriber>();
  readonly #known = new Set<string>();
  readonly #kept: { readonly number: number; readonly at: number; readonly hint: Hint }[] = [];
  /** Changes whenever hints may have been missed, so that earlier cursors are not used. */
  #epoch = 0;
  #last = 0;
  #cancel: Cancel = () => {};
  #peersAt = 0;

  constructor(parts: LiveHubParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#subscribers.size;
  }

  /** @param cursor of an earlier stream; '' = none. Missed or recent hints come first. @returns a function that ends it. */
  subscribe(subscriber: Subscriber, cursor: string): () => void {
    if (this.#subscribers.size === 0) this.#begin();
    this.#subscribers.add(subscriber);
    if (cursor === '') this.#tellRecent(subscriber);
    else this.#resume(subscriber, cursor);
    return () => {
      this.#subscribers.delete(subscriber);
      if (this.#subscribers.size === 0) this.#cancel();
    };
  }

  publish(hint: Hint): void {
    this.#last += 1;
    this.#kept.push({ number: this.#last, at: this.#parts.clock.now(), hint });
    if (this.#kept.length > keptMax) this.#kept.shift();
    for (const subscriber of this.#subscribers) {
      if (wants(subscriber.filter, hint)) subscriber.hint(this.#cursor(), hint);
    }
  }

  #cursor(number = this.#last): string {
    return `${this.#epoch}-${number}`;
  }

  #tellRecent(subscriber: Subscriber): void {
    const since = this.#parts.clock.now() - recentMs;
    for (const { number, at, hint } of this.#kept) {
      if (at >= since && wants(subscriber.filter, hint)) subscriber.hint(this.#cursor(number), hint);
    }
  }

  #resume(subscriber: Subscriber, cursor: string): void {
    const [epoch, number] = cursor.split('-').map(Number);
    const oldest = this.#kept[0]?.number ?? this.#last + 1;
    if (epoch !== this.#epoch || number === undefined || number < oldest - 1 || number > this.#last) {
      subscriber.gap(this.#cursor());
      return;
    }
    for (const kept of this.#kept) {
      if (kept.number > number && wants(subscriber.filter, kept.hint)) {
        subscriber.hint(this.#cursor(kept.number), kept.hint);
      }
    }
  }

  #begin(): void {
    const now = this.#parts.clock.now();
    this.#epoch = Math.max(this.#epoch + 1, now);
    this.#peersAt = now + peersMs;
    void this.#look();
  }

  async #look(): Promise<void> {
    const { clock, timers, eventsAfter, failed } = this.#parts;
    const now = clock.now();
    const epoch = this.#epoch;
    try {
      const events = await eventsAfter(firstEventIdAt(now - overlapMs), polledMax);
      if (epoch !== this.#epoch || this.#subscribers.size === 0) return;
      for (const event of events) if (!this.#known.has(event.eventId)) this.#tell(event);
      if (events.length === polledMax) this.#gapForAll();
    } catch (error) {
      failed(error);
    }
    if (epoch !== this.#epoch || this.#subscribers.size === 0) return;
    // By their ids: a node whose clock is ahead makes events that each look finds again for as long as it is.
    const forgotten = firstEventIdAt(now - 2 * overlapMs);
    for (const eventId of this.#known) if (eventId < forgotten) this.#known.delete(eventId);
    if (this.#parts.hasPeers && now >= this.#peersAt) {
      this.#peersAt = now + peersMs;
      this.#gapForAll();
    }
    this.#cancel = timers.after(pollMs, () => void this.#look());
  }

  #tell(event: CommittedEvent): void {
    this.#known.add(event.eventId);
    const { kind, entityId, type, sequence, channelId } = event;
    const data = { [`${kind}_id`]: entityId, event_type: type, sequence, channel_id: channelId };
    this.publish({ topic: kind, entityId, channelId, data });
  }

  #gapForAll(): void {
    for (const subscriber of this.#subscribers) subscriber.gap(this.#cursor());
  }
}
