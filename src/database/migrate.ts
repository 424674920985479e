import { sql, type Kysely } from 'kysely';
import { DatabaseFailure, type Database, type Query } from './database.ts';

/** The parts of a migration's text that differ between the databases. */
export interface SchemaDialect {
  /** A 64-bit integer. */
  readonly integer: string;
  /** Text that compares by code point. */
  readonly text: string;
  /** Ends a `create table` on SQLite, which enforces types only on request. */
  readonly strict: string;
  /** Makes the index that searches use, where it is the database's own and can be had. */
  readonly searchIndex: string;
}

export interface Migration {
  readonly name: string;
  up(db: Kysely<unknown>, dialect: SchemaDialect): Promise<void>;
}

/** A database before its schema is known to be there. */
export interface MigratableDatabase extends Database {
  readonly schema: SchemaDialect & {
    /** A statement that blocks other migrators until the end of its transaction. */
    readonly lock: string;
  };
}

/**
 * Brings the schema up to the last of `migrations`, each in its own transaction; several nodes may do so at once.
 *
 * Not Kysely's migrator: it runs all migrations in one transaction, or none, and locks the session, which a transaction
 * pooler does not keep.
 * @returns the names of those that ran now.
 * @throws DatabaseFailure when the schema is newer than this program, or older than the first release.
 */
export async function migrate(database: MigratableDatabase, migrations: readonly Migration[]): Promise<string[]> {
  const ran: string[] = [];
  for (;;) {
    const name = await database.transaction(async (tx) => {
      await sql.raw(database.schema.lock).execute(tx.query);
      const next = nextOf(migrations, await readApplied(tx.query, database.schema));
      if (next === undefined) return undefined;
      await next.up(tx.query as unknown as Kysely<unknown>, database.schema);
      await sql`insert into schema_migration (name) values (${next.name})`.execute(tx.query);
      return next.name;
    });
    if (name === undefined) return ran;
    ran.push(name);
  }
}

async function readApplied(query: Query, { text, strict }: SchemaDialect): Promise<ReadonlySet<string>> {
  const table = sql.raw(`create table if not exists schema_migration (name ${text} not null primary key) ${strict}`);
  await table.execute(query);
  const { rows } = await sql<{ name: string }>`select name from schema_migration`.execute(query);
  return new Set(rows.map((row) => row.name));
}

/** The first that has not run. */
function nextOf(migrations: readonly Migration[], applied: ReadonlySet<string>): Migration | undefined {
  const known = new Set(migrations.map((migration) => migration.name));
  const newer = [...applied].filter((name) => !known.has(name)).sort();
  const unreleased = newer.find((name) => migrations.some((one) => numberOf(one.name) === numberOf(name)));
  if (unreleased !== undefined) {
    throw new DatabaseFailure(
      'broken',
      `the database was made by a version before the first release, with another schema (${unreleased}): begin with an empty one, or start that version`,
    );
  }
  if (newer.length > 0) {
    throw new DatabaseFailure(
      'broken',
      `the database was made by a newer version, with ${newer.join(', ')}: start that version, or restore a backup`,
    );
  }
  return migrations.find((migration) => !applied.has(migration.name));
}

function numberOf(name: string): string | undefined {
  return name.split('-')[0];
}
