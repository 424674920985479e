import type { Clock } from '../runtime/clock.ts';

/** Where a database tells what the operator may want to know. pino's logger is one. */
export interface DatabaseLogger {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export const quietLogger: DatabaseLogger = { warn: () => {} };

/** How long a statement or a commit may take before it is told of, unless the caller says otherwise. */
export const slowMsDefault = 200;

export interface SlowStatementsOptions {
  readonly clock: Clock;
  readonly logger?: DatabaseLogger | undefined;
  readonly slowMs?: number | undefined;
}

/** Tells of statements that took long. Their text is told, their values never: they may be secret. */
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
