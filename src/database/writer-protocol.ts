import { DatabaseFailure, type DatabaseFailureKind } from './database.ts';
import type { SqliteWork } from './sqlite-writer.ts';

/**
 * What goes between the service and the thread that writes: lists of calls, and lists of answers, which come in the order
 * of the calls. A message costs far more than what is in it, so what comes up together goes together.
 */

/** What the thread is started with. */
export interface WriterSetup {
  readonly file: string;
  readonly slowMs: number;
  readonly check: boolean;
  readonly checkpointPages: number;
}

/** Milliseconds for which the thread waits for another program's lock; it holds nobody else up. */
export const lockWaitMs = 2_000;

export type Call = { [Name in keyof SqliteWork]: [Name, ...Parameters<SqliteWork[Name]>] }[keyof SqliteWork];

/** `done`: a call has its result · `failed`: it threw · `slow`: a statement took long. */
export type Answer =
  | readonly ['done', unknown]
  | readonly ['failed', Thrown]
  | readonly ['slow', Readonly<Record<string, unknown>>, string];

/** An error on its way between threads, which would lose what it is and most of what it has. */
interface Thrown {
  readonly kind: DatabaseFailureKind | undefined;
  readonly isTypeError: boolean;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: Thrown | undefined;
}

export function thrownOf(error: unknown): Thrown {
  const { message, stack, cause } = error instanceof Error ? error : new Error(String(error));
  return {
    kind: error instanceof DatabaseFailure ? error.kind : undefined,
    isTypeError: error instanceof TypeError,
    message,
    stack,
    cause: cause === undefined ? undefined : thrownOf(cause),
  };
}

export function errorOf({ kind, isTypeError, message, stack, cause }: Thrown): Error {
  const why = cause === undefined ? undefined : errorOf(cause);
  const error = kind !== undefined ? new DatabaseFailure(kind, message, why) : plain(isTypeError, message, why);
  if (stack !== undefined) error.stack = stack;
  return error;
}

function plain(isTypeError: boolean, message: string, cause: Error | undefined): Error {
  const options = cause === undefined ? {} : { cause };
  return isTypeError ? new TypeError(message, options) : new Error(message, options);
}
