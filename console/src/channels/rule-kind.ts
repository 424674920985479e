import type { Reply, Request } from '../api/operations.ts';

export type RuleKind = 'escalate' | 'silence' | 'inhibit' | 'unsubscribe';

const words = { escalate: 'escalation', silence: 'silence', inhibit: 'inhibit', unsubscribe: 'drop' } as const;

/** Where the words of a kind are. Those that lists and dialogs need have the same names in each: the type is one of them. */
export function wordsOf(kind: RuleKind): 'silence' {
  return words[kind] as 'silence';
}

export type RuleOf<K extends RuleKind> = Reply<`/channel/${K}/rule/list`>['items'][number];

/** The part of a rule that only its kind has. */
export type BodyOf<K extends RuleKind> = Omit<Request<`/channel/${K}/rule/create`>, 'channel_id' | 'rule_name'>;
