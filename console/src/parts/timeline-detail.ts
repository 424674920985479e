/** The particulars of a timeline's entry that are worth a line. Pure. */
import type { FeedItem } from '../api/operations.ts';

export interface EntryDetail {
  readonly lines: readonly string[];
  readonly change: readonly [string, string] | undefined;
  readonly minutes: number | undefined;
  readonly reason: string;
}

const textMaxChars = 500;

export function detailOf({ type, detail }: FeedItem, names: ReadonlyMap<number, string>): EntryDetail {
  const from = textOf(detail['from']);
  const to = textOf(detail['to']);
  return {
    lines: [
      ...people(detail['to'], names),
      ...['comment', 'title', 'integration_name', 'rule_name', 'field_name'].map((key) => textOf(detail[key])),
      ...titlesOf(detail['source_incidents']),
    ].filter((line) => line !== ''),
    change: from !== '' && to !== '' && type.startsWith('i_r_') ? [from, to] : undefined,
    minutes: typeof detail['minutes'] === 'number' ? detail['minutes'] : undefined,
    reason: textOf(detail['reason']),
  };
}

function people(value: unknown, names: ReadonlyMap<number, string>): string[] {
  if (!Array.isArray(value)) return [];
  return [value.map((id: unknown) => names.get(Number(id)) ?? `#${String(id)}`).join(', ')];
}

function titlesOf(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.map((one: unknown) =>
    typeof one === 'object' && one !== null && 'title' in one ? textOf(one.title) : '',
  );
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') return '';
  return value.length > textMaxChars ? `${value.slice(0, textMaxChars)}…` : value;
}
