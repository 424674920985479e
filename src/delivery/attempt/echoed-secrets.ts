import { maskHeader } from '../../webhooks/headers.ts';
import type { WebhookHeader } from '../../webhooks/webhook.ts';
import type { Report } from '../../egress/report.ts';

/** Shorter texts stand in answers by chance, and are no good secrets. */
const secretMinChars = 8;

/**
 * What a receiver that echoes would show: the values of the webhook's own headers, and what follows the scheme in
 * `Bearer …`. The longest first, so that no part of one stays.
 */
export function secretsOf(headers: readonly WebhookHeader[]): string[] {
  const parts = headers.flatMap(({ value }) => [value, value.slice(value.indexOf(' ') + 1)]);
  const long = parts.map((part) => part.trim()).filter((part) => part.length >= secretMinChars);
  return [...new Set(long)].toSorted((one, other) => other.length - one.length);
}

/** Replaces secrets of the request in the stored parts of its answer, as they are and as JSON writes them. */
export function withoutEchoes(report: Report, secrets: readonly string[]): Report {
  const { responseHeadersJson, responseBody } = report;
  if (responseHeadersJson === '' && responseBody === '') return report;
  return {
    ...report,
    responseHeadersJson: withoutSecrets(responseHeadersJson, secrets),
    responseBody: withoutSecrets(responseBody, secrets),
  };
}

/** @param mask what stands in the place of one. */
export function withoutSecrets(text: string, secrets: readonly string[], mask = maskHeader): string {
  if (text.length < secretMinChars) return text;
  // What JSON writes otherwise, it writes with a backslash.
  const isEscaped = text.includes('\\');
  let shown = text;
  for (const secret of secrets) {
    if (shown.includes(secret)) shown = shown.replaceAll(secret, () => mask(secret));
    const written = isEscaped ? JSON.stringify(secret).slice(1, -1) : secret;
    if (written !== secret && shown.includes(written)) shown = shown.replaceAll(written, () => mask(secret));
    shown = withoutCutEnd(shown, secret);
  }
  return shown;
}

/** A long answer is cut, maybe within a secret. */
function withoutCutEnd(text: string, secret: string): string {
  const first = secret[0];
  for (let at = Math.max(0, text.length - secret.length + 1); at <= text.length - secretMinChars; at += 1) {
    if (text[at] === first && secret.startsWith(text.slice(at))) return `${text.slice(0, at)}${maskHeader('')}`;
  }
  return text;
}
