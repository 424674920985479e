import type { Person } from '../../events/event.ts';
import type { EventType } from '../../events/event-types.ts';
import { presentAlert, presentIncident, type PresentParts } from '../../incidents/present-object.ts';
import { invalid } from '../../runtime/failure.ts';
import { eventTypesOf } from '../../webhooks/draft.ts';
import type { RealObject } from '../../webhooks/ports.ts';
import { isDoneByPeople } from '../../webhooks/samples.ts';
import type { Webhook, WebhookType } from '../../webhooks/webhook.ts';

interface WantedObject {
  readonly incident_id?: string | undefined;
  readonly alert_id?: string | undefined;
}

/**
 * The incident or alert that a test push or a preview names; `undefined` = it names none.
 * @throws Failure when it is of the other kind, or not there.
 */
export async function realObject(
  parts: PresentParts,
  webhook: Webhook,
  type: EventType,
  { incident_id: incidentId, alert_id: alertId }: WantedObject,
  caller: Person,
): Promise<RealObject | undefined> {
  const isForAlerts = webhook.type === 'alert';
  const [wrong, kind] = isForAlerts ? ['incident_id', 'alerts'] : ['alert_id', 'incidents'];
  if ((isForAlerts ? incidentId : alertId) !== undefined) {
    throw invalid([{ field: wrong, message: `this webhook is for ${kind}: leave it out` }]);
  }
  const person = isDoneByPeople(type) ? caller : undefined;
  if (alertId !== undefined) return { ...(await presentAlert(parts, alertId)), person };
  if (incidentId === undefined) return undefined;
  return { ...(await presentIncident(parts, incidentId, webhook.type === 'custom_action')), person };
}

/** The first type of the webhook's kind when none is named. @throws Failure when there is no such type. */
export function eventTypeOf(webhookType: WebhookType, wanted: string | undefined): EventType {
  const types = eventTypesOf(webhookType);
  const type = wanted === undefined ? types[0] : types.find((one) => one === wanted);
  if (type !== undefined) return type;
  throw invalid([{ field: 'event_type', message: `must be one of ${types.join(', ')}` }]);
}
