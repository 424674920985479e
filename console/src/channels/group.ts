/** The grouping of a channel as it is typed. Pure. */
import type { Channel } from '../api/operations.ts';

export type Group = NonNullable<Channel['group']>;

export interface TypedGroup {
  readonly method: Group['method'];
  /** A set of fields a line, joined by plus signs. */
  readonly equals: string;
  readonly minutes: string;
  readonly type: 'tumbling' | 'sliding';
  readonly share: string;
}

export function textOf(group: Group): string {
  return (group.equals ?? []).map((keys) => keys.join(' + ')).join('\n');
}

/** What the form does not show stays as it was. */
export function groupOf(before: Group, typed: TypedGroup): Group {
  const equals = typed.equals
    .split('\n')
    .map((line) =>
      line
        .split('+')
        .map((key) => key.trim())
        .filter((key) => key !== ''),
    )
    .filter((keys) => keys.length > 0);
  return {
    ...before,
    method: typed.method,
    ...(typed.method === 'p' ? { equals } : {}),
    ...(typed.method === 'i' ? { i_score_threshold: Number(typed.share.replace(',', '.')) } : {}),
    ...(typed.method === 'n' ? {} : { time_window: Number(typed.minutes), window_type: typed.type }),
  };
}
