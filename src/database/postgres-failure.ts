import { DatabaseFailure, type DatabaseFailureKind } from './database.ts';

/** SQLSTATEs, and classes of them by their first two characters. */
const kinds: Readonly<Record<string, [DatabaseFailureKind, string]>> = {
  '23505': ['conflict', 'a unique key is taken'],
  '55P03': ['busy', 'a lock was not free in time'],
  '57014': ['busy', 'a statement took too long'],
  '40P01': ['busy', 'transactions kept waiting for each other'],
  '40001': ['busy', 'transactions kept changing the same rows'],
  '53100': ['full', 'there is no space left on the database server'],
  '25006': ['unavailable', 'the database server takes no writes now'],
  '25P03': ['unavailable', 'the transaction was idle for too long'],
  '08': ['unavailable', 'the connection to the database failed'],
  '28': ['unavailable', 'the database refused the user or the password'],
  '3D': ['unavailable', 'there is no such database'],
  '53': ['unavailable', 'the database server is out of resources'],
  '57': ['unavailable', 'the database server is stopping or starting'],
  '58': ['unavailable', 'the database server has a fault'],
  XX: ['broken', 'the database server found damage'],
};
/** The server took the transaction back so that others could go on; the same work may succeed now. */
const retried = new Set(['40P01', '40001']);
/** None begins with an E, as the system's codes do, of which EPIPE is as long. */
const sqlState = /^[0-9A-DF-Z][0-9A-Z]{4}$/;

/** Makes a failure of what pg threw, when it is one to be expected; else it is a bug of ours and stays as it is. */
export function postgresFailure(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DatabaseFailure) return error;
  const code = codeOf(error);
  if (isLostConnection(error)) {
    // A name with two addresses fails with both at once, and then there is only a code.
    const why = error.message === '' ? code : error.message;
    return new DatabaseFailure('unavailable', `the database cannot be reached (${why})`, error);
  }
  const known = kinds[code] ?? kinds[code.slice(0, 2)];
  return known === undefined ? error : new DatabaseFailure(known[0], `${known[1]} (${error.message})`, error);
}

/** What a failed `commit` means. Once it is sent, only the server's refusal proves that nothing was committed. */
export function commitFailure(error: unknown): unknown {
  const failure = postgresFailure(error);
  if (!(failure instanceof DatabaseFailure) || failure.kind !== 'unavailable') return failure;
  return new DatabaseFailure(
    'unavailable',
    'the connection was lost while committing: the outcome is not known',
    error,
  );
}

export function isRetried(failure: unknown): boolean {
  return failure instanceof DatabaseFailure && retried.has(codeOf(failure.cause));
}

/** What the server has against the user, the password or the name of the database does not pass by itself. */
export function mayPass(failure: unknown): failure is DatabaseFailure {
  if (!(failure instanceof DatabaseFailure) || failure.kind !== 'unavailable') return false;
  return !['28', '3D'].includes(codeOf(failure.cause).slice(0, 2));
}

/** The driver's own errors have no SQLSTATE but a system's code, or only a message. */
function isLostConnection(error: Error): boolean {
  const code = codeOf(error);
  if (sqlState.test(code)) return false;
  return /^E[A-Z_]+$/.test(code) || /connection|terminated|not queryable|timeout exp?/i.test(error.message);
}

function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
