import type { CompiledQuery, QueryResult } from 'kysely';
import { DatabaseFailure } from '../../src/database/database.ts';
import { sqliteDialect } from '../../src/database/dialects.ts';
import { GroupCommit } from '../../src/database/group-commit.ts';
import { refuseInside } from '../../src/database/inside.ts';
import type { MigratableDatabase } from '../../src/database/migrate.ts';
import { queryOn } from '../../src/database/query-on.ts';
import { SlowStatements } from '../../src/database/slow-statements.ts';
import { SqliteHandle } from '../../src/database/sqlite-handle.ts';
import { writerHere } from '../../src/database/sqlite-writer.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Timers } from '../../src/runtime/timers.ts';
import { changeLog, type Change, readChanges } from './change-log.ts';

/** What becomes of a statement or a commit: `cut` = the power goes there. */
export type DiskFault = 'none' | 'busy' | 'full' | 'unavailable' | 'in_doubt' | 'cut_before' | 'cut_after';

/** The disk under a store: what fails when, how long things take, and who hears of what is committed. */
export interface Disk {
  /** Before a transaction, a writing statement, a commit, and a read outside of transactions. */
  fault(step: 'begin' | 'write' | 'commit' | 'read'): DiskFault;
  /** A statement or a commit has run. */
  took(step: 'statement' | 'commit'): void;
  /** The process dies here. */
  cut(): void;
  committed(changes: readonly Change[]): void;
  /** A broken variant for the mutants: what follows a full disk runs on outside the transaction. */
  readonly runsOnWhenFull?: boolean;
}

export interface Store {
  readonly database: MigratableDatabase;
  /** As if the power went: what is not committed is gone, and nothing is answered any more. */
  cut(): void;
}

/** A file of the real driver's parts: the same handles, group commit, transactions and SQL, on a disk that may fail. */
export function openStore(file: string, ports: { clock: Clock; timers: Timers }, disk: Disk): Store {
  const power = { on: true };
  const slow = new SlowStatements({ clock: ports.clock, slowMs: Number.POSITIVE_INFINITY });
  const writer = new FaultyHandle(file, slow, { readOnly: false }, power, disk);
  writer.exec(`pragma journal_mode = wal; pragma synchronous = off; pragma temp_store = memory; ${changeLog}`);
  const reader = new FaultyHandle(file, slow, { readOnly: true }, power, disk);
  const commits = new GroupCommit(writerHere(writer), ports);
  const close = () => {
    if (!power.on) return;
    power.on = false;
    reader.close();
    writer.close();
  };
  const database: MigratableDatabase = {
    kind: 'sqlite',
    dialect: sqliteDialect,
    schema: { integer: 'integer', text: 'text', strict: 'strict', lock: 'select 1' },
    read: queryOn('sqlite', async ({ sql, parameters }: CompiledQuery) => {
      refuseInside('database.read', 'use tx.query');
      if (!power.on) return never();
      const fault = disk.fault('read');
      if (fault !== 'none') throw failureOf(fault);
      return reader.execute(sql, parameters);
    }),
    transaction: (work) => answered(power, commits.add(work)),
    close: () => commits.close().then(close),
  };
  return {
    database,
    cut: close,
  };
}

/** A dead process hears nothing. */
function answered<Result>(power: { on: boolean }, promise: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    promise.then(
      (result) => {
        if (power.on) resolve(result);
      },
      (error: unknown) => {
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- what came is handed on as it is.
        if (power.on) reject(error);
      },
    );
  });
}

function never(): Promise<never> {
  return new Promise(() => {});
}

class FaultyHandle extends SqliteHandle {
  readonly #power: { on: boolean };
  readonly #disk: Disk;

  constructor(file: string, slow: SlowStatements, options: { readOnly: boolean }, power: { on: boolean }, disk: Disk) {
    super(file, slow, options);
    this.#power = power;
    this.#disk = disk;
  }

  override get inTransaction(): boolean {
    return this.#power.on && (super.inTransaction || this.#disk.runsOnWhenFull === true);
  }

  override execute(text: string, parameters: readonly unknown[] = []): QueryResult<unknown> {
    if (!this.#power.on) throw new DatabaseFailure('unavailable', 'the power is off');
    if (text === 'commit') return this.#commit();
    if (text === 'begin immediate') this.#meet(this.#disk.fault('begin'));
    else if (writes.test(text)) this.#meet(this.#disk.fault('write'));
    const result = super.execute(text, parameters);
    this.#disk.took('statement');
    this.#tellOfAutocommit(text);
    return result;
  }

  override executeEach(text: string, lists: readonly (readonly unknown[])[]): number[] {
    if (!this.#power.on) throw new DatabaseFailure('unavailable', 'the power is off');
    this.#meet(this.#disk.fault('write'));
    const changes = super.executeEach(text, lists);
    this.#disk.took('statement');
    this.#tellOfAutocommit(text);
    return changes;
  }

  #commit(): QueryResult<unknown> {
    const fault = this.#disk.fault('commit');
    if (fault !== 'in_doubt' && fault !== 'cut_after') this.#meet(fault);
    this.#disk.took('commit');
    const result = super.execute('commit');
    this.#publish();
    if (fault !== 'none') this.#meet(fault);
    return result;
  }

  #meet(fault: DiskFault): void {
    if (fault === 'none') return;
    if (fault === 'full') {
      // SQLite takes the whole transaction back by itself.
      if (super.inTransaction) super.execute('rollback');
      if (this.#disk.runsOnWhenFull === true) return;
    }
    if (fault === 'cut_before' || fault === 'cut_after') this.#disk.cut();
    throw failureOf(fault);
  }

  /** What a broken driver lets run outside a transaction is committed at once, alone. */
  #tellOfAutocommit(text: string): void {
    if (this.#disk.runsOnWhenFull === true && !super.inTransaction && writes.test(text)) this.#publish();
  }

  #publish(): void {
    const { rows } = super.execute(readChanges);
    if (rows.length === 0) return;
    super.execute('delete from temp.change');
    this.#disk.committed(rows as Change[]);
  }
}

const writes = /^\s*(?:insert|update|delete)\b/i;

function failureOf(fault: DiskFault): DatabaseFailure {
  const kind = fault === 'busy' || fault === 'full' ? fault : 'unavailable';
  return new DatabaseFailure(kind, `simulated: ${fault}`);
}
