import { listAudit, type AuditEntry, type AuditFilter } from '../../access/audit-store.ts';
import type { Audit } from '../../access/audit.ts';
import { refusedOperation } from '../../access/session-service.ts';
import type { Database } from '../../database/database.ts';
import type { Account } from '../../ingestion/push-context.ts';
import type { MemberService } from '../../members/member-service.ts';
import { limitDefault, readPage, writeCursor } from './paging.ts';
import { query, type Route } from './route.ts';
import * as shape from '../schemas/audit.ts';

export interface AuditServices {
  readonly database: Database;
  readonly account: Account;
  readonly members: MemberService;
  readonly audit: Audit;
}

/** The same route, with a line in the audit log for each success. */
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

/** Routes of the audit log, for administrators. @param audited the routes that write to it. */
export function auditRoutes({ database, account, members }: AuditServices, audited: readonly Route[]): Route[] {
  const summaries = new Map([
    ...audited.map(({ path, summary }) => [operationOf(path), summary] as const),
    [refusedOperation, 'A sign-in that was refused.'],
  ]);
  const dangerous = [...summaries.keys()].filter(isDangerous);
  return [
    query(
      '/audit/search',
      'Shows who changed the configuration, the newest first.',
      'admin',
      { request: shape.auditSearchRequest, reply: shape.auditSearchReply },
      async (input) => {
        const wanted = input.is_write === false ? [] : input.operations;
        const filter: AuditFilter = {
          startTime: input.start_time * 1000,
          endTime: input.end_time * 1000 + 999,
          memberId: input.person_id,
          operations: input.is_dangerous === true ? dangerous.filter((name) => wanted?.includes(name) ?? true) : wanted,
          requestId: input.request_id,
        };
        const limit = input.limit === 0 ? limitDefault : input.limit;
        const { after } = readPage(listName, { p: 1, limit, search_after_ctx: input.search_after_ctx });
        const { items, next, total } = await listAudit(database, filter, { after, limit });
        const people = await members.people();
        const nameOf = (memberId: number) => people.member(memberId)?.name ?? '';
        return {
          docs: items.map((entry) => ({ ...lineOf(entry, summaries), ...named(entry, account, nameOf) })),
          total,
          search_after_ctx: next === undefined ? '' : writeCursor(listName, next),
        };
      },
    ),
    query(
      '/audit/operation/list',
      'Lists the operations that leave lines in the audit log.',
      'admin',
      { request: shape.operationListRequest, reply: shape.operationListReply },
      async () => ({ items: [...summaries].map(([name, summary]) => ({ name, name_cn: summary })) }),
    ),
  ];
}

const listName = 'audit';

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
