import type { AlertReport } from '../../alerts/alert.ts';
import type { Fault } from '../../runtime/failure.ts';
import type { IntegrationType } from '../integration.ts';

/** How one kind of monitoring system says what happened: a pure reading of the body that it pushes. */
export interface Format {
  readonly type: IntegrationType;
  parse(body: unknown, context: ParseContext): Parsed | Refused;
  /** The key of the integration, for senders that put it in the body; used when the query has none. */
  readonly keyInBody?: (body: unknown) => string | undefined;
  /** The answer to a refused request, for senders that expect a form of their own instead of the error envelope. */
  readonly refusal?: (messages: readonly string[]) => OwnReply;
}

export interface ParseContext {
  /** Unix milliseconds, when the request arrived. */
  readonly now: number;
  /** A made-up alert key, for reports that come without one. */
  shortId(): string;
  readonly integrationName: string;
  readonly integrationType: string;
}

export interface Parsed {
  readonly ok: true;
  /** In the order of the body. */
  readonly reports: readonly AlertReport[];
  readonly reply: Reply;
  /** Items that are right and ask for no change, such as an acknowledgement. */
  readonly ignored: number;
  /**
   * Items of a group that cannot be read at all. The others are taken, because the senders of groups do not repeat a
   * refused request, and one odd item must not lose the rest. To be counted and shown, never dropped in silence.
   */
  readonly skipped: readonly Fault[];
}

/** Everything that is wrong with the body, at once; nothing of it is taken. */
export interface Refused {
  readonly ok: false;
  readonly faults: readonly Fault[];
}

/** `data` goes into the success envelope of contract 6.1 with status 200; an own reply is sent as it is. */
export type Reply = { readonly data: Readonly<Record<string, unknown>> } | OwnReply;

export interface OwnReply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Alerts in one body. More are refused, loudly, because cutting a group off would lose alerts in silence. */
const itemsMax = 5_000;

/** Unreadable items that are named one by one; the rest is summed up. */
const skippedNamedMax = 20;

/** Reads a body of several items: what one item is wrong about does not keep back the others. */
export function parseItems(
  items: readonly unknown[],
  field: string,
  read: (item: Readonly<Record<string, unknown>>, path: string) => AlertReport | Fault | 'ignored',
): Parsed | Refused {
  if (items.length > itemsMax) {
    const message = `holds ${items.length} alerts and may hold ${itemsMax}: let the sender split the group`;
    return { ok: false, faults: [{ field, message }] };
  }
  const reports: AlertReport[] = [];
  const faults: Fault[] = [];
  let ignored = 0;
  for (const [index, item] of items.entries()) {
    const path = `${field}[${index}]`;
    const result = isObject(item) ? read(item, path) : { field: path, message: 'must be a JSON object' };
    if (result === 'ignored') ignored += 1;
    else if ('alertKey' in result) reports.push(result);
    else faults.push(result);
  }
  const skipped = summed(faults, field);
  if (reports.length === 0 && ignored === 0 && skipped.length > 0) return { ok: false, faults: skipped };
  return { ok: true, reports, reply: groupReply(reports.length, ignored, skipped), ignored, skipped };
}

/** What became of the items of a body, for the sender's log. */
export function groupReply(accepted: number, ignored: number, skipped: readonly Fault[]): Reply {
  return { data: { accepted, ignored, skipped } };
}

function summed(faults: readonly Fault[], field: string): readonly Fault[] {
  if (faults.length <= skippedNamedMax) return faults;
  const more = faults.length - skippedNamedMax;
  return [...faults.slice(0, skippedNamedMax), { field, message: `${more} more items cannot be read` }];
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The field when it is text with something in it, else ''. */
export function textOf(object: Readonly<Record<string, unknown>>, name: string): string {
  const value = object[name];
  return typeof value === 'string' ? value : '';
}

/** The field when it is an object, else an empty one. */
export function objectOf(object: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> {
  const value = object[name];
  return isObject(value) ? value : {};
}

export function listOf(object: Readonly<Record<string, unknown>>, name: string): readonly unknown[] {
  const value = object[name];
  return Array.isArray(value) ? value : [];
}
