import { sql, type RawBuilder } from 'kysely';
import { openStates } from './delivery.ts';

/*
 * Conditions on the state of a delivery. All but `itsState` repeat the predicates of the partial indexes
 * word for word, because only then are these used. `table` is the name under which a statement reads the deliveries, where
 * it reads more than one table.
 */

/** `delivery_open`. With `or`, because for `in (…)` SQLite builds a small tree for each written row. */
export function isOpen(table = ''): RawBuilder<boolean> {
  return sql.raw(`(${openStates.map((state) => `${stateOf(table)} = '${state}'`).join(' or ')})`);
}

/** `delivery_pending` and `delivery_pending_critical`. */
export function isPending(table = ''): RawBuilder<boolean> {
  return sql.raw(`(${stateOf(table)} || '') = 'pending'`);
}

/** `delivery_lane`, with all deliveries of an alert or incident; always true. */
export function byLane(table = ''): RawBuilder<boolean> {
  return sql.raw(`${table === '' ? '' : `${table}.`}sequence >= 0`);
}

/** `delivery_failed` and `delivery_failed_webhook`: tried or ended, and not delivered. */
export const isFailed = sql<boolean>`state <> 'pending' and state <> 'sending' and state <> 'delivered'`;

/**
 * The state, for a statement that names its rows by id. PostgreSQL's statistics may be stale, most often from a quiet
 * time; with a large backlog it would scan all waiting rows for each id. No index has this expression, so none of the waiting
 * rows is taken for it. A bare `not exists` becomes a join with the same effect; with an order and an offset it reads one lane.
 */
export const itsState = sql`('' || state)`;

function stateOf(table: string): string {
  return table === '' ? 'state' : `${table}.state`;
}
