import type { Transaction } from '../database/database.ts';
import { renderPush, type Person } from '../events/event.ts';
import { Failure, invalid, notFound } from '../runtime/failure.ts';
import type { ActionCall, ActionCaller } from '../webhooks/ports.ts';
import type { WebhookSource } from '../webhooks/webhook-index.ts';
import type { Webhook } from '../webhooks/webhook.ts';
import { change, type ActionParts } from './change.ts';
import type { Incident } from './incident.ts';
import { readIncidents } from './incident-list-store.ts';
import { incidentPayload } from './incident-payload.ts';
import { embeddedAlerts } from './present-object.ts';

export interface CustomActionServiceParts extends ActionParts {
  readonly webhooks: WebhookSource;
  readonly caller: ActionCaller;
}

/** Runs custom actions (contract 1.8, 6.2). */
export class CustomActionService {
  readonly #parts: CustomActionServiceParts;

  constructor(parts: CustomActionServiceParts) {
    this.#parts = parts;
  }

  /**
   * Calls the action and waits for its answer. It becomes an event only when the receiver accepted it, in the same
   * transaction as its record in the history; the event has the id that the receiver saw.
   * @returns the fault, for people; '' when there was none.
   * @throws Failure when there is no such incident or action, or the action may not run on it.
   */
  async run(incidentId: string, webhookId: number, person: Person): Promise<string> {
    const { database, ids } = this.#parts;
    const eventId = ids.event();
    const { call, action } = await database.transaction((tx) =>
      this.#begin(tx, { incidentId, webhookId, eventId, person }),
    );
    const result = await call.send();
    if (!result.delivered) {
      await database.transaction((tx) => result.settle(tx));
      return result.message;
    }
    const detail = { integration_id: webhookId, integration_name: action.name };
    await change(this.#parts, async (set) => {
      await result.settle(set.tx);
      await set.loadIncidents([incidentId]);
      const incident = set.incident(incidentId);
      // The incident may have been removed during the call; the call is in the history all the same.
      if (incident === undefined) return;
      set.putIncident({ ...incident, updatedAt: set.now });
      set.incidentEvent('i_custom', incidentId, { eventId, person, detail });
    });
    return '';
  }

  /** The actions that may be run on an incident, in the order of their making. @throws Failure when there is none. */
  async listFor(incidentId: string): Promise<readonly Webhook[]> {
    const { database, webhooks } = this.#parts;
    const [incident] = await readIncidents(database, [incidentId]);
    if (incident === undefined) throw notFound('incident', incidentId);
    const { list } = await webhooks.current();
    return list.filter((one) => one.type === 'custom_action' && refusalOf(one, incident) === undefined);
  }

  async #begin(tx: Transaction, run: ActionRun): Promise<{ call: ActionCall; action: Webhook }> {
    const { database, clock, caller, webhooks, directories } = this.#parts;
    const read = { read: tx.query, dialect: database.dialect };
    const action = (await webhooks.in(tx)).find(run.webhookId);
    const [incident] = await readIncidents(read, [run.incidentId]);
    if (incident === undefined) throw notFound('incident', run.incidentId);
    if (action?.type !== 'custom_action') throw notFound('custom action', run.webhookId);
    const refusal = refusalOf(action, incident);
    if (refusal !== undefined) throw refusal;
    const directory = await directories.in(tx);
    const eventTime = Math.max(clock.now(), incident.lastEventTime + 1);
    const head = { eventTime, type: 'i_custom', eventId: run.eventId, person: run.person };
    const alerts = await embeddedAlerts(tx.query, incident, directory);
    const push = {
      eventId: run.eventId,
      entityId: incident.incidentId,
      sequence: incident.lastSequence + 1,
      eventTime,
      channelId: incident.channelId,
      payload: renderPush(head, { incident: { ...incidentPayload(incident, directory), alerts } }),
    };
    return { call: await caller.begin(tx, action, push), action };
  }
}

interface ActionRun {
  readonly incidentId: string;
  readonly webhookId: number;
  readonly eventId: string;
  readonly person: Person;
}

/** Why the action may not be run on the incident; `undefined` when it may. */
function refusalOf(action: Webhook, incident: Incident): Failure | undefined {
  if (action.status !== 'enabled') {
    return new Failure('BadRequest', `the custom action is ${action.status}: enable it first`);
  }
  if (action.channelIds.length > 0 && !action.channelIds.includes(incident.channelId)) {
    const where = incident.channelId === 0 ? 'belongs to no channel' : `is in channel ${incident.channelId}`;
    const message = `the incident ${where}, and this custom action is for certain other channels only`;
    return invalid([{ field: 'integration_id', message }]);
  }
  return undefined;
}
