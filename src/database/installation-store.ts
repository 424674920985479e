import { CompiledQuery, sql, type RawBuilder } from 'kysely';
import type { Query, Transaction } from './database.ts';
import type { InstallationRow } from './tables.ts';

export function readInstallation(query: Query): Promise<InstallationRow | undefined> {
  return query.selectFrom('installation').selectAll().executeTakeFirst();
}

/** @throws DatabaseFailure `conflict` when there is one already. */
export async function insertInstallation(tx: Transaction, row: InstallationRow): Promise<void> {
  await tx.query.insertInto('installation').values(row).execute();
}

/** 0 while there is no installation. */
export async function readRevision(query: Query): Promise<number> {
  const { rows } = await query.executeQuery(ofRevision);
  return rows[0]?.revision ?? 0;
}

/** Each transaction that needs the configuration asks so; building it anew would take longer than its answer. */
const ofRevision = CompiledQuery.raw('select "revision" from "installation"') as CompiledQuery<
  Pick<InstallationRow, 'revision'>
>;

/** A condition: nothing of the configuration has changed since it had this revision. */
export function isAtRevision(revision: number): RawBuilder<boolean> {
  return sql<boolean>`exists (select 1 from installation where revision = ${revision})`;
}

/** The revision of the last change of each part of the configuration. */
export async function readPartRevisions(query: Query): Promise<ReadonlyMap<string, number>> {
  const rows = await query.selectFrom('config_part').selectAll().execute();
  return new Map(rows.map((row) => [row.part, row.revision]));
}

/** Raises the revision, which locks the installation's row, and gives the new one to the parts. */
export async function raiseRevision(tx: Transaction, parts: readonly string[]): Promise<void> {
  await sql`update installation set revision = revision + 1`.execute(tx.query);
  for (const part of parts) {
    await sql`insert into config_part (part, revision) select ${part}, revision from installation where true
      on conflict (part) do update set revision = excluded.revision`.execute(tx.query);
  }
}
