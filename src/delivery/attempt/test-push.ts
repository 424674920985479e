import type { Clock } from '../../runtime/clock.ts';
import type { Ids } from '../../runtime/ids.ts';
import { renderPush } from '../../events/event.ts';
import { samplePush } from '../../webhooks/samples.ts';
import type { TestPush, TestPushReport } from '../../webhooks/ports.ts';
import { judge } from '../store/outcome.ts';
import { type Report } from '../../egress/report.ts';
import { withoutEchoes } from './echoed-secrets.ts';
import type { PushRequest, RequestBuilder } from './push-request.ts';
import type { HttpClient } from '../../egress/http-client.ts';

export interface TestPushParts {
  readonly build: RequestBuilder;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** Sends one test push through the same address guard and client as any other, and stores nothing. */
export function createTestPush({ build, http, clock, ids }: TestPushParts): TestPush {
  return {
    async send(webhook, eventType, real) {
      const now = clock.now();
      const eventId = ids.event();
      const payload =
        real === undefined
          ? JSON.stringify(samplePush(webhook.type, eventType, { eventId, eventTime: now }))
          : renderPush({ eventTime: now, type: eventType, eventId, person: real.person }, real.object);
      const sequence = real?.sequence ?? 1;
      const place = {
        // It has no record in the history.
        deliveryId: '',
        attempt: 1,
        sequence,
        previousSequence: sequence - 1,
        generation: 0,
        supersededTypes: [],
        replayId: '',
      };
      const request = build({ webhook, push: { eventId, payload, ...place }, now, isTest: true });
      return reportOf(webhook.endpoint, request, withoutEchoes(await http.send(request), request.secrets()));
    },
  };
}

function reportOf(endpoint: string, request: PushRequest, report: Report): TestPushReport {
  const { state, reason, message } = judge(report);
  return {
    endpoint,
    requestHeaders: headersOf(request.redactedHeaders()),
    requestBody: request.body,
    outcome: state,
    reason: state === 'delivered' ? '' : reason,
    errorMessage: message,
    statusCode: report.statusCode,
    durationMs: report.durationMs,
    responseHeaders: headersOf(report.responseHeadersJson),
    responseBody: report.responseBody,
    timing: report.timing,
  };
}

function headersOf(json: string): Record<string, string> {
  return json === '' ? {} : (JSON.parse(json) as Record<string, string>);
}
