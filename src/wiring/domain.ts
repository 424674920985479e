import { readEventsAfter } from '../events/event-store.ts';
import { LiveHub } from '../http/live/live-hub.ts';
import type { DeliveryEngine } from '../delivery/engine.ts';
import type { Logger } from '../runtime/logger.ts';
import { systemTimers } from '../runtime/timers.ts';
import { AlertStore } from '../alerts/alert-store.ts';
import { ChangeService } from '../changes/change-service.ts';
import { partOf } from '../database/config-snapshot.ts';
import type { FanOut } from '../events/event.ts';
import { IncidentService } from '../incidents/incident-service.ts';
import { AlertService } from '../incidents/alert-service.ts';
import { CustomActionService } from '../incidents/custom-action.ts';
import { IncidentStore } from '../incidents/incident-store.ts';
import { pushContext, type Account } from '../ingestion/push-context.ts';
import type { Push } from '../ingestion/ingest.ts';
import { besideOnServer, besideOnSqlite, LargePushRest } from '../ingestion/large-push-rest.ts';
import { createPushQueue } from '../ingestion/push-queue.ts';
import { PushReceiver, type PushReceiverParts } from '../ingestion/push-receiver.ts';
import { ReplayRunner, type ReplayRunnerParts } from '../replay/replay-runner.ts';
import { ReplayService } from '../replay/replay-service.ts';
import type { ActionCaller } from '../webhooks/ports.ts';
import type { Configuration, Ports } from './configuration.ts';

/** The services that change alerts and incidents. */
export function domainOf(ports: Ports, { config }: Configuration, account: Account, fanOut: FanOut) {
  const parts = {
    ...ports,
    alerts: new AlertStore(ports.database),
    incidents: new IncidentStore(ports.database),
    directories: pushContext(account, config),
    fanOut,
    config,
  };
  return {
    parts,
    incidents: new IncidentService(parts),
    alerts: new AlertService(parts),
    changes: new ChangeService(ports),
    /** Runs custom actions. */
    customActions: (caller: ActionCaller) =>
      new CustomActionService({ ...parts, webhooks: partOf(config, 'webhooks'), caller }),
  };
}

interface ReceiverParts extends Pick<PushReceiverParts, 'activity' | 'metrics' | 'parseLarge' | 'sns' | 'log'> {
  readonly mergeWindowMs: number;
  readonly deliveriesMax: number;
}

/** The receiver of pushes; those that wait at the same moment are taken together. */
export function pushReceiverOf(
  { parts, incidents, changes }: ReturnType<typeof domainOf>,
  { config }: Configuration,
  { mergeWindowMs, deliveriesMax, ...rest }: ReceiverParts,
): PushReceiver {
  const pushes = createPushQueue({ ...parts, mergeWindowMs, deliveriesMax, divided: rest.metrics.divided });
  const { clock, ids, database } = parts;
  const take = (push: Push) => pushes.add(push);
  const beside = database.dialect.isServer ? besideOnServer : besideOnSqlite;
  const large = new LargePushRest({ clock, timers: systemTimers, beside });
  return new PushReceiver({ config, incidents, changes, ingest: take, clock, ids, rest: large, ...rest });
}

interface ReplayWiring extends Pick<ReplayRunnerParts, 'at' | 'historyDays' | 'changed' | 'timers'> {
  readonly logger: Logger;
  readonly delivery: Pick<DeliveryEngine, 'handOff' | 'deliveries'>;
}

/** What sends events again, and what carries that on. */
export function replayOn(ports: Ports, { config }: Configuration, { delivery, ...rest }: ReplayWiring) {
  const parts = { ...ports, ...rest, webhooks: partOf(config, 'webhooks') };
  const runner = new ReplayRunner({ ...parts, handOff: delivery.handOff });
  return { runner, replays: new ReplayService({ ...parts, deliveries: delivery.deliveries, runner }) };
}

/** The live stream of one node. */
export function liveOn({ database, clock }: Pick<Ports, 'database' | 'clock'>, logger: Logger): LiveHub {
  return new LiveHub({
    clock,
    timers: systemTimers,
    eventsAfter: (eventId, limit) => readEventsAfter(database, eventId, limit),
    hasPeers: database.shared !== undefined,
    failed: (error) => logger.warn({ error }, 'live.events_not_read'),
  });
}
