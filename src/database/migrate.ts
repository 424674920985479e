import type { Kysely } from 'kysely';

/** What a migration's text needs to know of the dialect. */
export interface SchemaDialect {
  /** A 64-bit integer. */
  readonly integer: string;
  /** Ends a `create table` where types are enforced only on request. */
  readonly strict: string;
}

export interface Migration {
  readonly name: string;
  up(db: Kysely<unknown>, dialect: SchemaDialect): Promise<void>;
}
