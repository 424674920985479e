import type { z } from 'zod';
import type { Role } from '../../access/role.ts';
import type { PresentParts } from '../../incidents/present-object.ts';
import type { RequestBuilder } from '../../delivery/attempt/push-request.ts';
import { explain, type Verdict } from '../../replay/explain.ts';
import type { EventRef, ExplainedEvent } from '../../replay/explain-store.ts';
import { preview, type PreviewedEvent } from '../../replay/preview.ts';
import { rehearse } from '../../replay/rehearse.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Failure, type Fault } from '../../runtime/failure.ts';
import type { Ids } from '../../runtime/ids.ts';
import type { WebhookService } from '../../webhooks/webhook-service.ts';
import type { Webhook } from '../../webhooks/webhook.ts';
import * as shape from '../schemas/replay.ts';
import { query, type Call, type Route } from './route.ts';
import type { Installed } from './sessions.ts';
import { eventTypeOf, realObject } from './present-push.ts';
import { changeOf } from './webhook-object.ts';

export interface EventAnswerServices extends PresentParts {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly webhooks: WebhookService;
  readonly installed: Pick<Installed, 'historyDays'>;
  readonly build: RequestBuilder;
}

/** Which webhooks get which events: of one event, of one webhook, and over the past days. */
export function eventAnswerRoutes(services: EventAnswerServices): Route[] {
  return [explanations(services), previews(services), rehearsals(services)];
}

function explanations({ database, clock, installed }: EventAnswerServices): Route {
  return query(
    '/webhook/explain',
    'Says for one event which webhooks got it, and which rule kept it from the others.',
    'viewer',
    { request: shape.explainRequest, reply: shape.explainReply },
    async (input, { role }) => {
      const parts = { database, clock, historyDays: installed.historyDays };
      const { event, verdicts } = await explain(parts, storedEvent(input), input.integration_id);
      const items = verdicts.map((one) => verdictObject(one, role));
      return { event: eventObject(event), matched: items.filter(({ rule }) => rule === 'matched').length, items };
    },
  );
}

/** The endpoint is shown in full, so it is for administrators, as a test push is. */
function previews(services: EventAnswerServices): Route {
  return query(
    '/webhook/preview',
    'Shows the exact request that a webhook or a draft would send for an event, and sends nothing.',
    'admin',
    { request: shape.previewRequest, reply: shape.previewReply },
    async (input, call) => {
      const drafted = await draftOf(services, input, call);
      const faults = drafted.faults.map(({ field, message }) => ({ path: field, line: 0, column: 0, message }));
      if (drafted.webhook === undefined) {
        return { request: null, event: null, matches: { matched: false, reason: '' as const }, faults };
      }
      const shown = await preview(
        services,
        drafted.webhook,
        await previewedEvent(services, drafted.webhook, input, call),
      );
      return {
        request: { method: 'POST' as const, url: shown.url, headers: shown.headers, body: shown.body },
        event: shown.event === undefined ? null : eventObject(shown.event),
        matches: { matched: shown.keptBackBy === undefined, reason: shown.keptBackBy ?? ('' as const) },
        faults,
      };
    },
  );
}

function rehearsals(services: EventAnswerServices): Route {
  const { webhooks, database, clock } = services;
  return query(
    '/webhook/rehearse',
    'Counts the events of past days that a webhook or a draft would get.',
    'admin',
    { request: shape.rehearseRequest, reply: shape.rehearseReply },
    async (input, call) => {
      // Only the subscription matters, and a draft may have no endpoint yet.
      const { endpoint: _, ...change } = changeOf(input);
      const scope = { ...change, endpoint: placeholder };
      const webhook =
        input.integration_id === undefined
          ? webhooks.draft(input.type ?? 'incident', scope, call.person.person_id)
          : await webhooks.draftOf(input.integration_id, change);
      const found = await rehearse({ database, clock }, webhook, input.start_time, input.end_time);
      return {
        total: found.total,
        matched: found.matched,
        by_type: found.byType.map(({ type, count }) => ({ event_type: type, count })),
        peak_per_minute: found.peakPerMinute,
        peak_at: found.peakAt,
        biggest_bytes: found.biggestBytes,
        complete: found.complete,
        since: found.since,
      };
    },
  );
}

/** Nothing is sent to it. */
const placeholder = 'https://example.com/';

interface Drafted {
  /** Absent when no request can be made of it. */
  readonly webhook: Webhook | undefined;
  readonly faults: readonly Fault[];
}

/** A draft on the way: its faults are part of the answer, and refuse nothing. */
async function draftOf(
  { webhooks }: EventAnswerServices,
  input: z.output<typeof shape.previewRequest>,
  call: Call,
): Promise<Drafted> {
  const { integration_id: id, type = 'incident' } = input;
  const change = changeOf(input);
  try {
    const webhook =
      id === undefined ? webhooks.draft(type, change, call.person.person_id) : await webhooks.draftOf(id, change);
    return { webhook, faults: await webhooks.faultsOf(id, type, change) };
  } catch (error) {
    if (!(error instanceof Failure) || error.faults.length === 0) throw error;
    return { webhook: undefined, faults: error.faults };
  }
}

function storedEvent(input: z.output<typeof shape.explainRequest>): EventRef {
  if (input.event_id !== undefined) return { eventId: input.event_id };
  return { entityId: input.ref_id ?? '', sequence: input.sequence ?? 0 };
}

async function previewedEvent(
  services: EventAnswerServices,
  webhook: Webhook,
  input: z.output<typeof shape.previewRequest>,
  call: Call,
): Promise<PreviewedEvent> {
  if (input.event_id !== undefined) return { eventId: input.event_id };
  if (input.ref_id !== undefined) {
    return input.sequence === undefined
      ? { newestOf: input.ref_id }
      : { entityId: input.ref_id, sequence: input.sequence };
  }
  const type = eventTypeOf(webhook.type, input.event_type);
  const real = await realObject(services, webhook, type, input, call.person);
  return real === undefined ? { sampleOf: type } : { type, real };
}

function eventObject(event: ExplainedEvent): z.input<typeof shape.explainReply>['event'] {
  return {
    event_id: event.eventId,
    event_type: event.type,
    event_time: event.eventTime,
    ref_id: event.entityId,
    sequence: event.sequence,
    channel_id: event.channelId,
  };
}

function verdictObject(one: Verdict, role: Role): z.input<typeof shape.explainReply>['items'][number] {
  return {
    integration_id: one.webhookId,
    name: one.name,
    webhook_type: one.type,
    verdict: one.verdict,
    rule: one.rule,
    record_id: one.deliveryId,
    reason: one.reason,
    // The words may name an address of the private network.
    error_message: role === 'viewer' ? '' : one.message,
  };
}
