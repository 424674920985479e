import { DatabaseFailure, type DatabaseFailureKind } from '../database.ts';

/** SQLSTATEs, and classes of them by their first two characters. */
const kinds: Readonly<Record<string, [DatabaseFailureKind, string]>> = {
  '23505': ['conflict', 'a unique key is taken'],
  '22012': ['conflict', 'a row that was to change is not as expected'],
  '55P03': ['busy', 'a lock was not free in time'],
  '57014': ['busy', 'a statement took too long'],
  '40P01': ['busy', 'transactions kept waiting for each other'],
  '40001': ['busy', 'transactions kept changing the same rows'],
  '26000': ['busy', 'a prepared statement was not there: TOCSIN_DATABASE_PREPARE=off goes without'],
  '42P05': ['busy', 'a prepared statement was there already: TOCSIN_DATABASE_PREPARE=off goes without'],
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
/** A pooler gave the statement to a connection that does not know its name, or knows it from another client. */
const unknownStatement: readonly string[] = ['26000', '42P05'];
/** The server rolled the transaction back for the sake of others; the same work may succeed now. */
const retried = new Set(['40P01', '40001', ...unknownStatement]);
/** None begins with E, unlike system codes such as EPIPE, which has the same length. */
const sqlState = /^[0-9A-DF-Z][0-9A-Z]{4}$/;

/** Turns an expected error of pg into a failure; any other is a bug of ours and stays as it is. */
export function postgresFailure(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DatabaseFailure) return error;
  const code = codeOf(error);
  if (isLostConnection(error)) {
    // A name with two addresses fails for both at once; then there is only a code.
    const why = error.message === '' ? code : error.message;
    return new DatabaseFailure('unavailable', `the database cannot be reached (${why})`, error);
  }
  if (isStalePlan(error)) return new DatabaseFailure('busy', `the tables have changed (${error.message})`, error);
  const known = kinds[code] ?? kinds[code.slice(0, 2)];
  return known === undefined ? error : new DatabaseFailure(known[0], `${known[1]} (${error.message})`, error);
}

/** Judges a failed `commit`. Once it is sent, only the server's refusal proves that nothing was committed. */
export function commitFailure(error: unknown): unknown {
  const failure = postgresFailure(error);
  if (!isUnavailable(failure)) return failure;
  return new DatabaseFailure(
    'unavailable',
    'the connection was lost while committing: the outcome is not known',
    error,
  );
}

export function isUnavailable(failure: unknown): boolean {
  return failure instanceof DatabaseFailure && failure.kind === 'unavailable';
}

export function isRetried(failure: unknown): boolean {
  if (!(failure instanceof DatabaseFailure)) return false;
  return retried.has(codeOf(failure.cause)) || isStalePlan(failure.cause);
}

/** Of the server or of a pooler: it does not keep statements by the names that it is given. */
export function isUnknownStatement(error: unknown): boolean {
  return unknownStatement.includes(codeOf(error));
}

/**
 * A prepared `select *` of a table that has other columns now. The server shares this code with much else, and puts its
 * message into its own language; so the place in its program tells.
 */
export function isStalePlan(error: unknown): boolean {
  return (
    codeOf(error) === '0A000' &&
    error instanceof Error &&
    'routine' in error &&
    error.routine === 'RevalidateCachedQuery'
  );
}

/** Waiting does not cure a wrong user, password or database name. */
export function mayPass(failure: unknown): failure is DatabaseFailure {
  if (!(failure instanceof DatabaseFailure) || failure.kind !== 'unavailable') return false;
  return !['28', '3D'].includes(codeOf(failure.cause).slice(0, 2));
}

/** The driver's own errors have a system code or only a message, no SQLSTATE. */
function isLostConnection(error: Error): boolean {
  const code = codeOf(error);
  if (sqlState.test(code)) return false;
  return /^E[A-Z_]+$/.test(code) || /connection|terminated|not queryable|timeout exp?/i.test(error.message);
}

function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
