import type { FailureCode } from '../../runtime/failure.ts';
import type { Json } from './schemas.ts';
import { statusOf } from '../server/error-mapping.ts';

/** The meaning of each code, for the reference. */
const meanings: Readonly<Record<FailureCode, string>> = {
  InvalidParameter: 'a field is missing or wrong; each is named',
  BadRequest: 'the request is malformed',
  InvalidContentType: 'the body is not application/json',
  ResourceNotFound: 'there is no such thing',
  ReferenceExist: 'something else still needs it',
  Unauthorized: 'the key is missing or wrong',
  AccessDenied: 'the role of the key is not enough',
  RouteNotFound: 'there is nothing at this path',
  MethodNotAllowed: 'the path takes another method',
  EntityTooLarge: 'the body is too large',
  RequestLocked: 'a request with the same Idempotency-Key is being worked on',
  RequestTooFrequently: 'too many requests; Retry-After says how long to wait',
  InternalError: 'a fault of the service; its log has the details',
  ServiceUnavailable: 'the service closes, or its database cannot take the change; Retry-After says when to try again',
};

const retryStatuses = new Set([429, 503]);

/** One response per status, with its codes. */
export const refusalResponses: Json = Object.fromEntries(
  [...new Set(Object.values(statusOf))].map((status) => [nameOf(status), response(status)]),
);

function response(status: number): Json {
  const codes = (Object.keys(statusOf) as FailureCode[]).filter((code) => statusOf[code] === status);
  const headers = { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } } };
  return {
    description: codes.map((code) => `${code}: ${meanings[code]}.`).join(' '),
    ...(retryStatuses.has(status) ? { headers } : {}),
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Failure' } } },
  };
}

/** The refusals of a route. */
export function refusalsOf({ writes }: { readonly writes: boolean }): Json {
  return refusals([400, 401, 403, 413, ...(writes ? [423] : []), 429, 500, 503]);
}

export function refusals(statuses: readonly number[]): Json {
  return Object.fromEntries(
    statuses.map((status) => [String(status), { $ref: `#/components/responses/${nameOf(status)}` }]),
  );
}

function nameOf(status: number): string {
  return `Refused${status}`;
}
