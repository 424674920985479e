import type { z } from 'zod';
import type { Role } from '../../access/role.ts';
import type { WebhookHealth } from '../../delivery/history/webhook-health.ts';
import { seconds } from '../../events/event.ts';
import type { WebhookChange } from '../../webhooks/draft.ts';
import { maskEndpoint } from '../../webhooks/endpoint.ts';
import { maskHeader } from '../../webhooks/headers.ts';
import { maskSecret } from '../../webhooks/secret.ts';
import type { TestPushReport } from '../../webhooks/ports.ts';
import type { Webhook } from '../../webhooks/webhook.ts';
import type * as shape from '../schemas/webhook.ts';

type Input = Omit<z.output<typeof shape.webhookUpdateRequest>, 'integration_id'>;

/** The change that a request asks for. */
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
    unsentRetrySeconds: input.unsent_retry_seconds,
    rateLimitPerSecond: input.rate_limit_per_second,
    maxInFlight: input.max_in_flight,
    signing: input.signing,
    secret: input.secret,
  };
}

/** The endpoint as this role may see it, in full only as an administrator. */
export function endpointFor(role: Role, endpoint: string): string {
  return role === 'admin' ? endpoint : maskEndpoint(endpoint);
}

/** @param role below admin the words of a failure are left out: of a private address they would tell what is there. */
export function healthObject(health: WebhookHealth, role: Role): z.input<typeof shape.webhookHealth> {
  const { lastFailure } = health;
  return {
    state: health.state,
    success_rate: health.successRate,
    p95_ms: health.p95Ms,
    spark: [...health.spark],
    waiting: health.waiting,
    behind: { entities: health.behind.entities, oldest_ms: health.behind.oldestMs },
    last_success_at: health.lastSuccessAt,
    last_failure:
      lastFailure === undefined
        ? null
        : { at: lastFailure.at, reason: lastFailure.reason, message: role === 'viewer' ? '' : lastFailure.message },
    closed_until: health.closedUntil,
  };
}

/** A webhook as this role may see it: nothing in it lets anybody sign or log in. */
export function webhookObject(webhook: Webhook, role: Role): z.input<typeof shape.webhook> {
  const secrets = webhook.secrets.map(({ secret, expiresAt }) => ({
    secret: maskSecret(secret),
    expires_at: seconds(expiresAt),
  }));
  return {
    integration_id: webhook.webhookId,
    type: webhook.type,
    name: webhook.name,
    endpoint: endpointFor(role, webhook.endpoint),
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
    unsent_retry_seconds: webhook.unsentRetrySeconds,
    rate_limit_per_second: webhook.rateLimitPerSecond,
    max_in_flight: webhook.maxInFlight,
    signing: webhook.signing,
    secret: secrets[0]?.secret ?? '',
    secrets,
    paused_at: seconds(webhook.pausedAt),
    paused_by: webhook.pausedBy,
    creator_id: webhook.creatorId,
    created_at: seconds(webhook.createdAt),
    updated_at: seconds(webhook.updatedAt),
  };
}

export function reportObject(report: TestPushReport): z.input<typeof shape.webhookTestReply> {
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
    ...(report.timing === undefined ? {} : { timing: report.timing }),
  };
}
