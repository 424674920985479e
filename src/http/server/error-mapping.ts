import { DatabaseFailure } from '../../database/database.ts';
import { Failure } from '../../runtime/failure.ts';
import type { FailureCode, Fault } from '../../runtime/failure.ts';

/** The HTTP status of each code (contract 6.1). The code decides, the status informs; `ResourceNotFound` is 400 on purpose. */
export const statusOf: Readonly<Record<FailureCode, number>> = {
  InvalidParameter: 400,
  BadRequest: 400,
  InvalidContentType: 400,
  ResourceNotFound: 400,
  ReferenceExist: 400,
  Unauthorized: 401,
  AccessDenied: 403,
  RouteNotFound: 404,
  MethodNotAllowed: 405,
  EntityTooLarge: 413,
  RequestLocked: 423,
  RequestTooFrequently: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
};

/** A refusal as the caller sees it. */
export interface Problem {
  readonly status: number;
  readonly code: FailureCode;
  readonly message: string;
  readonly faults: readonly Fault[];
  readonly retryAfterSeconds: number | undefined;
  /** A bug: the caller sees nothing of it, the log everything. */
  readonly unexpected: boolean;
}

/** Turns a thrown error into a reply. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Failure) {
    return refusal(error.code, error.message, error.faults, error.retryAfterSeconds);
  }
  if (error instanceof DatabaseFailure) return databaseProblem(error);
  return frameworkProblem(error) ?? unexpectedProblem;
}

/** Seconds after which a caller may repeat a request that the database could not take. */
const databaseRetrySeconds = 5;

const databaseMessages: Readonly<Partial<Record<DatabaseFailure['kind'], string>>> = {
  busy: 'the database is busy; nothing was changed, try again',
  full: 'the disk of the service is full; nothing was changed, try again once space was made',
  unavailable: 'the database cannot be reached; look whether the change was made before you try again',
};

function databaseProblem(failure: DatabaseFailure): Problem {
  const message = databaseMessages[failure.kind];
  if (message === undefined) return unexpectedProblem;
  return refusal('ServiceUnavailable', message, [], databaseRetrySeconds);
}

/** Refusals by Fastify, before any of our code runs. */
function frameworkProblem(error: unknown): Problem | undefined {
  const { statusCode, code } = error as { statusCode?: unknown; code?: unknown };
  if (typeof statusCode !== 'number' || statusCode < 400 || statusCode > 499) return undefined;
  if (statusCode === 415) return refusal('InvalidContentType', contentTypeAdvice);
  if (code === 'FST_ERR_MAX_PARAM_LENGTH') return refusal('RouteNotFound', 'there is nothing at this path');
  return refusal('BadRequest', 'the request is malformed, or it broke off before its end');
}

export const contentTypeAdvice = 'send the body as UTF-8 JSON with the header Content-Type: application/json';

const unexpectedProblem: Problem = {
  ...refusal('InternalError', 'something went wrong inside the service; its log has the details under this request_id'),
  unexpected: true,
};

function refusal(
  code: FailureCode,
  message: string,
  faults: readonly Fault[] = [],
  retryAfterSeconds?: number,
): Problem {
  return { status: statusOf[code], code, message, faults, retryAfterSeconds, unexpected: false };
}
