import { countAudit, listAudit, type AuditEntry, type AuditFilter } from '../../access/audit-store.ts';
import type { Audit } from '../../access/audit.ts';
import type { Database } from '../../database/database.ts';
import type { Account } from '../../ingestion/directories.ts';
import type { Members } from '../../members/members.ts';
import { totalMax } from '../../database/keyset.ts';
import { limitDefault, readCursor, writeCursor } from '../paging.ts';
import { route, type Route } from '../route.ts';
import * as shape from '../shapes/audit.ts';

export interface AuditServices {
  readonly database: Database;
  readonly account: Account;
  readonly members: Members;
  readonly audit: Audit;
}

/** The same route, which leaves a line in the audit log whenever it succeeds. */
export function underAudit(route: Route, audit: Audit): Route {
  const operation = operationOf(route.path);
  return {
    ...route,
    handle: (input, call) => {
      const { requestId, address } = call;
      return audit.during({ operation, input, requestId, address, memberId: call.person.person_id }, () =>
        route.handle(input, call),
      );
    },
  };
}

/** The log itself, for administrators. @param audited the routes that leave lines in it. */
export function auditRoutes({ database, account, members }: AuditServices, audited: readonly Route[]): Route[] {
  const summaries = new Map(audited.map(({ path, summary }) => [operationOf(path), summary]));
  const dangerous = [...summaries.keys()].filter(isDangerous);
  return [
    route({
      path: '/audit/search',
      summary: 'Shows who changed the configuration, the newest first.',
      role: 'admin',
      writes: false,
      request: shape.auditSearchRequest,
      reply: shape.auditSearchReply,
      handle: async (input) => {
        const wanted = input.is_write === false ? [] : input.operations;
        const filter: AuditFilter = {
          startTime: input.start_time * 1000,
          endTime: input.end_time * 1000 + 999,
          memberId: input.person_id,
          operations: input.is_dangerous === true ? dangerous.filter((name) => wanted?.includes(name) ?? true) : wanted,
          requestId: input.request_id,
        };
        const limit = input.limit === 0 ? limitDefault : input.limit;
        const found = await listAudit(database, filter, positionOf(input.search_after_ctx ?? ''), limit);
        const page = found.slice(0, limit);
        const last = found.length > limit ? page.at(-1) : undefined;
        const people = await members.people();
        const nameOf = (memberId: number) => people.member(memberId)?.name ?? '';
        return {
          docs: page.map((entry) => ({ ...lineOf(entry, summaries), ...named(entry, account, nameOf) })),
          total: await countAudit(database, filter, totalMax),
          search_after_ctx: last === undefined ? '' : writeCursor(cursorName, [last.createdAt, last.auditId]),
        };
      },
    }),
    route({
      path: '/audit/operation/list',
      summary: 'Lists the operations that leave lines in the audit log.',
      role: 'admin',
      writes: false,
      request: shape.operationListRequest,
      reply: shape.operationListReply,
      handle: async () => ({ items: [...summaries].map(([name, summary]) => ({ name, name_cn: summary })) }),
    }),
  ];
}

const cursorName = 'audit';

function positionOf(cursor: string): { createdAt: number; auditId: string } | undefined {
  if (cursor === '') return undefined;
  const [createdAt, auditId] = readCursor(cursorName, cursor);
  return { createdAt: Number(createdAt), auditId: String(auditId) };
}

/** `/channel/update` → `channel:update`. */
function operationOf(path: string): string {
  return path.slice(1).replaceAll('/', ':');
}

function isDangerous(operation: string): boolean {
  return /:(?:delete|remove|rotate)$/.test(operation);
}

function lineOf(entry: AuditEntry, summaries: ReadonlyMap<string, string>) {
  return {
    created_at: entry.createdAt,
    operation: entry.operation,
    operation_name: summaries.get(entry.operation) ?? '',
    object_id: entry.objectId,
    body: entry.bodyJson,
    params: [],
    ip: entry.address,
    request_id: entry.requestId,
    is_write: true,
    is_dangerous: isDangerous(entry.operation),
  };
}

function named({ memberId }: AuditEntry, account: Account, nameOf: (memberId: number) => string) {
  return { account_id: account.accountId, member_id: memberId, member_name: nameOf(memberId) };
}
