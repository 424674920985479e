import { AsyncLocalStorage } from 'node:async_hooks';
import type { Database, Transaction } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Ids } from '../runtime/ids.ts';
import { appendAudit, noting } from './audit-store.ts';
import { idMeant, withoutSecrets } from './audit-body.ts';

/** Something that somebody does to the configuration, as it was asked for. */
export interface Action {
  /** The path of the operation, with colons, e.g. `channel:update`. */
  readonly operation: string;
  readonly memberId: number;
  readonly input: unknown;
  readonly requestId: string;
  /** The address that the request came from. */
  readonly address: string;
}

export interface AuditParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
}

/**
 * Writes down who changed what. {@link Audit.during} says which action runs; the first transaction that it commits on
 * {@link Audit.database} holds the line with it, so that there is no change without a line and no line without a change.
 * The action is found by its async context, so that no service has to hand it on.
 *
 * An action that succeeds without such a transaction (it sent a push, or found nothing to change) has its line written
 * after it: a process that dies in between loses that line, and nothing else.
 */
export class Audit {
  /** The database that it was made with, with transactions that write the line of the action that they belong to. */
  readonly database: Database;
  readonly #parts: AuditParts;
  readonly #running = new AsyncLocalStorage<Running>();

  constructor(parts: AuditParts) {
    this.#parts = parts;
    this.database = { ...parts.database, transaction: (work) => this.#transaction(work) };
  }

  async during<Result>(action: Action, work: () => Promise<Result>): Promise<Result> {
    const running: Running = { action, open: true };
    try {
      const result = await this.#running.run(running, work);
      if (running.open) await this.#parts.database.transaction((tx) => this.#append(tx, action, []));
      return result;
    } finally {
      // What the action has set going runs on in its context, and is not the action any more.
      running.open = false;
    }
  }

  #transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const { database } = this.#parts;
    const running = this.#running.getStore();
    if (running?.open !== true) return database.transaction(work);
    return database.transaction(async (tx) => {
      const made: string[] = [];
      // First of all that follows the commit: what the change sets going then is not the action any more.
      tx.afterCommit(() => {
        running.open = false;
      });
      const result = await work(noting(tx, made));
      await this.#append(tx, running.action, made);
      return result;
    });
  }

  async #append(tx: Transaction, action: Action, made: readonly string[]): Promise<void> {
    const { ids, clock } = this.#parts;
    const objectId = made.length > 0 ? made.join(',') : idMeant(action.input);
    await appendAudit(tx, {
      auditId: ids.event(),
      createdAt: clock.now(),
      memberId: action.memberId,
      operation: action.operation,
      objectId,
      bodyJson: withoutSecrets(action.input),
      requestId: action.requestId,
      address: action.address,
    });
  }
}

interface Running {
  readonly action: Action;
  /** Until its line is written or it is over. */
  open: boolean;
}
