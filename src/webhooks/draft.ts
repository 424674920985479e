import { alertEventTypes, incidentEventTypes, type EventType } from '../events/event-types.ts';
import type { Fault } from '../runtime/failure.ts';
import { checkEndpoint, type EndpointPolicy } from './endpoint.ts';
import { checkHeaders, maskHeader } from './headers.ts';
import { checkSecret } from './secret.ts';
import type { DeliveryMode, OrderPolicy, RetryRule, Webhook, WebhookHeader, WebhookType } from './webhook.ts';

/** The settable fields (contract 2.1). `undefined` = unchanged, or the default in a new webhook. */
export interface WebhookChange {
  readonly name?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly description?: string | undefined;
  readonly teamId?: number | undefined;
  readonly tlsVerify?: boolean | undefined;
  /** Replaces all headers. Sending back a masked value leaves the header unchanged. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly channelIds?: readonly number[] | undefined;
  readonly eventTypes?: readonly string[] | undefined;
  readonly timeoutMs?: number | undefined;
  readonly mode?: DeliveryMode | undefined;
  readonly orderPolicy?: OrderPolicy | undefined;
  readonly retry?: { readonly [Key in keyof RetryRule]?: RetryRule[Key] | undefined } | undefined;
  readonly unsentRetrySeconds?: number | undefined;
  readonly rateLimitPerSecond?: number | undefined;
  readonly maxInFlight?: number | undefined;
  readonly signing?: boolean | undefined;
  /** A secret chosen by the caller; it replaces all present ones at once. */
  readonly secret?: string | undefined;
}

export const timeoutDefaultMs = 1000;
export const maxInFlightDefault = 32;
/** A receiver that restarts within this time loses nothing. */
export const unsentRetrySecondsDefault = 10;

/** Defaults of each mode: one attempt within an hour, or as many as fit into three days. */
export const retryDefaults: Readonly<Record<DeliveryMode, RetryRule>> = {
  at_most_once: { maxAttempts: 1, maxAgeSeconds: 3_600, on: 'any' },
  at_least_once: { maxAttempts: 20, maxAgeSeconds: 259_200, on: 'any' },
};

/** A webhook that is not stored, with the defaults of contract 2.1. */
export function blankWebhook(type: WebhookType, creatorId: number, now: number): Webhook {
  return {
    webhookId: 0,
    type,
    name: '',
    endpoint: '',
    description: '',
    teamId: 0,
    status: 'enabled',
    tlsVerify: true,
    headers: [],
    channelIds: [],
    eventTypes: [],
    timeoutMs: timeoutDefaultMs,
    mode: 'at_most_once',
    orderPolicy: 'every',
    retry: retryDefaults.at_most_once,
    unsentRetrySeconds: unsentRetrySecondsDefault,
    rateLimitPerSecond: 0,
    maxInFlight: maxInFlightDefault,
    signing: true,
    secrets: [],
    pausedAt: 0,
    pausedBy: 0,
    creatorId,
    createdAt: now,
    updatedAt: now,
  };
}

/** The webhook after a change, and its faults but for those that other rows decide. */
export function withChange(
  before: Webhook,
  change: WebhookChange,
  policy: EndpointPolicy,
  now: number,
): { webhook: Webhook; faults: Fault[] } {
  const faults: Fault[] = [];
  const webhook: Webhook = {
    ...before,
    name: change.name ?? before.name,
    endpoint: change.endpoint === undefined ? before.endpoint : readEndpoint(change.endpoint, policy, faults),
    description: change.description ?? before.description,
    teamId: change.teamId ?? before.teamId,
    tlsVerify: change.tlsVerify ?? before.tlsVerify,
    headers: change.headers === undefined ? before.headers : readHeaders(change.headers, before.headers, faults),
    channelIds: change.channelIds === undefined ? before.channelIds : [...new Set(change.channelIds)],
    eventTypes: change.eventTypes === undefined ? before.eventTypes : readTypes(before.type, change.eventTypes, faults),
    timeoutMs: change.timeoutMs ?? before.timeoutMs,
    ...readMode(before, change, faults),
    unsentRetrySeconds: change.unsentRetrySeconds ?? before.unsentRetrySeconds,
    rateLimitPerSecond: change.rateLimitPerSecond ?? before.rateLimitPerSecond,
    maxInFlight: change.maxInFlight ?? before.maxInFlight,
    signing: change.signing ?? before.signing,
    secrets:
      change.secret === undefined ? before.secrets : [{ secret: readSecret(change.secret, faults), expiresAt: 0 }],
    updatedAt: now,
  };
  return { webhook, faults };
}

/** The event types that a webhook of this type may take. */
export function eventTypesOf(type: WebhookType): readonly EventType[] {
  if (type === 'incident') return incidentEventTypes;
  return type === 'alert' ? alertEventTypes : ['i_custom'];
}

/** A change of mode also sets the retries of the new mode, unless the change sets them. */
function readMode(
  before: Webhook,
  change: WebhookChange,
  faults: Fault[],
): Pick<Webhook, 'mode' | 'orderPolicy' | 'retry'> {
  const mode = change.mode ?? before.mode;
  const base = mode === before.mode ? before.retry : retryDefaults[mode];
  const retry: RetryRule = {
    maxAttempts: change.retry?.maxAttempts ?? base.maxAttempts,
    maxAgeSeconds: change.retry?.maxAgeSeconds ?? base.maxAgeSeconds,
    on: change.retry?.on ?? base.on,
  };
  const orderPolicy = change.orderPolicy ?? (mode === before.mode ? before.orderPolicy : 'every');
  if (mode === 'at_most_once' && retry.maxAttempts > 1) {
    faults.push({ field: 'retry.max_attempts', message: 'is 1 under at_most_once: choose at_least_once for retries' });
  }
  if (mode === 'at_most_once' && orderPolicy === 'latest') {
    faults.push({
      field: 'order_policy',
      message: 'latest is for at_least_once: under at_most_once nothing is retried',
    });
  }
  return { mode, orderPolicy, retry };
}

function readEndpoint(text: string, policy: EndpointPolicy, faults: Fault[]): string {
  const check = checkEndpoint(text, policy);
  if (check.ok) return check.url;
  faults.push(...check.faults);
  return text;
}

function readHeaders(
  sent: Readonly<Record<string, string>>,
  present: readonly WebhookHeader[],
  faults: Fault[],
): readonly WebhookHeader[] {
  const headers = Object.entries(sent).map(([name, value]) => ({ name, value: unmasked(name, value, present) }));
  const check = checkHeaders(headers);
  if (check.ok) return check.headers;
  faults.push(...check.faults);
  return present;
}

/** Readers of a webhook see masks, and would otherwise send them back as values when they change another field. */
function unmasked(name: string, value: string, present: readonly WebhookHeader[]): string {
  const stored = present.find((header) => header.name === name)?.value;
  return stored !== undefined && value === maskHeader(stored) ? stored : value;
}

function readTypes(webhookType: WebhookType, sent: readonly string[], faults: Fault[]): EventType[] {
  const allowed = eventTypesOf(webhookType);
  const types = allowed.filter((type) => sent.includes(type));
  const unknown = sent.filter((text) => !types.some((type) => type === text));
  for (const text of unknown) {
    const message = `${JSON.stringify(text)} is not an event type of ${kindNames[webhookType]}: choose among ${allowed.join(', ')}`;
    faults.push({ field: 'event_types', message, code: 'not_allowed' });
  }
  return types;
}

const kindNames: Readonly<Record<WebhookType, string>> = {
  incident: 'an incident webhook',
  alert: 'an alert webhook',
  custom_action: 'a custom action',
};

function readSecret(text: string, faults: Fault[]): string {
  const check = checkSecret(text);
  if (check.ok) return check.secret;
  faults.push(...check.faults);
  return text;
}
