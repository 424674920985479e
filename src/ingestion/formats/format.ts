import type { AlertReport } from '../../alerts/alert.ts';
import type { ChangeReport } from '../../changes/change.ts';
import type { Fault } from '../../runtime/failure.ts';
import type { IntegrationType } from '../integration.ts';
import { isObject } from './fields.ts';
import type { Fields } from './fields.ts';
import type { ReadReport } from './report.ts';
import type { FormatSettings } from './settings.ts';

/** The format of one kind of monitoring system: reads a body, pure. */
export interface Format {
  readonly type: IntegrationType;
  parse(body: unknown, context: ParseContext): Parsed | Refused;
  /** Finds the integration's key in the body, for senders that put it there; used when the query has none. */
  readonly keyInBody?: (body: unknown) => string | undefined;
  /** The body of a refusal in the sender's form instead of the error envelope. */
  readonly refusal?: (status: number, messages: readonly string[]) => Readonly<Record<string, unknown>>;
  /** Whether senders post to this path of their API, behind the push path or at the root. */
  readonly postsTo?: (path: string) => boolean;
}

export interface ParseContext {
  /** Unix milliseconds, when the request arrived. */
  readonly now: number;
  /** Generates an alert key for reports without one. */
  shortId(): string;
  readonly integrationName: string;
  readonly integrationType: string;
  readonly settings: FormatSettings;
  /** The path in the sender's API that the body was posted to; '' = the push path itself. */
  readonly path: string;
}

export interface Parsed {
  readonly ok: true;
  /** In the order of the body. */
  readonly reports: readonly AlertReport[];
  /** For a body that is about a change, not about an alert. */
  readonly change?: ChangeReport;
  readonly reply: Reply;
  /** Valid items without a change, such as an acknowledgement. */
  readonly ignored: number;
  /**
   * Parts of the body that are left out: unreadable items, labels beyond the limit, images. The rest is taken, because
   * senders of groups do not repeat a refused request. The reply names them.
   */
  readonly skipped: readonly Fault[];
  /** Unreadable items. */
  readonly unreadable: number;
  /** Alerts that the sender cut off from the group. */
  readonly truncated: number;
  /** Reports with a time ahead of the service's clock. */
  readonly ahead: number;
}

/** All faults of the body; nothing of it is taken. */
export interface Refused {
  readonly ok: false;
  readonly faults: readonly Fault[];
}

/** `data` goes into the success envelope of contract 6.1 with status 200; another reply is sent as it is. */
export type Reply = { readonly data: Readonly<Record<string, unknown>> } | OwnReply;

export interface OwnReply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The result of one item: a report, a fault, or nothing to do. */
export type Item = ReadReport | Fault | 'ignored';

/** Alerts per body. More are refused, because cutting a group would lose alerts in silence. */
const itemsMax = 5_000;

/** Left-out parts that are named one by one; the rest is counted. */
const skippedNamedMax = 20;

/** Reads a body of several items: a faulty one does not affect the others. */
export function parseItems(
  items: readonly unknown[],
  field: string,
  readItem: (item: Fields, path: string) => Item,
  truncated = 0,
): Parsed | Refused {
  if (items.length > itemsMax) {
    const message = `holds ${items.length} alerts and may hold ${itemsMax}: let the sender split the group`;
    return { ok: false, faults: [{ field, message }] };
  }
  const results = items.map((item, index) => {
    const path = `${field}[${index}]`;
    return isObject(item) ? readItem(item, path) : { field: path, message: 'must be a JSON object' };
  });
  return collect(results, field, truncated);
}

/** Reads a body that is one alert. */
export function parseOne(item: Item): Parsed | Refused {
  return collect([item], '', 0);
}

function collect(results: readonly Item[], field: string, truncated: number): Parsed | Refused {
  const read = results.filter((result) => typeof result === 'object' && 'report' in result);
  const unreadable = results.filter((result) => typeof result === 'object' && 'message' in result);
  const ignored = results.length - read.length - unreadable.length;
  const skipped = summed([...unreadable, ...read.flatMap((one) => one.skipped)], field);
  if (read.length === 0 && ignored === 0 && unreadable.length > 0) return { ok: false, faults: skipped };
  const cut = truncated > 0 ? { truncated } : {};
  return {
    ok: true,
    reports: read.map((one) => one.report),
    reply: { data: { accepted: read.length, ignored, skipped, ...cut } },
    ignored,
    skipped,
    unreadable: unreadable.length,
    truncated,
    ahead: read.filter((one) => one.isAhead).length,
  };
}

/** Replaces the reply by a format's own, with the left-out parts. */
export function withReply(parsed: Parsed, reply: Reply): Parsed {
  return { ...parsed, reply: withSkipped(reply, parsed.skipped) };
}

function withSkipped(reply: Reply, skipped: readonly Fault[]): Reply {
  if (skipped.length === 0) return reply;
  if ('data' in reply) return { data: { ...reply.data, skipped } };
  return { ...reply, body: { ...reply.body, skipped } };
}

function summed(faults: readonly Fault[], field: string): readonly Fault[] {
  if (faults.length <= skippedNamedMax) return faults;
  const more = faults.length - skippedNamedMax;
  return [...faults.slice(0, skippedNamedMax), { field, message: `${more} more things are left out` }];
}
