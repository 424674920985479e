import { z } from 'zod';
import { alertEventTypes, incidentEventTypes } from '../../events/event-types.ts';
import { keptBackBy } from '../../webhooks/subscription.ts';
import { limitDefault, limitMax, orZero } from '../routes/paging.ts';
import { listOf, numberId } from './fields.ts';
import { endedStates } from '../../delivery/store/delivery.ts';
import { reasons } from '../../delivery/store/outcome.ts';
import { milliseconds, spanMaxMs, states } from './history.ts';
import { objectId } from './scalars.ts';
import { draftFields, objectNow } from './webhook.ts';

const pushEventId = z
  .string()
  .regex(/^[0-9a-fA-F]{32}$/, 'must be the event_id of a push, 32 hex digits')
  .transform((id) => id.toLowerCase())
  .meta({ pattern: '^[0-9a-fA-F]{32}$' });
const refId = objectId.optional().describe('The id of an alert or incident.');
const sequence = z.int().min(1).optional().describe('Of the event, in the order of its alert or incident.');
const eventType = z.enum([...incidentEventTypes, ...alertEventTypes]);

const event = z
  .object({
    event_id: z.string().describe('As in the push.'),
    event_type: eventType,
    event_time: z.int().describe('Unix milliseconds.'),
    ref_id: z.string().describe('The alert or incident.'),
    sequence: z.int(),
    channel_id: z.int().describe('0 = none.'),
  })
  .meta({ id: 'EventRef' });

export const explainRequest = z
  .object({
    event_id: pushEventId.optional().describe('As in the push; or say ref_id and sequence.'),
    ref_id: refId,
    sequence,
    integration_id: z.int().min(0).default(0).describe('The webhook; 0 = all, without custom actions.'),
  })
  .refine((input) => input.event_id !== undefined || (input.ref_id !== undefined && input.sequence !== undefined), {
    error: 'say which event by event_id, or by ref_id and sequence',
  })
  .meta({ anyOf: [{ required: ['event_id'] }, { required: ['ref_id', 'sequence'] }] });

const rules = ['matched', 'created_later', 'forgotten', ...keptBackBy] as const;

export const explainReply = z.object({
  event,
  matched: z.int().describe('Webhooks that got a delivery of it.'),
  items: z.array(
    z
      .object({
        integration_id: numberId,
        name: z.string().describe('As of the event.'),
        webhook_type: z.enum(['incident', 'alert', 'custom_action']),
        verdict: z
          .enum([...states, 'not_sent', 'forgotten'])
          .describe('The state of the newest delivery of the event; not_sent = there was none.'),
        rule: z
          .enum(rules)
          .describe(
            'Why, by the settings in force then. matched: it has a delivery; created_later: the webhook was not there yet; forgotten: older than the history; others name the setting that kept it back.',
          ),
        record_id: z.string().describe("Of the delivery, as in the history; '' = none."),
        reason: z.string().describe("Why its last attempt ended as it did; '' where there is none."),
        error_message: z.string().describe('Not for the role viewer.'),
      })
      .meta({ id: 'Verdict' }),
  ),
});

const needsDraft = { error: 'say which webhook by integration_id, or describe one by type' };

export const previewRequest = z
  .object({
    ...draftFields,
    event_type: z
      .string()
      .optional()
      .describe('Of a sample or an object as it is now; the first of its kind when left out.'),
    ...objectNow,
    event_id: pushEventId.optional().describe('Of a stored event.'),
    ref_id: objectId.optional().describe('An alert or incident: its newest event, or the one of `sequence`.'),
    sequence,
  })
  .refine((input) => input.integration_id !== undefined || input.type !== undefined, needsDraft)
  .meta({ anyOf: [{ required: ['integration_id'] }, { required: ['type'] }] });

export const previewReply = z.object({
  request: z
    .object({
      method: z.literal('POST'),
      url: z.string(),
      headers: z.record(z.string(), z.string()).describe('The values of custom headers and the signature are masked.'),
      body: z.string(),
    })
    .nullable()
    .describe('null when the draft has faults that keep it from being made.'),
  event: event.nullable().describe('null for a sample.'),
  matches: z.object({
    matched: z.boolean(),
    reason: z.enum(['', ...keptBackBy]).describe("The setting that keeps the event back; '' = it matches."),
  }),
  faults: z.array(
    z.object({
      path: z.string().describe('The field.'),
      line: z.int().describe('In a text of several lines; 0 = the field as a whole.'),
      column: z.int(),
      message: z.string(),
    }),
  ),
});

export const rehearseRequest = z
  .object({
    ...draftFields,
    start_time: milliseconds,
    end_time: milliseconds.describe('Unix milliseconds; later than start_time, by 31 days at most.'),
  })
  .refine((input) => input.integration_id !== undefined || input.type !== undefined, needsDraft)
  .refine((input) => input.end_time > input.start_time, {
    path: ['end_time'],
    message: 'must be later than start_time',
  })
  .refine((input) => input.end_time - input.start_time <= spanMaxMs, {
    path: ['end_time'],
    message: 'may be at most 31 days after start_time',
  })
  .meta({ anyOf: [{ required: ['integration_id'] }, { required: ['type'] }] });

export const rehearseReply = z.object({
  total: z.int().describe('Events in the span, whichever webhooks get them.'),
  matched: z.int(),
  by_type: z.array(z.object({ event_type: eventType, count: z.int() })).describe('The most frequent first.'),
  peak_per_minute: z.int(),
  peak_at: z.int().describe('When that minute began, Unix milliseconds; 0 = nothing matched.'),
  biggest_bytes: z.int().describe('Of the biggest body among those that matched.'),
  complete: z.boolean().describe('false: the time was up before the whole span was counted.'),
  since: z.int().describe('Unix milliseconds: events from then on are counted, the newest first.'),
});

export const recordIdsMax = 1_000;
export const perSecondDefault = 50;
export const perSecondMax = 1_000;

/** What did not arrive, and was not replaced by a newer event either. */
export const notArrived = ['failed', 'unknown', 'expired', 'cancelled'] as const;

export const replayRequest = z
  .object({
    integration_id: numberId,
    record_ids: z
      .array(z.string().min(1).max(64))
      .max(recordIdsMax)
      .default([])
      .describe('Of records of the history; or say start_time and end_time.'),
    start_time: milliseconds.optional().describe('Of the events, Unix milliseconds.'),
    end_time: milliseconds.optional().describe('Unix milliseconds; later than start_time.'),
    ref_id: z.string().max(128).default('').describe("The id of an alert or incident; '' = all."),
    event_types: z.array(z.string()).max(100).default([]).describe('[] = all.'),
    states: z
      .array(z.enum(endedStates))
      .max(endedStates.length)
      .default([])
      .describe(
        'As in the history; [] = failed, unknown, expired and cancelled. Without `delivered`, an event that has arrived since is left out.',
      ),
    reasons: z.array(z.enum(reasons)).max(reasons.length).default([]).describe('[] = whatever the reason.'),
    order_policy: z
      .enum(['every', 'latest'])
      .default('every')
      .describe(
        'every: each event, in order; latest: the last one of each alert or incident, and every custom action.',
      ),
    max_per_second: z.int().min(1).max(perSecondMax).default(perSecondDefault),
    dry_run: z.boolean().default(false).describe('Counts, and sends nothing.'),
  })
  .superRefine((input, context) => {
    const fault = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message });
    if (input.record_ids.length > 0) return;
    const { start_time: start, end_time: end } = input;
    if (start === undefined) fault('start_time', 'is needed, or record_ids');
    if (end === undefined) fault('end_time', 'is needed, or record_ids');
    if (start !== undefined && end !== undefined && end <= start) fault('end_time', 'must be later than start_time');
  })
  .meta({
    anyOf: [
      { required: ['record_ids'], properties: { record_ids: { type: 'array', minItems: 1 } } },
      { required: ['start_time', 'end_time'] },
    ],
  });

const byType = z
  .array(z.object({ event_type: eventType, count: z.int() }))
  .describe('Records, the most frequent first.');

export const replayBegun = z.object({
  replay_id: z.string().describe("'' of a dry run."),
  count: z.int().describe('Records that are selected, as the history counts them.'),
  pushes: z.int().describe('That will be sent: one for each event, or for each alert or incident.'),
  by_type: byType,
  oldest: z.int().describe('Of the oldest event, Unix milliseconds; 0 = nothing is selected.'),
});

export const replayRef = z.object({ replay_id: objectId });

const replayFields = z
  .object({
    replay_id: z.string(),
    integration_id: numberId,
    state: z.enum(['running', 'done', 'cancelled', 'failed']),
    order_policy: z.enum(['every', 'latest']),
    max_per_second: z.int(),
    total: z.int().describe('Pushes to send, as counted when it began.'),
    done: z.int().describe('Pushes that have ended.'),
    waiting: z.int().describe('Pushes that wait or are in flight.'),
    outcomes: z
      .object({ delivered: z.int(), failed: z.int(), unknown: z.int(), expired: z.int(), cancelled: z.int() })
      .describe('Of those that have ended.'),
    paused_until: z.int().describe('The receiver is down; the next try, Unix milliseconds. 0 = it goes on.'),
    message: z.string().describe("Why it failed; '' otherwise."),
    selection: z.object({
      record_ids: z.int().describe('How many were named; 0 = by the rest.'),
      start_time: z.int(),
      end_time: z.int(),
      ref_id: z.string(),
      event_types: z.array(z.string()),
      states: z.array(z.string()),
      reasons: z.array(z.string()),
    }),
    creator_id: z.int(),
    created_at: z.int().describe('Unix milliseconds.'),
    finished_at: z.int().describe('Unix milliseconds; 0 = it runs.'),
  })
  .meta({ id: 'Replay' });
export const replayInfo = replayFields;

export const replayListRequest = z.object({
  p: z.int().min(1).default(1),
  limit: z.int().min(1).max(limitMax).meta(orZero).default(limitDefault),
  integration_id: z.int().min(0).default(0).describe('The webhook; 0 = all.'),
});
export const replayListReply = listOf(replayFields);
export const replayCancelled = z.object({ cancelled: z.int().describe('Pushes that waited.') });
