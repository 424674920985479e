/** What somebody writes into the editor of a webhook, and what of it is sent. Pure. */
import type { Request, Webhook, WebhookType } from '../api/operations.ts';

/** A real incident or alert whose present state is sent. */
export interface TestObject {
  readonly of: 'incident' | 'alert';
  readonly id: string;
}

/** What a test push and the preview show. */
export interface TestChoice {
  /** '' = the first of the kind. */
  readonly eventType: string;
  /** `undefined` = a sample. */
  readonly object: TestObject | undefined;
}

export interface HeaderRow {
  readonly name: string;
  /** Of a stored header this is its mask, until somebody types another value. */
  readonly value: string;
  readonly kept: boolean;
}

/** Numbers are texts while somebody types them. */
export interface Draft {
  readonly type: WebhookType;
  readonly name: string;
  readonly endpoint: string;
  readonly description: string;
  readonly teamId: number;
  readonly tlsVerify: boolean;
  readonly headers: readonly HeaderRow[];
  readonly allChannels: boolean;
  readonly channelIds: readonly number[];
  readonly allTypes: boolean;
  readonly eventTypes: readonly string[];
  readonly timeoutMs: string;
  readonly mode: Webhook['delivery_mode'];
  readonly order: Webhook['order_policy'];
  readonly maxAttempts: string;
  readonly maxAgeSeconds: string;
  readonly retryOn: Webhook['retry']['on'];
  readonly unsentRetry: string;
  readonly rate: string;
  readonly inFlight: string;
  readonly signing: boolean;
  /** A secret that is brought along; only for a new webhook. */
  readonly secret: string;
}

type How = Pick<Draft, 'timeoutMs' | 'mode' | 'order' | 'maxAttempts' | 'maxAgeSeconds' | 'retryOn'>;

export const presets = {
  documented: {
    timeoutMs: '1000',
    mode: 'at_most_once',
    order: 'every',
    maxAttempts: '1',
    maxAgeSeconds: '3600',
    retryOn: 'any',
  },
  flashduty: {
    timeoutMs: '2000',
    mode: 'at_least_once',
    order: 'every',
    maxAttempts: '2',
    maxAgeSeconds: '3600',
    retryOn: 'network_faults',
  },
  durable: {
    timeoutMs: '10000',
    mode: 'at_least_once',
    order: 'every',
    maxAttempts: '20',
    maxAgeSeconds: '259200',
    retryOn: 'any',
  },
} as const satisfies Record<string, How>;

export type Preset = keyof typeof presets | 'own';

export function presetOf(draft: Draft): Preset {
  const names = Object.keys(presets) as (keyof typeof presets)[];
  const matching = names.find((name) =>
    Object.entries(presets[name]).every(([key, value]) => draft[key as keyof How] === value),
  );
  return matching ?? 'own';
}

export function emptyDraft(type: WebhookType): Draft {
  return {
    type,
    name: '',
    endpoint: '',
    description: '',
    teamId: 0,
    tlsVerify: true,
    headers: [],
    allChannels: true,
    channelIds: [],
    allTypes: true,
    eventTypes: [],
    ...presets.documented,
    unsentRetry: '10',
    rate: '0',
    inFlight: '32',
    signing: true,
    secret: '',
  };
}

export function draftOf(webhook: Webhook): Draft {
  return {
    type: webhook.type,
    name: webhook.name,
    endpoint: webhook.endpoint,
    description: webhook.description,
    teamId: webhook.team_id,
    tlsVerify: webhook.tls_verify,
    headers: Object.entries(webhook.headers).map(([name, value]) => ({ name, value, kept: true })),
    allChannels: webhook.channel_ids.length === 0,
    channelIds: webhook.channel_ids,
    allTypes: webhook.event_types.length === 0,
    eventTypes: webhook.event_types,
    timeoutMs: String(webhook.timeout_ms),
    mode: webhook.delivery_mode,
    order: webhook.order_policy,
    maxAttempts: String(webhook.retry.max_attempts),
    maxAgeSeconds: String(webhook.retry.max_age_seconds),
    retryOn: webhook.retry.on,
    unsentRetry: String(webhook.unsent_retry_seconds),
    rate: String(webhook.rate_limit_per_second),
    inFlight: String(webhook.max_in_flight),
    signing: webhook.signing,
    secret: '',
  };
}

/** Values of headers are not known here, so a copy asks for them again. */
export function copyOf(webhook: Webhook): Draft {
  const draft = draftOf(webhook);
  return { ...draft, name: '', headers: draft.headers.map(({ name }) => ({ name, value: '', kept: false })) };
}

type Settings = Omit<
  Required<Request<'/webhook/create'>>,
  'type' | 'secret' | 'filter' | 'body_template' | 'value_mapping'
>;

/** As the API takes it. */
export function settingsOf(draft: Draft): Settings {
  return {
    name: draft.name.trim(),
    endpoint: draft.endpoint.trim(),
    description: draft.description,
    team_id: draft.teamId,
    tls_verify: draft.tlsVerify,
    headers: Object.fromEntries(
      draft.headers.filter(({ name }) => name !== '').map(({ name, value }) => [name, value]),
    ),
    channel_ids: draft.allChannels ? [] : [...draft.channelIds],
    event_types: draft.allTypes || draft.type === 'custom_action' ? [] : [...draft.eventTypes],
    timeout_ms: Number(draft.timeoutMs),
    delivery_mode: draft.mode,
    order_policy: draft.order,
    retry: { max_attempts: Number(draft.maxAttempts), max_age_seconds: Number(draft.maxAgeSeconds), on: draft.retryOn },
    unsent_retry_seconds: Number(draft.unsentRetry),
    rate_limit_per_second: Number(draft.rate),
    max_in_flight: Number(draft.inFlight),
    signing: draft.signing,
  };
}

export function createRequest(draft: Draft): Request<'/webhook/create'> {
  const secret = draft.secret.trim();
  return { type: draft.type, ...settingsOf(draft), ...(secret === '' ? {} : { secret }) };
}

/** One setting that will be another. */
export interface Change {
  readonly field: keyof Settings;
  readonly from: unknown;
  readonly to: unknown;
}

export function changesOf(stored: Draft, draft: Draft): Change[] {
  const before = settingsOf(stored);
  const after = settingsOf(draft);
  const fields = Object.keys(after) as (keyof Settings)[];
  return fields
    .filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
    .map((field) => ({ field, from: before[field], to: after[field] }));
}

/** Only what changed: what others changed in the meantime stays. */
export function changedSettings(stored: Draft, draft: Draft): Partial<Settings> {
  return Object.fromEntries(changesOf(stored, draft).map(({ field, to }) => [field, to]));
}

/** A sample push of the draft, stored or not. */
export function testRequest(
  draft: Draft,
  { eventType, object }: TestChoice,
  stored?: { id: number; draft: Draft },
): Request<'/webhook/test'> {
  // The kind of a new webhook may have changed since the object was chosen.
  const fits = object !== undefined && (object.of === 'alert') === (draft.type === 'alert');
  const push = {
    ...(eventType === '' ? {} : { event_type: eventType }),
    ...(fits ? { [`${object.of}_id`]: object.id } : {}),
  };
  if (stored !== undefined) return { integration_id: stored.id, ...changedSettings(stored.draft, draft), ...push };
  const { name, ...request } = createRequest(draft);
  // A draft without a name can be tested: the receiver does not see it.
  return { ...request, ...(name === '' ? {} : { name }), ...push };
}
