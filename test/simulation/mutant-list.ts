import type { KyselyPlugin, PluginTransformQueryArgs, RawNode, RootOperationNode } from 'kysely';
import { DatabaseFailure, type Database, type RowChange, type Transaction } from '../../src/database/database.ts';
import type { DeliveryRow, EventRow, Tables } from '../../src/database/tables.ts';
import type { Outgoing } from '../../src/delivery/exchange.ts';
import type { Report } from '../../src/delivery/outcome.ts';
import { sound, type Variant } from './mutants.ts';

/**
 * The service broken on purpose, each time in one way that was somebody's bug before. A simulation that does not find
 * these is no evidence.
 */
export const mutants: readonly Variant[] = [
  {
    name: 'acknowledges before the commit',
    database: (database) => acknowledging(database, (tx) => tx.wrote.has('alert_event')),
  },
  {
    name: 'sends before its claim is durable',
    plan: (plan) => ({ ...plan, disk: { ...plan.disk, unavailable: 0.1, inDoubt: 0.1 } }),
    database: (database) => acknowledging(database, (tx) => tx.wrote.has('claim')),
  },
  {
    name: 'repeats a request after a reset',
    sender: (sender) => ({
      ...sender,
      send: (outgoing, done) =>
        sender.send(outgoing, (report) => {
          if (report.fault?.code === 'ECONNRESET' && report.statusCode === 0) sender.send(outgoing, done);
          else done(report);
        }),
    }),
  },
  {
    name: 'settles without looking at fence and state',
    plan: (plan) => ({ ...plan, disk: { ...plan.disk, inDoubt: 0.1 } }),
    database: (database) =>
      watching(database, {
        update: (table, change) => {
          if (table !== 'delivery' || !('finished_at' in change.set)) return change;
          return { ...change, match: { delivery_id: (change.match as Partial<DeliveryRow>).delivery_id } as never };
        },
      }),
  },
  {
    name: 'trusts timers alone for the send window',
    plan: (plan) => ({ ...plan, freezeAtPoint: 0.1 }),
    sender: (sender) => ({
      ...sender,
      send: (outgoing, done) => sender.send({ ...outgoing, window: undefined } satisfies Outgoing, done),
    }),
  },
  {
    name: 'claims any delivery, not only the head of its lane',
    database: (database) => rewriting(database, /\(earlier\.state = [^)]*\)/, "earlier.state = 'none'"),
  },
  {
    name: 'claims what is not pending',
    plan: (plan) => ({
      ...plan,
      configures: true,
      webhooks: 1,
      burstMax: 8,
      entities: 20,
      operationEveryMs: 120,
      characters: ['slow'],
      crashEveryMs: 0,
      restartEveryMs: 0,
      crashAtPoint: 0,
    }),
    database: (database) => rewriting(database, /^ = 'pending' and $/, ' = state and '),
  },
  {
    name: 'takes success at the end of the body',
    sender: (sender) => ({
      ...sender,
      send: (outgoing, done) =>
        sender.send(outgoing, (report) => done(report.fault === undefined ? report : withoutStatus(report))),
    }),
  },
  {
    name: 'measures time by the wall clock',
    plan: (plan) => ({ ...plan, clockEveryMs: 1_500, characters: ['failing'], crashEveryMs: 0, crashAtPoint: 0 }),
    clock: (clock) => ({ now: clock.now, monotonic: clock.now }),
  },
  {
    name: 'takes event_time from the clock as it is',
    database: (database, now) =>
      watching(database, {
        insert: (table, row) => (table === 'event' ? { ...(row as EventRow), event_time: now() } : row),
      }),
  },
  {
    name: 'goes on after a full disk, outside the transaction',
    runsOnWhenFull: true,
  },
  {
    name: 'makes interrupted deliveries pending again',
    database: (database) =>
      watching(database, {
        update: (table, change) => {
          const set = change.set as Partial<DeliveryRow>;
          if (table !== 'delivery' || set.reason !== 'interrupted') return change;
          return { ...change, set: { ...set, state: 'pending', finished_at: 0 } as never };
        },
      }),
  },
  {
    name: 'deletes and disables without cancelling',
    plan: (plan) => ({ ...plan, configures: true }),
    deliveries: (deliveries) => ({ ...deliveries, cancel: () => Promise.resolve(0) }),
    database: (database) =>
      rewriting(
        database,
        /where state in \('pending', 'retry_wait'\) and delivery_id in/,
        'where 1 = 0 and delivery_id in',
      ),
  },
  { name: 'commits without a sync', unsynced: true },
  {
    name: 'fans out after the commit',
    fanOut: (fanOut, database) => ({
      owe: async (tx, events) => {
        tx.afterCommit(() => void database.transaction((later) => fanOut.owe(later, events)).catch(() => {}));
      },
    }),
  },
  {
    name: 'gives results up that could not be written',
    plan: (plan) => ({ ...plan, disk: { ...plan.disk, unavailable: 0.1 } }),
    database: (database) => ({
      ...database,
      transaction: async (work) => {
        let settles = 0;
        try {
          return await database.transaction(async (tx) =>
            work(
              seen(tx, {
                insert: (table, row) => {
                  if (table === 'attempt') settles += 1;
                  return row;
                },
              }),
            ),
          );
        } catch (error) {
          if (settles === 0 || !(error instanceof DatabaseFailure)) throw error;
          return Array.from({ length: settles }, () => true) as never;
        }
      },
    }),
  },
  {
    name: 'never looks at the configuration again',
    webhooks: (webhooks) => {
      let first: ReturnType<typeof webhooks.current> | undefined;
      const stale = async (load: () => ReturnType<typeof webhooks.current>) => {
        const directory = await (first ?? load());
        if (directory.list.length > 0) first ??= Promise.resolve(directory);
        return directory;
      };
      return { in: (tx) => stale(() => webhooks.in(tx)), current: () => stale(() => webhooks.current()) };
    },
  },
  {
    name: 'writes another body when it tries again',
    sender: (sender) => ({
      ...sender,
      send: (outgoing, done) => {
        const at = outgoing.headers.indexOf('tocsin-attempt');
        const again = outgoing.headers[at + 1] !== '1';
        sender.send(again ? { ...outgoing, body: `${outgoing.body} ` } : outgoing, done);
      },
    }),
  },
  {
    name: 'gives up at the first failure',
    database: (database) =>
      watching(database, {
        update: (table, change) => {
          const set = change.set as Partial<DeliveryRow>;
          if (table !== 'delivery' || set.state !== 'retry_wait') return change;
          return { ...change, set: { ...set, state: 'failed', due_at: 0 } as never };
        },
      }),
  },
  {
    name: 'never looks for what a lost hint left lying',
    plan: (plan) => ({ ...plan, atLeastOnce: true, clockEveryMs: 1_500 }),
    timers: (timers) => ({
      ...timers,
      after: (delayMs, work) => (delayMs >= 60_000 ? () => {} : timers.after(delayMs, work)),
    }),
  },
];

/** The mutant of this name; without one, the service as it is. */
export function variantOf(name: string | undefined): Variant {
  const variant = name === undefined ? sound : mutants.find((one) => one.name === name);
  if (variant === undefined) throw new Error(`there is no mutant called ${name}`);
  return variant;
}

/** What a mutant changes in what is written. */
interface Eyes {
  insert?<T extends keyof Tables>(table: T, row: Tables[T]): Tables[keyof Tables];
  update?<T extends keyof Tables>(table: T, change: RowChange<Tables[T]>): RowChange<Tables[T]>;
}

function watching(database: Database, eyes: Eyes): Database {
  return { ...database, transaction: (work) => database.transaction((tx) => work(seen(tx, eyes))) };
}

function seen(tx: Transaction, { insert, update }: Eyes): Transaction {
  return {
    query: tx.query,
    insertMany: (table, rows) =>
      tx.insertMany(table, insert === undefined ? rows : (rows.map((row) => insert(table, row)) as never)),
    updateMany: (table, changes) =>
      tx.updateMany(table, update === undefined ? changes : changes.map((change) => update(table, change))),
    afterCommit: (work) => tx.afterCommit(work),
    hint: (work) => tx.hint(work),
  };
}

/** Answers the caller when the work is done, while the commit is still to come. */
function acknowledging(database: Database, hasty: (tx: { readonly wrote: ReadonlySet<string> }) => boolean): Database {
  return {
    ...database,
    transaction: (work) =>
      new Promise((resolve, reject) => {
        const whole = database.transaction(async (tx) => {
          const wrote = new Set<string>();
          const query = tx.query.withPlugin(
            listening((text) => {
              if (/set state = 'sending'/.test(text)) wrote.add('claim');
            }),
          );
          const eyes: Eyes = {
            insert: (table, row) => {
              wrote.add(table);
              return row;
            },
          };
          const result = await work({ ...seen(tx, eyes), query });
          if (hasty({ wrote })) resolve(result);
          return result;
        });
        whole.then(resolve, reject);
      }),
  };
}

function rewriting(database: Database, pattern: RegExp, replacement: string): Database {
  const plugin = listening((text) => text.replace(pattern, replacement));
  return {
    ...database,
    transaction: (work) => database.transaction((tx) => work({ ...seen(tx, {}), query: tx.query.withPlugin(plugin) })),
  };
}

/** Hears, and may change, the text of what is written as SQL. */
function listening(hear: (text: string) => string | void): KyselyPlugin {
  return {
    transformQuery: ({ node }: PluginTransformQueryArgs): RootOperationNode => {
      if (node.kind !== 'RawNode') return node;
      const raw: RawNode = node;
      return { ...raw, sqlFragments: raw.sqlFragments.map((text) => hear(text) ?? text) };
    },
    transformResult: async ({ result }) => result,
  };
}

function withoutStatus(report: Report): Report {
  return { ...report, statusCode: 0 };
}
