import { pino, type DestinationStream } from 'pino';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export type LogFields = Readonly<Record<string, unknown>>;

/**
 * One wide line per action: a fixed event name, e.g. `delivery.attempted`, and fields. Never a secret, never a body.
 */
export interface Logger {
  debug(fields: LogFields, event: string): void;
  info(fields: LogFields, event: string): void;
  warn(fields: LogFields, event: string): void;
  error(fields: LogFields, event: string): void;
}

/** Fields that are never printed, at the top or one level down, should one get into a line by mistake. */
const secretFields = [
  'authorization',
  'app_key',
  'integration_key',
  'cookie',
  'password',
  'secret',
  'secrets',
  'headers',
  'payload',
  'body',
];

/** Logs lines of JSON. @param destination standard output unless given. */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    messageKey: 'event',
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: describeError },
    redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`]), censor: '(hidden)' },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Logs nothing. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : undefined;
  return { name: error.name, message: error.message, ...(code === undefined ? {} : { code }), stack: error.stack };
}
