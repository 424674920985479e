import type { Clock } from '../runtime/clock.ts';

/** Receives messages for the operator. pino's logger is one. */
export interface DatabaseLogger {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export const quietLogger: DatabaseLogger = { warn: () => {} };

/** A statement or commit that takes longer is logged, unless the caller sets another limit. */
export const slowMsDefault = 200;

export interface SlowStatementsOptions {
  readonly clock: Clock;
  readonly logger?: DatabaseLogger | undefined;
  readonly slowMs?: number | undefined;
}

/** Logs slow statements: their text, never their values, which may be secret. */
export class SlowStatements {
  readonly #clock: Clock;
  readonly #logger: DatabaseLogger;
  readonly #slowMs: number;

  constructor({ clock, logger = quietLogger, slowMs = slowMsDefault }: SlowStatementsOptions) {
    this.#clock = clock;
    this.#logger = logger;
    this.#slowMs = slowMs;
  }

  start(): number {
    return this.#clock.monotonic();
  }

  end(started: number, statement: string): void {
    const durationMs = this.#clock.monotonic() - started;
    if (durationMs < this.#slowMs) return;
    this.#logger.warn({ statement, duration_ms: Math.round(durationMs) }, 'database.slow');
  }
}
