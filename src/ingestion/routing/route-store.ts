import type { Query, Transaction } from '../../database/database.ts';
import type { RouteRow } from '../../database/tables.ts';
import { RouteDirectory, type AlertRoute, type RouteCase, type RouteSection } from './route.ts';

/** Routes as rows, at most one per integration. */
export class RouteStore {
  async find(query: Query, integrationId: number): Promise<AlertRoute | undefined> {
    const row = await query
      .selectFrom('route')
      .selectAll()
      .where('integration_id', '=', integrationId)
      .executeTakeFirst();
    return row === undefined ? undefined : routeOf(row);
  }

  async insert(tx: Transaction, route: AlertRoute): Promise<void> {
    await tx.insertMany('route', [rowOf(route)]);
  }

  async save(tx: Transaction, route: AlertRoute): Promise<void> {
    const { integration_id, ...set } = rowOf(route);
    await tx.query.updateTable('route').set(set).where('integration_id', '=', integration_id).execute();
  }

  async all(query: Query): Promise<AlertRoute[]> {
    return (await query.selectFrom('route').selectAll().orderBy('integration_id').execute()).map(routeOf);
  }
}

/** Reads every route, for a cache. */
export async function loadRoutes(query: Query): Promise<RouteDirectory> {
  return new RouteDirectory(await new RouteStore().all(query));
}

function routeOf(row: RouteRow): AlertRoute {
  return {
    integrationId: row.integration_id,
    cases: JSON.parse(row.cases_json) as RouteCase[],
    defaultChannelIds: (JSON.parse(row.default_json) as number[] | null) ?? undefined,
    sections: JSON.parse(row.sections_json) as RouteSection[],
    version: row.version,
    creatorId: row.creator_id,
    updatedBy: row.updated_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function rowOf(route: AlertRoute): RouteRow {
  return {
    integration_id: route.integrationId,
    version: route.version,
    cases_json: JSON.stringify(route.cases),
    sections_json: JSON.stringify(route.sections),
    default_json: JSON.stringify(route.defaultChannelIds ?? null),
    creator_id: route.creatorId,
    updated_by: route.updatedBy,
    created_at: route.createdAt,
    updated_at: route.updatedAt,
  };
}
