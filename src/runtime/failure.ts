/** The reasons for which a request is refused: the codes of contract 6.1. Only `http/` knows their statuses. */
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

/** One thing that is wrong with an input: the field's path, and a sentence that says what is wrong and how to mend it. */
export interface Fault {
  readonly field: string;
  readonly message: string;
}

/**
 * An expected refusal, on its way to the caller. Thrown so that a transaction rolls back.
 * The message is shown to the caller: it holds no secret and says how to mend it.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  readonly faults: readonly Fault[];
  /** Seconds after which it is worth trying again, for the codes where that helps. */
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

/** Refuses an input with every fault named at once. */
export function invalid(faults: readonly Fault[]): Failure {
  const message = faults.map((fault) => (fault.field === '' ? fault.message : `${fault.field}: ${fault.message}`));
  return new Failure('InvalidParameter', message.join('; '), { faults });
}

export function notFound(what: string, id: string | number): Failure {
  return new Failure('ResourceNotFound', `there is no ${what} ${JSON.stringify(id)}`);
}
