/*
 * What the database holds after the last drain, and how it came to that: rows of the service's own tables, and two logs
 * that triggers of the torture test wrote in the service's transactions. All instants are Unix milliseconds.
 */

export interface StoredEvent {
  readonly eventId: string;
  readonly kind: 'alert' | 'incident';
  readonly entityId: string;
  readonly sequence: number;
  readonly type: string;
  readonly eventTime: number;
  readonly payload: string;
  /** 0 where the database does not say. */
  readonly committedAt: number;
}

/** The row of an alert or an incident. */
export interface StoredEntity {
  readonly kind: StoredEvent['kind'];
  readonly entityId: string;
  readonly sequence: number;
  readonly eventTime: number;
  readonly title: string;
  readonly description: string;
  readonly progress: string;
}

export interface StoredDelivery {
  readonly deliveryId: string;
  readonly webhookId: number;
  readonly eventId: string;
  readonly entityId: string;
  readonly sequence: number;
  readonly mode: 'at_most_once' | 'at_least_once';
  readonly state: string;
  readonly attempt: number;
  readonly fence: number;
  readonly reason: string;
  readonly statusCode: number;
  readonly shard: number;
  /** The replay that made it; '' = none. */
  readonly replayId: string;
}

export interface StoredAttempt {
  readonly deliveryId: string;
  readonly attempt: number;
  readonly outcome: string;
  readonly reason: string;
  readonly maybeSent: boolean;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly message: string;
  readonly statusCode: number;
}

/** One committed change of a delivery; those of one delivery are in their order. */
export interface Move {
  readonly deliveryId: string;
  readonly state: string;
  readonly attempt: number;
  readonly fence: number;
  readonly reason: string;
  /** Of its commit on PostgreSQL, of its statement on SQLite. */
  readonly at: number;
}

/** One committed change of who holds a shard; those of one shard are in their order. */
export interface LeaseChange {
  readonly shard: number;
  /** '' = nobody. */
  readonly owner: string;
  readonly fence: number;
  readonly at: number;
}

export interface Stored {
  readonly events: readonly StoredEvent[];
  readonly entities: readonly StoredEntity[];
  readonly deliveries: readonly StoredDelivery[];
  readonly attempts: readonly StoredAttempt[];
  readonly moves: readonly Move[];
  /** Empty where one process has the database to itself. */
  readonly leases: readonly LeaseChange[];
}
