import { alertsOfIncident } from '../alerts/alert-list-store.ts';
import { alertPayload } from '../alerts/payload.ts';
import type { Transaction } from '../database/database.ts';
import { renderPush, type Person } from '../events/event.ts';
import { Failure, invalid, notFound } from '../runtime/failure.ts';
import type { ActionCall, ActionCaller } from '../webhooks/action-caller.ts';
import type { WebhookDirectory } from '../webhooks/webhook-directory.ts';
import type { Webhook } from '../webhooks/webhook.ts';
import { change, type ActionParts } from './change.ts';
import type { Incident } from './incident.ts';
import { readIncidents } from './incident-list-store.ts';
import { incidentPayload } from './payload.ts';

/** Alerts that come with the incident, the newest first; its `alert_cnt` counts all (contract 1.8). */
export const embeddedAlertsMax = 100;
/** They end earlier where their JSON text would grow beyond this. */
const embeddedAlertsMaxChars = 1_000_000;

export interface CustomActionsParts extends ActionParts {
  readonly webhooks: { in(tx: Transaction): Promise<WebhookDirectory> };
  readonly caller: ActionCaller;
}

/** Runs what people have set up as buttons on incidents (contract 1.8, 6.2). */
export class CustomActions {
  readonly #parts: CustomActionsParts;

  constructor(parts: CustomActionsParts) {
    this.#parts = parts;
  }

  /**
   * Calls the action and waits for its answer. Only when the receiver took it does it become an event, in the same
   * transaction as its record in the history; the event has the id that the receiver saw.
   * @returns what went wrong, for people; '' when nothing did.
   * @throws Failure when there is no such incident or action, or the action may not be run on it.
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
      await set.loadIncidents([incidentId], false);
      const incident = set.incident(incidentId);
      // It may have been removed while the receiver was working; the call is in the history all the same.
      if (incident === undefined) return;
      set.putIncident({ ...incident, updatedAt: set.now });
      set.incidentEvent('i_custom', incidentId, { eventId, person, detail });
    });
    return '';
  }

  async #begin(tx: Transaction, run: Run): Promise<{ call: ActionCall; action: Webhook }> {
    const { database, clock, caller, webhooks, directories } = this.#parts;
    const read = { read: tx.query, dialect: database.dialect };
    const action = (await webhooks.in(tx)).find(run.webhookId);
    const [incident] = await readIncidents(read, [run.incidentId]);
    if (incident === undefined) throw notFound('incident', run.incidentId);
    if (action?.type !== 'custom_action') throw notFound('custom action', run.webhookId);
    mayRunOn(action, incident);
    const alerts = { incidentId: run.incidentId, active: undefined, offset: 0, limit: embeddedAlertsMax };
    const { items } = await alertsOfIncident(read, alerts);
    const directory = await directories.in(tx);
    const eventTime = Math.max(clock.now(), incident.lastEventTime + 1);
    const head = { eventTime, type: 'i_custom', eventId: run.eventId, person: run.person };
    const embedded = withinSize(items.map((one) => alertPayload(one, incident.title, directory)));
    const push = {
      eventId: run.eventId,
      entityId: incident.incidentId,
      sequence: incident.lastSequence + 1,
      eventTime,
      channelId: incident.channelId,
      payload: renderPush(head, { incident: { ...incidentPayload(incident, directory), alerts: embedded } }),
    };
    return { call: await caller.begin(tx, action, push), action };
  }
}

interface Run {
  readonly incidentId: string;
  readonly webhookId: number;
  readonly eventId: string;
  readonly person: Person;
}

/** @throws Failure */
function mayRunOn(action: Webhook, incident: Incident): void {
  if (action.status !== 'enabled') {
    throw new Failure('BadRequest', `the custom action is ${action.status}: enable it first`);
  }
  if (action.channelIds.length > 0 && !action.channelIds.includes(incident.channelId)) {
    const where = incident.channelId === 0 ? 'belongs to no channel' : `is in channel ${incident.channelId}`;
    const message = `the incident ${where}, and this custom action is for certain other channels only`;
    throw invalid([{ field: 'integration_id', message }]);
  }
}

function withinSize(alerts: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  let chars = 0;
  return alerts.filter((alert) => (chars += JSON.stringify(alert).length) <= embeddedAlertsMaxChars);
}
