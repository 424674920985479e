import type { CompiledQuery, QueryResult } from 'kysely';
import { DatabaseFailure } from '../../src/database/database.ts';
import { sqliteDialect } from '../../src/database/dialects.ts';
import { GroupCommit } from '../../src/database/sqlite/group-commit.ts';
import { refuseInside } from '../../src/database/transaction-scope.ts';
import type { MigratableDatabase } from '../../src/database/migrate.ts';
import { queryOn } from '../../src/database/query-on.ts';
import { SlowStatements } from '../../src/database/slow-statements.ts';
import { SqliteHandle } from '../../src/database/sqlite/handle.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Timers } from '../../src/runtime/timers.ts';
import { MemoryDisk } from './memory-disk.ts';
import { changeLog, logChange, type Change } from './change-log.ts';

/** What becomes of a statement or a commit: `cut` = the power goes there. */
export type DiskFault = 'none' | 'busy' | 'full' | 'unavailable' | 'in_doubt' | 'cut_before' | 'cut_after';

/** The disk under a store: what fails when, how long things take, and who hears of commits. */
export interface Disk {
  /** Before a transaction, a writing statement, a commit, and a read outside of transactions. */
  fault(step: 'begin' | 'write' | 'commit' | 'read'): DiskFault;
  /** A statement or a commit has run. */
  took(step: 'statement' | 'commit'): void;
  /** The process dies here. */
  cut(): void;
  committed(changes: readonly Change[]): void;
  /** A broken variant for the mutants: statements after a full disk run outside the transaction. */
  readonly runsOnWhenFull?: boolean;
}

export interface Store {
  readonly database: MigratableDatabase;
  /** As if the power went: everything not committed is gone, and nothing is answered any more. */
  cut(): void;
}

/**
 * Two connections to a medium, which stay when the life ends that uses them: its open transaction is taken back, as it is
 * when a process dies, and the next one goes on with the same prepared statements.
 */
export class Drive {
  readonly medium: MemoryDisk;
  readonly #writer: FaultyHandle;
  readonly #reader: FaultyHandle;

  constructor(template: string) {
    this.medium = new MemoryDisk(template);
    const slow = new SlowStatements({ clock: { now: () => 0, monotonic: () => 0 }, slowMs: Number.POSITIVE_INFINITY });
    this.#writer = new FaultyHandle(this.medium.uri, slow, { readOnly: false });
    this.#writer.exec('pragma synchronous = off; pragma cache_spill = off; pragma temp_store = memory');
    this.#writer.logChanges();
    this.#reader = new FaultyHandle(this.medium.uri, slow, { readOnly: true });
  }

  /** The store of one life: the real driver's parts, the same handles, group commit, transactions and SQL, on a disk that may fail. */
  open(ports: { clock: Clock; timers: Timers }, disk: Disk): Store {
    const [writer, reader] = [this.#writer, this.#reader];
    const power = { on: true };
    const commits = new GroupCommit(writer, ports);
    writer.plug(disk);
    reader.plug(disk);
    const cut = () => {
      if (!power.on) return;
      power.on = false;
      writer.unplug();
      reader.unplug();
    };
    const read = queryOn('sqlite', async ({ sql, parameters }: CompiledQuery) => {
      refuseInside('database.read', 'use tx.query');
      if (!power.on) return never();
      const fault = disk.fault('read');
      if (fault !== 'none') throw failureOf(fault);
      return reader.execute(sql, parameters);
    });
    const database: MigratableDatabase = {
      kind: 'sqlite',
      dialect: sqliteDialect,
      schema: { integer: 'integer', text: 'text', strict: 'strict', searchIndex: 'select 1', lock: 'select 1' },
      read,
      longRead: read,
      find: async () => undefined,
      transaction: (work) => (power.on ? answered(power, commits.add(work)) : never()),
      close: () => commits.close().then(cut),
    };
    return { database, cut };
  }
}

/** A dead process hears nothing. */
function answered<Result>(power: { on: boolean }, promise: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    promise.then(
      (result) => {
        if (power.on) resolve(result);
      },
      (error: unknown) => {
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- the error is handed on as it is.
        if (power.on) reject(error);
      },
    );
  });
}

function never(): Promise<never> {
  return new Promise(() => {});
}

class FaultyHandle extends SqliteHandle {
  #plugged: Disk | undefined;
  /** What the open transaction has changed so far. */
  #changes: Change[] = [];
  /** How much of it was there at the savepoint. */
  #saved = 0;

  logChanges(): void {
    this.define(logChange, (what, ...row) => {
      this.#changes.push({ what, row } as unknown as Change);
      return null;
    });
    this.exec(changeLog);
  }

  plug(disk: Disk): void {
    if (this.#plugged !== undefined) throw new Error('another life still has the drive');
    this.#plugged = disk;
  }

  unplug(): void {
    this.#takeBack();
    this.#plugged = undefined;
  }

  override get inTransaction(): boolean {
    return this.#plugged !== undefined && (super.inTransaction || this.#plugged.runsOnWhenFull === true);
  }

  override execute(text: string, parameters: readonly unknown[] = []): QueryResult<unknown> {
    const disk = this.#disk;
    if (text === 'commit') return this.#commit();
    if (text === 'begin immediate') this.#meet(disk.fault('begin'));
    else if (writes.test(text)) this.#meet(disk.fault('write'));
    const result = this.#logging(() => super.execute(text, parameters));
    if (text.startsWith('savepoint')) this.#saved = this.#changes.length;
    else if (text.startsWith('rollback')) this.#changes.length = text === 'rollback' ? 0 : this.#saved;
    disk.took('statement');
    this.#tellOfAutocommit(text);
    return result;
  }

  override executeEach(text: string, lists: readonly (readonly unknown[])[]): number[] {
    const disk = this.#disk;
    this.#meet(disk.fault('write'));
    const changes = this.#logging(() => super.executeEach(text, lists));
    disk.took('statement');
    this.#tellOfAutocommit(text);
    return changes;
  }

  get #disk(): Disk {
    if (this.#plugged === undefined) throw new DatabaseFailure('unavailable', 'the power is off');
    return this.#plugged;
  }

  #commit(): QueryResult<unknown> {
    const disk = this.#disk;
    const fault = disk.fault('commit');
    if (fault !== 'in_doubt' && fault !== 'cut_after') this.#meet(fault);
    disk.took('commit');
    const result = super.execute('commit');
    this.#publish(disk);
    if (fault !== 'none') this.#meet(fault);
    return result;
  }

  #meet(fault: DiskFault): void {
    if (fault === 'none') return;
    if (fault === 'full') {
      // SQLite rolls back the whole transaction.
      this.#takeBack();
      if (this.#disk.runsOnWhenFull === true) return;
    }
    if (fault === 'cut_before' || fault === 'cut_after') this.#disk.cut();
    throw failureOf(fault);
  }

  /** What a broken driver lets run outside a transaction is committed at once, alone. */
  #tellOfAutocommit(text: string): void {
    const disk = this.#disk;
    if (disk.runsOnWhenFull === true && !super.inTransaction && writes.test(text)) this.#publish(disk);
  }

  #publish(disk: Disk): void {
    const changes = this.#changes;
    if (changes.length === 0) return;
    this.#changes = [];
    disk.committed(changes);
  }

  /** What a statement has changed goes with it when it fails. */
  #logging<Result>(work: () => Result): Result {
    const before = this.#changes.length;
    try {
      return work();
    } catch (error) {
      this.#changes.length = before;
      throw error;
    }
  }

  #takeBack(): void {
    if (super.inTransaction) super.execute('rollback');
    this.#changes = [];
  }
}

const writes = /^\s*(?:insert|update|delete)\b/i;

function failureOf(fault: DiskFault): DatabaseFailure {
  const kind = fault === 'busy' || fault === 'full' ? fault : 'unavailable';
  return new DatabaseFailure(kind, `simulated: ${fault}`);
}
