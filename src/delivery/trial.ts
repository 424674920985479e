import type { Clock } from '../runtime/clock.ts';
import type { Ids } from '../runtime/ids.ts';
import { samplePush } from '../webhooks/samples.ts';
import type { Trial, TrialReport } from '../webhooks/trial.ts';
import { judge, type Report } from './outcome.ts';
import type { PushRequest, RequestBuilder } from './request.ts';
import type { Sender } from './sender.ts';

export interface TrialParts {
  readonly build: RequestBuilder;
  readonly sender: Sender;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** Sends one sample push, through the same guard and the same sender as any other, and stores nothing. */
export function createTrial({ build, sender, clock, ids }: TrialParts): Trial {
  return {
    send(webhook, eventType) {
      const now = clock.now();
      const eventId = ids.event();
      const payload = JSON.stringify(samplePush(webhook.type, eventType, { eventId, eventTime: now }));
      const place = { attempt: 1, sequence: 1, previousSequence: undefined, generation: 0, now };
      const request = build({ webhook, eventId, payload, ...place });
      const { target, headers, body, timeoutMs } = request;
      return new Promise((resolve) => {
        sender.send({ target, headers, body, timeoutMs }, (report) =>
          resolve(reportOf(webhook.endpoint, request, report)),
        );
      });
    },
  };
}

function reportOf(endpoint: string, request: PushRequest, report: Report): TrialReport {
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
  };
}

function headersOf(json: string): Record<string, string> {
  return json === '' ? {} : (JSON.parse(json) as Record<string, string>);
}
