import type { KyselyPlugin, OperationNode, PluginTransformQueryArgs, RawNode, RootOperationNode } from 'kysely';
import {
  DatabaseFailure,
  type Database,
  type RowChange,
  type Transaction,
  type TransactionEnd,
} from '../../src/database/database.ts';
import { AgeCursor } from '../../src/delivery/queue/age-cursor.ts';
import { FairScheduler } from '../../src/delivery/queue/fair-scheduler.ts';
import type { DeliveryRow, EventRow, NewDeliveryRow, NewRows, ReplayRow, Tables } from '../../src/database/tables.ts';
import type { Outgoing } from '../../src/egress/http-exchange.ts';
import type { Report } from '../../src/egress/report.ts';
import { ownFaults } from './endpoint.ts';
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
    name: 'sends before the change that claims its push is durable',
    plan: (plan) => ({ ...plan, characters: ['healthy'], disk: { ...plan.disk, unavailable: 0.1, inDoubt: 0.1 } }),
    database: (database) => ({
      ...database,
      transaction: (work) =>
        database.transaction(async (tx) => {
          const early: ((end: TransactionEnd) => void)[] = [];
          const result = await work({ ...seen(tx, {}), whenEnded: (work) => early.push(work) });
          for (const work of early) work('committed');
          return result;
        }),
    }),
  },
  {
    name: 'keeps the slot of a push whose change failed',
    plan: (plan) => ({ ...plan, characters: ['healthy'], disk: { ...plan.disk, unavailable: 0.1 } }),
    database: (database) => ({
      ...database,
      transaction: (work) =>
        database.transaction((tx) =>
          work({
            ...seen(tx, {}),
            whenEnded: (work) => tx.whenEnded((end) => (end === 'committed' ? work(end) : undefined)),
          }),
        ),
    }),
  },
  {
    name: 'claims a push with its change though something of its lane is open',
    plan: (plan) => ({ ...plan, characters: ['failing', 'flapping', 'healthy'], atLeastOnce: true }),
    database: (database) => rewriting(database, /\(open\.state = [^)]*\)/, "open.state = 'none'"),
  },
  {
    name: 'repeats a request after a reset',
    sender: (sender) => ({
      ...sender,
      send: async (outgoing) => {
        const report = await sender.send(outgoing);
        return report.fault?.code === 'ECONNRESET' && report.statusCode === 0 ? sender.send(outgoing) : report;
      },
    }),
  },
  {
    name: 'takes a byte that left for one that did not, and tries again',
    sender: (sender) => ({
      ...sender,
      send: async (outgoing) => {
        const report = await sender.send(outgoing);
        if (report.fault?.code !== 'ECONNRESET' || report.statusCode !== 0) return report;
        return { ...report, maybeSent: false, phase: 'connect' };
      },
    }),
  },
  {
    name: 'takes what its own machine lacks for a failure of the receiver',
    plan: (plan) => ({ ...plan, lackEveryMs: 1_000, atLeastOnce: false }),
    sender: (sender) => ({
      ...sender,
      send: async (outgoing) => {
        const report = await sender.send(outgoing);
        if (report.fault === undefined || !ownFaults.some((code) => code === report.fault?.code)) return report;
        return { ...report, fault: { ...report.fault, code: 'ECONNREFUSED' } };
      },
    }),
  },
  {
    name: 'lets a successor go while the unsent one before it waits',
    plan: (plan) => ({ ...plan, characters: ['refusing', 'flapping', 'healthy'] }),
    database: (database) => rewriting(database, / or earlier\.state = 'retry_wait'\)/, ')'),
  },
  {
    name: 'gives up what was never sent',
    plan: (plan) => ({ ...plan, characters: ['refusing', 'flapping', 'healthy'] }),
    database: (database) =>
      watching(database, {
        update: (table, change) => {
          const set = change.set as Partial<DeliveryRow>;
          if (table !== 'delivery' || set.state !== 'retry_wait' || set.reason !== 'connect') return change;
          return { ...change, set: { ...set, state: 'failed', due_at: 0 } as never };
        },
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
      send: (outgoing) => sender.send({ ...outgoing, window: undefined } satisfies Outgoing),
    }),
  },
  {
    name: 'claims any delivery, not only the head of its lane',
    database: (database) => rewriting(database, headCheck, "earlier.state = 'none'"),
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
      send: async (outgoing) => {
        const report = await sender.send(outgoing);
        return report.fault === undefined ? report : withoutStatus(report);
      },
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
  {
    name: 'names the event before as the predecessor, due or not',
    database: (database) =>
      watching(database, {
        insert: (table, row) =>
          table === 'delivery'
            ? { ...(row as NewDeliveryRow), previous_sequence: Math.max(0, (row as NewDeliveryRow).sequence - 1) }
            : row,
      }),
  },
  { name: 'commits without a sync', unsynced: true },
  {
    name: 'fans out after the commit',
    fanOut: (fanOut, database) => ({
      ...fanOut,
      enqueueFor: async (tx, events) => {
        tx.afterCommit(() => void database.transaction((later) => fanOut.enqueueFor(later, events)).catch(() => {}));
        return new Map();
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
                update: (table, change) => {
                  if (table === 'delivery' && 'started_at' in change.set) settles += 1;
                  return change;
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
      return {
        in: (tx) => stale(() => webhooks.in(tx)),
        async assumed(tx) {
          const { parts, holds } = await webhooks.assumed(tx);
          return { parts: await stale(() => Promise.resolve(parts)), holds };
        },
        current: () => stale(() => webhooks.current()),
      };
    },
  },
  {
    name: 'writes another body when it tries again',
    sender: (sender) => ({
      ...sender,
      send: (outgoing) => {
        const at = outgoing.headers.indexOf('tocsin-attempt');
        const again = outgoing.headers[at + 1] !== '1';
        return sender.send(again ? { ...outgoing, body: `${outgoing.body} ` } : outgoing);
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
    name: 'writes the place of a replay after the transaction of its deliveries',
    plan: (plan) => ({ ...plan, configures: true, crashAtPoint: 0.05, webhooks: 1, operationEveryMs: 120 }),
    database: (database) =>
      watching(database, {
        update: (table, change) => {
          const { cursor_time, cursor_id, ...set } = change.set as Partial<ReplayRow>;
          if (table !== 'replay' || cursor_id === undefined || cursor_id === '') return change;
          const { replay_id } = change.match as Partial<ReplayRow>;
          const place = { match: { replay_id }, set: { cursor_time, cursor_id } } as RowChange<ReplayRow>;
          void writeLater(database, 'replay', [place]);
          return { ...change, set: set as never };
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
  {
    name: 'claims a successor though the result of the one before it does not count yet',
    database: (database) => ({
      ...database,
      transaction: (work) =>
        database.transaction(async (tx) => {
          const later: RowChange<DeliveryRow>[] = [];
          const plugin = listening((text) =>
            later.length > 0 ? text.replace(headCheck, "earlier.state = 'none'") : text,
          );
          const result = await work({ ...withheld(tx, later), query: tx.query.withPlugin(plugin) });
          if (later.length > 0) tx.afterCommit(() => void writeLater(database, 'delivery', later));
          return result;
        }),
    }),
  },
  {
    name: 'keeps the slot of a picked push that could not be claimed',
    plan: (plan) => ({ ...plan, disk: { ...plan.disk, unavailable: 0.1 } }),
    rebuild: () =>
      replacing(
        FairScheduler.prototype,
        'released',
        (released) =>
          function (this: FairScheduler, request) {
            return request.requesting ? [] : released.call(this, request);
          },
      ),
  },
  {
    name: 'lets what comes up take the room for which older ones wait in the database',
    plan: (plan) => ({
      ...plan,
      queueLimits: { lanesPerClassMax: 10, heldMax: 10, readyLow: 3 },
      operationEveryMs: 60,
      burstMax: 8,
      entities: 200,
      configures: false,
      webhooks: 1,
      characters: ['slow'],
      freezeAtPoint: 0,
      freezeEveryMs: 0,
      clockEveryMs: 0,
      crashEveryMs: 0,
      crashAtPoint: 0,
      disk: { ...plan.disk, outageEveryMs: 0, inDoubt: 0, full: 0, unavailable: 0 },
    }),
    rebuild: () => answering(AgeCursor.prototype, { behind: false, reached: undefined }),
  },
];

/** A method that does something else. */
function replacing<Part extends object, Name extends keyof Part>(
  part: Part,
  name: Name,
  by: (sound: Part[Name]) => Part[Name],
): Disposable {
  const sound = part[name];
  part[name] = by(sound);
  return {
    [Symbol.dispose]() {
      part[name] = sound;
    },
  };
}

/** Getters that answer the same whatever is the case. */
function answering<Part extends object>(part: Part, answers: Partial<Part>): Disposable {
  const before = Object.keys(answers).map((name) => [name, Object.getOwnPropertyDescriptor(part, name)] as const);
  for (const [name, value] of Object.entries(answers)) {
    Object.defineProperty(part, name, { get: () => value, configurable: true });
  }
  return {
    [Symbol.dispose]() {
      for (const [name, descriptor] of before)
        if (descriptor !== undefined) Object.defineProperty(part, name, descriptor);
    },
  };
}

/** The mutant of this name; without one, the service as it is. */
export function variantOf(name: string | undefined): Variant {
  const variant = name === undefined ? sound : mutants.find((one) => one.name === name);
  if (variant === undefined) throw new Error(`there is no mutant called ${name}`);
  return variant;
}

/** The change that a mutant makes to written rows. */
interface Eyes {
  insert?<T extends keyof Tables>(table: T, row: NewRows[T]): NewRows[keyof Tables];
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
    setMany: (table, changes) =>
      tx.setMany(table, update === undefined ? changes : changes.map((change) => update(table, change))),
    changeAll: (table, changes) =>
      tx.changeAll(table, update === undefined ? changes : changes.map((change) => update(table, change))),
    answered: () => tx.answered(),
    ask: (statement, heard) => tx.ask(statement, heard),
    mark: () => tx.mark(),
    awaitEnds: (marks) => tx.awaitEnds(marks),
    giveTurn: () => tx.giveTurn(),
    afterCommit: (work) => tx.afterCommit(work),
    hint: (work) => tx.hint(work),
    needsNoCount: () => tx.needsNoCount(),
    whenEnded: (work) => tx.whenEnded(work),
  };
}

async function writeLater<T extends keyof Tables>(
  database: Database,
  table: T,
  changes: readonly RowChange<Tables[T]>[],
): Promise<void> {
  await database.transaction((tx) => tx.updateMany(table, changes)).catch(() => {});
}

/** Says of each result that it counts, and keeps it back. */
function withheld(tx: Transaction, kept: RowChange<DeliveryRow>[]): Transaction {
  return {
    ...seen(tx, {}),
    changeAll: async (table, changes) => {
      if (table === 'delivery') kept.push(...(changes as readonly RowChange<DeliveryRow>[]));
      else await tx.changeAll(table, changes);
    },
  };
}

/** In the statement that claims. */
const headCheck = /\(earlier\.state = [^)]*\)/;

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

/** Hears, and may change, the text of each writing statement. */
function listening(hear: (text: string) => string | void): KyselyPlugin {
  return {
    transformQuery: ({ node }: PluginTransformQueryArgs): RootOperationNode => (isRaw(node) ? heard(node, hear) : node),
    transformResult: async ({ result }) => result,
  };
}

/** Each of its texts, and those of the fragments within it. */
function heard(raw: RawNode, hear: (text: string) => string | void): RawNode {
  return {
    ...raw,
    sqlFragments: raw.sqlFragments.map((text) => hear(text) ?? text),
    parameters: raw.parameters.map((one) => (isRaw(one) ? heard(one, hear) : one)),
  };
}

function isRaw(node: OperationNode): node is RawNode {
  return node.kind === 'RawNode';
}

function withoutStatus(report: Report): Report {
  return { ...report, statusCode: 0 };
}
