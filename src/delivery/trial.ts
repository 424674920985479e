import type { Clock } from '../runtime/clock.ts';
import type { Webhook } from '../webhooks/webhook.ts';
import { judge, type Outcome, type Report } from './outcome.ts';
import type { RequestBuilder } from './request.ts';
import type { Sender } from './sender.ts';

/** What a trial showed: the request as it was sent, and the answer, or why there was none. */
export interface Trial {
  readonly endpoint: string;
  /** As the text of a JSON object, secrets masked. */
  readonly requestHeadersJson: string;
  readonly requestBody: string;
  readonly responseHeadersJson: string;
  readonly responseBody: string;
  readonly durationMs: number;
  readonly outcome: Outcome;
}

/** Sends one sample push, through the same guard and the same sender as any other, and stores nothing. */
export function tryWebhook(
  parts: { readonly build: RequestBuilder; readonly sender: Sender; readonly clock: Clock },
  webhook: Webhook,
  sample: { readonly eventId: string; readonly payload: string },
): Promise<Trial> {
  const request = parts.build({
    webhook,
    ...sample,
    attempt: 1,
    sequence: 1,
    previousSequence: undefined,
    generation: 0,
    now: parts.clock.now(),
  });
  const { target, headers, body, timeoutMs } = request;
  return new Promise((resolve) => {
    parts.sender.send({ target, headers, body, timeoutMs }, (report: Report) =>
      resolve({
        endpoint: webhook.endpoint,
        requestHeadersJson: request.redactedHeaders(),
        requestBody: body,
        responseHeadersJson: report.responseHeadersJson,
        responseBody: report.responseBody,
        durationMs: report.durationMs,
        outcome: judge(report),
      }),
    );
  });
}
