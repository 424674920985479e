import type { Database } from '../../src/database/database.ts';
import type { Sender } from '../../src/delivery/sender.ts';
import type { WebhookSource } from '../../src/delivery/pipeline.ts';
import type { FanOut } from '../../src/events/event.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Timers } from '../../src/runtime/timers.ts';
import type { DeliveriesOf } from '../../src/webhooks/webhooks.ts';
import type { Life } from './life.ts';
import type { Plan } from './plan.ts';

/** A way in which a service is broken on purpose, by what is put between it and its ports. */
export interface Variant {
  readonly name: string;
  /** More of the faults under which it shows. */
  plan?(plan: Plan): Plan;
  /** @param now the wall clock. */
  database?(database: Database, now: () => number): Database;
  sender?(sender: Sender, life: Life): Sender;
  clock?(clock: Clock): Clock;
  timers?(timers: Timers): Timers;
  webhooks?(webhooks: WebhookSource): WebhookSource;
  deliveries?(deliveries: DeliveriesOf): DeliveriesOf;
  fanOut?(fanOut: FanOut, database: Database): FanOut;
  /** What follows a full disk runs on outside the transaction. */
  readonly runsOnWhenFull?: boolean;
  /** A crash may lose the last commits. */
  readonly unsynced?: boolean;
}

export const sound: Variant = { name: 'sound' };
