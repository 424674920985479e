import { sign, signingKey, type SigningKey } from '#receiver';
import { destinationOf } from '../../webhooks/endpoint.ts';
import { maskHeader } from '../../webhooks/headers.ts';
import { signsAt } from '../../webhooks/secret.ts';
import type { Webhook, WebhookSecret } from '../../webhooks/webhook.ts';
import type { Delivery } from '../store/delivery.ts';
import { secretsOf } from './echoed-secrets.ts';
import type { Target } from '../../egress/http-exchange.ts';

/** The fields of a delivery that its push shows. */
export type PushedDelivery = Pick<
  Delivery,
  | 'deliveryId'
  | 'eventId'
  | 'payload'
  | 'attempt'
  | 'sequence'
  | 'previousSequence'
  | 'generation'
  | 'supersededTypes'
  | 'replayId'
>;

/** One attempt of a push to a webhook. */
export interface PushAttempt {
  readonly webhook: Webhook;
  readonly push: PushedDelivery;
  /** Unix milliseconds. */
  readonly now: number;
  /** Marks a test push, which is no event. */
  readonly isTest?: boolean;
}

/** A request on the wire, without the parts of the connection. */
export interface PushRequest {
  readonly target: Target;
  /** Name, value, name, value … in the order of sending. */
  readonly headers: readonly string[];
  readonly body: string;
  readonly timeoutMs: number;
  /**
   * The headers for the history, as the text of a JSON object. Custom values may be secret, and with a signature a
   * reader could repeat the push for five minutes: of both only the end is shown.
   */
  redactedHeaders(): string;
  /** What must not be shown where an answer repeats it: see {@link secretsOf}, and the signatures. */
  secrets(): readonly string[];
}

export type RequestBuilder = (attempt: PushAttempt) => PushRequest;

/** A request that cannot be built is not sent: the attempt fails, and nothing else does. */
export function buildOrError(build: RequestBuilder, attempt: PushAttempt): PushRequest | Error {
  try {
    return build(attempt);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** @param version of Tocsin, for the user agent. */
export function createRequestBuilder(version: string): RequestBuilder {
  /** Webhook objects never change, so their constant parts are made once, keys included. */
  const known = new WeakMap<Webhook, Constants>();
  return (attempt) => {
    const { webhook, push, now } = attempt;
    const { eventId, payload } = push;
    let constants = known.get(webhook);
    if (constants === undefined) known.set(webhook, (constants = constantsOf(webhook, version)));

    const timestamp = Math.floor(now / 1000);
    const keys = signingKeys(constants.signers, now);
    const signature = keys.length === 0 ? '' : sign({ id: eventId, timestamp, body: payload }, keys);
    const own = ownHeaders(attempt, timestamp, signature);
    const headers = [...constants.headers];
    for (const name in own) headers.push(name, own[name] ?? '');
    return {
      target: constants.target,
      headers,
      body: payload,
      timeoutMs: webhook.timeoutMs,
      redactedHeaders: () => redacted(constants, own),
      secrets: () => [...constants.secrets, ...signaturesIn(signature)],
    };
  };
}

interface Constants {
  readonly target: Target;
  readonly headers: readonly string[];
  /** In own headers. */
  readonly secrets: readonly string[];
  /** The headers, masked, as the inside of a JSON object. */
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
  // Answers are never decompressed, so none may be compressed.
  headers.push('accept-encoding', 'identity');
  return {
    // A connection with an unchecked certificate must not serve a webhook that wants it checked.
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
    secrets: secretsOf(webhook.headers),
    shown: members([...masked, ...headers.slice(masked.length)]),
    signers: webhook.signing
      ? webhook.secrets.map(({ secret, expiresAt }) => ({ ...signingKey(secret), expiresAt }))
      : [],
  };
}

function signingKeys(signers: Constants['signers'], now: number): readonly SigningKey[] {
  return signers.every((signer) => signer.expiresAt === 0) ? signers : signers.filter((signer) => signsAt(signer, now));
}

/** The headers that the service adds about a push, in their order, see docs/reference/delivery.md#one-push. */
function ownHeaders({ push, isTest }: PushAttempt, timestamp: number, signature: string): OwnHeaders {
  const own: OwnHeaders = { 'webhook-id': push.eventId, 'webhook-timestamp': String(timestamp) };
  if (signature !== '') own['webhook-signature'] = signature;
  if (push.deliveryId !== '') own['tocsin-delivery-id'] = push.deliveryId;
  own['tocsin-attempt'] = String(push.attempt);
  own['tocsin-sequence'] = String(push.sequence);
  own['tocsin-previous-sequence'] = String(push.previousSequence);
  if (push.supersededTypes.length > 0) own['tocsin-superseded'] = push.supersededTypes.join(', ');
  if (push.generation > 0) own['tocsin-redelivery'] = '1';
  if (isTest === true) own['tocsin-test'] = '1';
  if (push.replayId !== '') own['tocsin-replay'] = push.replayId;
  return own;
}

type OwnHeaders = Record<string, string>;

function redacted({ shown }: Constants, own: OwnHeaders): string {
  const signature = own['webhook-signature'];
  const masked = signature === undefined ? own : { ...own, 'webhook-signature': maskSignatures(signature) };
  return `{${shown},${JSON.stringify(masked).slice(1)}`;
}

/** The version before each. */
const version1 = 'v1,';

/** Without the version before each. */
function signaturesIn(header: string): string[] {
  return header === '' ? [] : header.split(' ').map((one) => one.slice(version1.length));
}

function maskSignatures(header: string): string {
  return signaturesIn(header)
    .map((signature) => `${version1}${maskHeader(signature)}`)
    .join(' ');
}

/** Written by hand, because a header may be named `__proto__`. */
function members(headers: readonly string[]): string {
  const parts: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    parts.push(`${JSON.stringify(headers[index])}:${JSON.stringify(headers[index + 1])}`);
  }
  return parts.join(',');
}
