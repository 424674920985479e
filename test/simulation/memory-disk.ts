import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { threadId } from 'node:worker_threads';
import { readerOf, type StoredState } from './stored.ts';

type Name = 'main' | 'template' | 'kept';

let media = 0;

/**
 * What the service's data lie on, and what outlives the service when it dies: a database in memory, made anew for each
 * run, which only the thread that made it uses. Statements of one connection run between those of the other and never
 * beside them, and nothing is written before a commit, so no locks are needed for a reader to see what is committed and
 * nothing else.
 */
export class MemoryDisk {
  /** For connections to it. */
  readonly uri: string;
  readonly #number = (media += 1);
  readonly #keeper: DatabaseSync;
  /** The committed rows. */
  readonly read: () => StoredState;
  readonly #copies = new Map<string, readonly StatementSync[]>();
  #isKept = false;

  /** @param template a database file, which is read here and not again. */
  constructor(template: string) {
    this.uri = this.#uriOf('main');
    this.#keeper = new DatabaseSync(this.uri, { enableForeignKeyConstraints: false });
    for (const name of ['template', 'kept'] as const) this.#keeper.exec(`attach '${this.#uriOf(name)}' as ${name}`);
    const source = new DatabaseSync(template);
    for (const name of ['main', 'template', 'kept'] as const) source.exec(`vacuum into '${this.#uriOf(name)}'`);
    source.close();
    this.read = readerOf(this.#keeper);
    this.#keeper.exec('pragma synchronous = off; pragma cache_spill = off');
  }

  /** Makes it what the template was. */
  wipe(): void {
    this.#copy('template', 'main');
    this.#isKept = false;
  }

  /** Remembers what is committed now. */
  keep(): void {
    this.#copy('main', 'kept');
    this.#isKept = true;
  }

  /** Makes it what was kept last, if anything was. */
  recall(): void {
    if (this.#isKept) this.#copy('kept', 'main');
  }

  #uriOf(name: Name): string {
    return `file:/simulation-${threadId}-${this.#number}-${name}?vfs=memdb&nolock=1`;
  }

  #copy(from: Name, to: Name): void {
    const key = `${from} ${to}`;
    let statements = this.#copies.get(key);
    if (statements === undefined) {
      const tables = this.#keeper
        .prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'")
        .all();
      const texts = tables.flatMap(({ name }) => [
        `delete from ${to}.${String(name)}`,
        `insert into ${to}.${String(name)} select * from ${from}.${String(name)}`,
      ]);
      statements = ['begin', ...texts, 'commit'].map((text) => this.#keeper.prepare(text));
      this.#copies.set(key, statements);
    }
    for (const statement of statements) statement.run();
  }
}
