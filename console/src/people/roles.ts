/** What each role may do, as the words of the console say it. Pure. */
import type { Role } from '../api/operations.ts';

export const roles = ['admin', 'responder', 'viewer'] as const satisfies readonly Role[];

/** As the list of members filters. */
export const roleIds: Readonly<Record<Role, number>> = { admin: 1, responder: 2, viewer: 3 };

/** Keys of the dictionary: what a role may do that the one below may not. */
export const mayDo = {
  viewer: [],
  responder: ['incidents', 'resend'],
  admin: ['configuration', 'people', 'secrets'],
} as const satisfies Readonly<Record<Role, readonly string[]>>;

export type Ability = (typeof mayDo)[Role][number];

const order: readonly Role[] = ['viewer', 'responder', 'admin'];

/** What a change of the role gives or takes. */
export function differenceOf(before: Role, after: Role): { readonly gained: Ability[]; readonly lost: Ability[] } {
  const [from, to] = [order.indexOf(before), order.indexOf(after)];
  const between = (low: number, high: number): Ability[] =>
    order.slice(low + 1, high + 1).flatMap((role) => mayDo[role]);
  return { gained: from < to ? between(from, to) : [], lost: from > to ? between(to, from) : [] };
}
