import { sign, signingKey, type SigningKey } from '#receiver';
import type { EventType } from '../events/event-types.ts';
import { destinationOf } from '../webhooks/endpoint.ts';
import { maskHeader } from '../webhooks/headers.ts';
import { signsAt } from '../webhooks/secret.ts';
import type { Webhook, WebhookSecret } from '../webhooks/webhook.ts';
import type { Target } from './exchange.ts';

/** What is the same in each request of an attempt's delivery, and what is the attempt's own. */
export interface PushAttempt {
  readonly webhook: Webhook;
  readonly eventId: string;
  /** The event's JSON text. Its UTF-8 bytes are the body, and are what is signed. */
  readonly payload: string;
  /** 1, 2, 3 … */
  readonly attempt: number;
  /** The entity's. */
  readonly sequence: number;
  /** The one delivered last in this lane; undefined when there was none, or it is not known. */
  readonly previousSequence: number | undefined;
  /** 0, and one more with each resend. */
  readonly generation: number;
  /** Types of the events that this one supersedes, when any. */
  readonly superseded?: readonly EventType[];
  /** Unix milliseconds. */
  readonly now: number;
}

/** A request as it goes over the wire, except for what belongs to the connection. */
export interface PushRequest {
  readonly target: Target;
  /** Name, value, name, value … in the order in which they are sent. */
  readonly headers: readonly string[];
  readonly body: string;
  readonly timeoutMs: number;
  /**
   * The headers as the history shows them, as the text of a JSON object. What the user set may be secret, and with a
   * signature a reader of the history could send the push himself for five minutes: of both only the end is shown.
   */
  redactedHeaders(): string;
}

export type RequestBuilder = (attempt: PushAttempt) => PushRequest;

/** @param version of Tocsin, for the user agent. */
export function createRequestBuilder(version: string): RequestBuilder {
  /** Webhooks never change; a changed one is another object. So what is theirs is made once, keys included. */
  const known = new WeakMap<Webhook, Constants>();
  return (attempt) => {
    const { webhook, now, payload } = attempt;
    let constants = known.get(webhook);
    if (constants === undefined) known.set(webhook, (constants = constantsOf(webhook, version)));

    const timestamp = Math.floor(now / 1000);
    const headers = [...constants.headers];
    headers.push('webhook-id', attempt.eventId, 'webhook-timestamp', String(timestamp));
    const keys = signingKeys(constants.signers, now);
    if (keys.length > 0) {
      headers.push('webhook-signature', sign({ id: attempt.eventId, timestamp, body: payload }, keys));
    }
    pushOwnHeaders(headers, attempt);
    return {
      target: constants.target,
      headers,
      body: payload,
      timeoutMs: webhook.timeoutMs,
      redactedHeaders: () => redacted(constants, headers),
    };
  };
}

interface Constants {
  readonly target: Target;
  readonly headers: readonly string[];
  /** The same, masked, as the inside of a JSON object. */
  readonly shown: string;
  readonly signers: readonly (SigningKey & Pick<WebhookSecret, 'expiresAt'>)[];
}

function constantsOf(webhook: Webhook, version: string): Constants {
  const { host, port, secure, origin, target } = destinationOf(webhook.endpoint);
  const { tlsVerify } = webhook;
  const headers = webhook.headers.flatMap(({ name, value }) => [name, value]);
  const masked = webhook.headers.flatMap(({ name, value }) => [name, maskHeader(value)]);
  const given = new Set(webhook.headers.map(({ name }) => name.toLowerCase()));
  if (!given.has('content-type')) headers.push('Content-Type', 'application/json');
  if (!given.has('user-agent')) headers.push('User-Agent', `Tocsin/${version}`);
  // Nothing is inflated on the way back, so nothing may come deflated.
  headers.push('accept-encoding', 'identity');
  return {
    // A connection whose certificate was not checked must not serve a webhook that wants it checked.
    target: {
      hostname: host,
      port,
      secure,
      tlsVerify,
      origin,
      path: target,
      key: `${origin} ${tlsVerify ? 'verified' : 'any'}`,
    },
    headers,
    shown: members([...masked, ...headers.slice(masked.length)]),
    signers: webhook.signing
      ? webhook.secrets.map(({ secret, expiresAt }) => ({ ...signingKey(secret), expiresAt }))
      : [],
  };
}

function signingKeys(signers: Constants['signers'], now: number): readonly SigningKey[] {
  return signers.every((signer) => signer.expiresAt === 0) ? signers : signers.filter((signer) => signsAt(signer, now));
}

/** What the service itself says about a push (design: headers on a push). */
function pushOwnHeaders(headers: string[], attempt: PushAttempt): void {
  headers.push('tocsin-attempt', String(attempt.attempt), 'tocsin-sequence', String(attempt.sequence));
  if (attempt.previousSequence !== undefined) {
    headers.push('tocsin-previous-sequence', String(attempt.previousSequence));
  }
  if (attempt.superseded !== undefined && attempt.superseded.length > 0) {
    headers.push('tocsin-superseded', [...new Set(attempt.superseded)].join(', '));
  }
  if (attempt.generation > 0) headers.push('tocsin-redelivery', '1');
}

function redacted(constants: Constants, headers: readonly string[]): string {
  const own = headers
    .slice(constants.headers.length)
    .map((text) => (text.startsWith('v1,') ? maskSignatures(text) : text));
  return `{${constants.shown},${members(own)}}`;
}

function maskSignatures(text: string): string {
  return text.replace(/v1,(\S+)/g, (_, signature: string) => `v1,${maskHeader(signature)}`);
}

/** Written by hand, because a header may be called `__proto__`. */
function members(headers: readonly string[]): string {
  const parts: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    parts.push(`${JSON.stringify(headers[index])}:${JSON.stringify(headers[index + 1])}`);
  }
  return parts.join(',');
}
