import { useRead } from './query.ts';
import type { Role, Session } from './operations.ts';

/** The session of the person at the screen. The frame shows no page before it is there. */
export function useSession(): Session {
  const { data } = useRead('/session/info', {});
  if (data === undefined) throw new Error('a page was shown before its session was known');
  return data;
}

const ranks: Readonly<Record<Role, number>> = { viewer: 0, responder: 1, admin: 2 };

/** Whether the person may do what needs at least `role`. */
export function useMay(role: Role): boolean {
  return ranks[useSession().role] >= ranks[role];
}
