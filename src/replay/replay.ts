import type { EndedState } from '../delivery/store/delivery.ts';
import type { Reason } from '../delivery/store/outcome.ts';

/** Which ended deliveries of one webhook are sent again. A delivery of a custom action never is. */
export interface Selection {
  /** Of records of the history; empty = all that the rest selects. */
  readonly recordIds: readonly string[];
  /** Of their events, Unix milliseconds, both included. */
  readonly startTime: number;
  readonly endTime: number;
  /** '' = of all alerts and incidents. */
  readonly entityId: string;
  /** Empty = of all types. */
  readonly eventTypes: readonly string[];
  readonly states: readonly EndedState[];
  /** Empty = whatever the reason. */
  readonly reasons: readonly Reason[];
}

/** `every`: each selected event, in order · `latest`: the last one of each alert or incident, and every `i_custom`. */
export type ReplayOrder = 'every' | 'latest';

export type ReplayState = 'running' | 'done' | 'cancelled' | 'failed';

/** A durable job that sends deliveries again, piece by piece. */
export interface Replay {
  readonly replayId: string;
  readonly webhookId: number;
  /** Who asked for it. */
  readonly memberId: number;
  readonly state: ReplayState;
  readonly selection: Selection;
  readonly order: ReplayOrder;
  readonly perSecond: number;
  /** Pushes to send, as counted when it began. */
  readonly total: number;
  /** Deliveries that it has made. */
  readonly made: number;
  /** Selected records of events that it had made a delivery of, or whose object it sends a later event of. */
  readonly skipped: number;
  /** The last record that it has looked at. */
  readonly cursor: { readonly time: number; readonly id: string };
  /** Why it failed; '' otherwise. */
  readonly message: string;
  /** When its next piece is due, Unix milliseconds. */
  readonly dueAt: number;
  /** How long it waits between two probes of a receiver in trouble; 0 = the receiver is well. */
  readonly pauseMs: number;
  readonly createdAt: number;
  /** 0 = it runs. */
  readonly finishedAt: number;
}
