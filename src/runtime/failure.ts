/** Why a request is refused: the codes of contract 6.1. Only `http/` knows their statuses. */
export type FailureCode =
  | 'InvalidParameter'
  | 'BadRequest'
  | 'InvalidContentType'
  | 'ResourceNotFound'
  | 'ReferenceExist'
  | 'Unauthorized'
  | 'AccessDenied'
  | 'RouteNotFound'
  | 'MethodNotAllowed'
  | 'EntityTooLarge'
  | 'RequestLocked'
  | 'RequestTooFrequently'
  | 'ServiceUnavailable'
  | 'InternalError';

/**
 * What kind of fault it is, for a form that says it in another language. These words never change.
 * `required`: it is missing · `type`: it is of another JSON type · `too_short`, `too_long`: characters ·
 * `too_few`, `too_many`: items · `too_small`, `too_large`: a number · `not_allowed`: not one of the words ·
 * `unknown_field`: the operation has no such field · `taken`: something else has it · `not_found`: it names nothing ·
 * `limit`: there are too many already · `invalid`: all else, as the message says.
 */
export const faultCodes = [
  'required',
  'type',
  'too_short',
  'too_long',
  'too_few',
  'too_many',
  'too_small',
  'too_large',
  'not_allowed',
  'unknown_field',
  'taken',
  'not_found',
  'limit',
  'invalid',
] as const;
export type FaultCode = (typeof faultCodes)[number];

/** One fault of an input: the field's path, and a sentence that says what is wrong and how to correct it. */
export interface Fault {
  readonly field: string;
  readonly message: string;
  /** `invalid` when left out. */
  readonly code?: FaultCode;
}

/**
 * An expected refusal. Thrown so that a transaction rolls back.
 * The caller sees the message: it holds no secret and says how to correct the request.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  readonly faults: readonly Fault[];
  /** Seconds after which a repetition may succeed, for the codes where that helps. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: FailureCode,
    message: string,
    extra: { faults?: readonly Fault[]; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, extra.cause === undefined ? {} : { cause: extra.cause });
    this.code = code;
    this.faults = extra.faults ?? [];
    this.retryAfterSeconds = extra.retryAfterSeconds;
  }
}

/** A refusal of an input that names every fault. */
export function invalid(faults: readonly Fault[]): Failure {
  const message = faults.map((fault) => (fault.field === '' ? fault.message : `${fault.field}: ${fault.message}`));
  return new Failure('InvalidParameter', message.join('; '), { faults });
}

export function notFound(what: string, id: string | number): Failure {
  return new Failure('ResourceNotFound', `there is no ${what} ${JSON.stringify(id)}`);
}
