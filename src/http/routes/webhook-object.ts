import type { z } from 'zod';
import { seconds } from '../../events/event.ts';
import type { WebhookChange } from '../../webhooks/draft.ts';
import { maskHeader } from '../../webhooks/headers.ts';
import { maskSecret } from '../../webhooks/secret.ts';
import type { TrialReport } from '../../webhooks/trial.ts';
import type { Webhook } from '../../webhooks/webhook.ts';
import type * as shape from '../shapes/webhook.ts';

type Input = Omit<z.output<typeof shape.webhookUpdateRequest>, 'integration_id'>;

/** What was sent of a webhook, in our words. */
export function changeOf(input: Input): WebhookChange {
  return {
    name: input.name,
    endpoint: input.endpoint,
    description: input.description,
    teamId: input.team_id,
    tlsVerify: input.tls_verify,
    headers: input.headers,
    channelIds: input.channel_ids,
    eventTypes: input.event_types,
    timeoutMs: input.timeout_ms,
    mode: input.delivery_mode,
    orderPolicy: input.order_policy,
    retry:
      input.retry === undefined
        ? undefined
        : {
            maxAttempts: input.retry.max_attempts,
            maxAgeSeconds: input.retry.max_age_seconds,
            on: input.retry.on,
          },
    rateLimitPerSecond: input.rate_limit_per_second,
    maxInFlight: input.max_in_flight,
    signing: input.signing,
    secret: input.secret,
  };
}

/** A webhook as it is shown: nothing in it lets anybody sign or log in. */
export function webhookObject(webhook: Webhook): z.input<typeof shape.webhook> {
  const secrets = webhook.secrets.map(({ secret, expiresAt }) => ({
    secret: maskSecret(secret),
    expires_at: seconds(expiresAt),
  }));
  return {
    integration_id: webhook.webhookId,
    type: webhook.type,
    name: webhook.name,
    endpoint: webhook.endpoint,
    description: webhook.description,
    team_id: webhook.teamId,
    status: webhook.status,
    tls_verify: webhook.tlsVerify,
    headers: Object.fromEntries(webhook.headers.map(({ name, value }) => [name, maskHeader(value)])),
    channel_ids: [...webhook.channelIds],
    event_types: [...webhook.eventTypes],
    timeout_ms: webhook.timeoutMs,
    delivery_mode: webhook.mode,
    order_policy: webhook.orderPolicy,
    retry: {
      max_attempts: webhook.retry.maxAttempts,
      max_age_seconds: webhook.retry.maxAgeSeconds,
      on: webhook.retry.on,
    },
    rate_limit_per_second: webhook.rateLimitPerSecond,
    max_in_flight: webhook.maxInFlight,
    signing: webhook.signing,
    secret: secrets[0]?.secret ?? '',
    secrets,
    creator_id: webhook.creatorId,
    created_at: seconds(webhook.createdAt),
    updated_at: seconds(webhook.updatedAt),
  };
}

export function reportObject(report: TrialReport): z.input<typeof shape.webhookTestReply> {
  const answered = report.statusCode !== 0;
  return {
    request: { endpoint: report.endpoint, headers: report.requestHeaders, body: report.requestBody },
    ...(answered
      ? {
          response: {
            status_code: report.statusCode,
            headers: report.responseHeaders,
            body: report.responseBody,
          },
        }
      : {}),
    outcome: report.outcome,
    reason: report.reason,
    error_message: report.errorMessage,
    duration_ms: report.durationMs,
  };
}
