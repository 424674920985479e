import type { Database } from '../database/database.ts';
import type { EventType } from '../events/event-types.ts';
import type { Clock } from '../runtime/clock.ts';
import { firstEventIdAt, timeOfEventId } from '../runtime/ids.ts';
import { keptBack, type Subscription } from '../webhooks/subscription.ts';
import { countEvents, type EventGroup } from './rehearse-store.ts';

export interface Rehearsal {
  /** Events of the span, whichever webhooks get them. */
  readonly total: number;
  readonly matched: number;
  /** The most frequent first. */
  readonly byType: readonly { readonly type: EventType; readonly count: number }[];
  readonly peakPerMinute: number;
  /** When the minute of the peak began, Unix milliseconds; 0 = nothing matched. */
  readonly peakAt: number;
  readonly biggestBytes: number;
  /** Unix milliseconds: earlier events were not looked at, because the time was up. The start of the span otherwise. */
  readonly since: number;
  readonly complete: boolean;
}

export interface RehearseParts {
  readonly database: Pick<Database, 'longRead'>;
  readonly clock: Clock;
}

/** Time for one rehearsal; the newest events are counted first. */
export const budgetMs = 5_000;
const minuteMs = 60_000;

/** Counts what a webhook with these settings would have got of the events of a span (Unix ms, the end not included). */
export async function rehearse(
  { database, clock }: RehearseParts,
  webhook: Subscription,
  startTime: number,
  endTime: number,
): Promise<Rehearsal> {
  const until = clock.monotonic() + budgetMs;
  const fromId = firstEventIdAt(startTime);
  const tally = new Tally({ ...webhook, status: 'enabled' });
  let before: string | undefined = firstEventIdAt(endTime);
  let since = startTime;
  while (before !== undefined) {
    const stretch = await countEvents(database, fromId, before);
    tally.add(stretch.groups);
    before = stretch.next;
    if (before !== undefined && clock.monotonic() > until) {
      since = timeOfEventId(before);
      break;
    }
  }
  return { ...tally.result(), since, complete: before === undefined };
}

/** Adds groups up; pure. */
export class Tally {
  readonly #webhook: Subscription;
  readonly #types = new Map<EventType, number>();
  readonly #minutes = new Map<number, number>();
  #total = 0;
  #biggest = 0;

  constructor(webhook: Subscription) {
    this.#webhook = webhook;
  }

  add(groups: readonly EventGroup[]): void {
    for (const { kind, type, channelId, minute, count, bytes } of groups) {
      this.#total += count;
      if (keptBack(this.#webhook, { kind, type, channelId }) !== undefined) continue;
      this.#types.set(type, (this.#types.get(type) ?? 0) + count);
      this.#minutes.set(minute, (this.#minutes.get(minute) ?? 0) + count);
      this.#biggest = Math.max(this.#biggest, bytes);
    }
  }

  result(): Omit<Rehearsal, 'since' | 'complete'> {
    const byType = [...this.#types].map(([type, count]) => ({ type, count }));
    let peak = { minute: 0, count: 0 };
    for (const [minute, count] of this.#minutes) if (count > peak.count) peak = { minute, count };
    return {
      total: this.#total,
      matched: byType.reduce((sum, { count }) => sum + count, 0),
      byType: byType.toSorted((one, other) => other.count - one.count || one.type.localeCompare(other.type)),
      peakPerMinute: peak.count,
      peakAt: peak.minute * minuteMs,
      biggestBytes: this.#biggest,
    };
  }
}
