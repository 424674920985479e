import { AsyncLocalStorage } from 'node:async_hooks';
import type { Database, Transaction } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Ids } from '../runtime/ids.ts';
import { appendAudit, noting } from './audit-store.ts';
import { idMeant, withoutSecrets } from './audit-body.ts';

/** A configuration change, as it was requested. */
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
 * Records who changed what. {@link Audit.during} sets the running action; the first transaction that it commits on
 * {@link Audit.database} also writes its line, so that there is no change without a line and no line without a change.
 * The action is found by its async context, so services need not pass it on.
 *
 * An action that succeeds without such a transaction (a test push, or nothing to change) has its line written
 * afterwards; a process that dies in between loses that line only.
 */
export class Audit {
  /** The wrapped database: its transactions write the line of their action. */
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
      if (running.open) await this.#parts.database.transaction((tx) => this.write(tx, action, []));
      return result;
    } finally {
      // Work that the action started keeps its context, but is no longer part of the action.
      running.open = false;
    }
  }

  #transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const { database } = this.#parts;
    const running = this.#running.getStore();
    if (running?.open !== true) return database.transaction(work);
    return database.transaction(async (tx) => {
      const made: string[] = [];
      // Registered first: callbacks after the commit are no longer part of the action.
      tx.afterCommit(() => {
        running.open = false;
      });
      const result = await work(noting(tx, made));
      await this.write(tx, running.action, made);
      return result;
    });
  }

  /** One line, in the transaction of the change; also for events that no member caused, such as a sign-in. */
  async write(tx: Transaction, action: Action, made: readonly string[]): Promise<void> {
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
  /** False once its line is written or it has ended. */
  open: boolean;
}
