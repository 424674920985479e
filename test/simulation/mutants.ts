import type { Database } from '../../src/database/database.ts';
import type { HttpClient } from '../../src/egress/http-client.ts';
import type { WebhookSource } from '../../src/webhooks/webhook-index.ts';
import type { FanOut } from '../../src/events/event.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Timers } from '../../src/runtime/timers.ts';
import type { DeliveriesOf } from '../../src/webhooks/webhook-service.ts';
import type { ProcessLifetime } from './process-lifetime.ts';
import type { Plan } from './plan.ts';

/** A way in which a service is broken on purpose, by wrappers between it and its ports. */
export interface Variant {
  readonly name: string;
  /** More of the faults under which it shows. */
  plan?(plan: Plan): Plan;
  /** @param now the wall clock. */
  database?(database: Database, now: () => number): Database;
  sender?(sender: HttpClient, life: ProcessLifetime): HttpClient;
  clock?(clock: Clock): Clock;
  timers?(timers: Timers): Timers;
  webhooks?(webhooks: WebhookSource): WebhookSource;
  deliveries?(deliveries: DeliveriesOf): DeliveriesOf;
  fanOut?(fanOut: FanOut, database: Database): FanOut;
  /** Changes a class of the service until it is disposed of. */
  rebuild?(): Disposable;
  /** Statements after a full disk run outside the transaction. */
  readonly runsOnWhenFull?: boolean;
  /** A crash may lose the last commits. */
  readonly unsynced?: boolean;
}

export const sound: Variant = { name: 'sound' };
