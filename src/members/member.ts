import type { Role } from '../access/role.ts';
import type { Person } from '../events/event.ts';

/** `pending`: invited, and holds no means of access yet; the first app key that is made for them enables them. */
export type MemberStatus = 'enabled' | 'pending' | 'deleted';

/** Somebody who may use the service. On the wire the id is `member_id`, in pushes `person_id` (contract 6.8). */
export interface Member {
  readonly memberId: number;
  readonly name: string;
  /** Lower case, unique among those that are not deleted. */
  readonly email: string;
  readonly countryCode: string;
  readonly phone: string;
  readonly locale: string;
  readonly timeZone: string;
  readonly role: Role;
  readonly status: MemberStatus;
  readonly refId: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The most members of an installation: all of them are held in memory. */
export const membersMax = 1000;

/** The wire's `account_role_ids` (contract 6.8): the vendor publishes no values, these are ours and never change. */
export const roleIds: Readonly<Record<Role, number>> = { admin: 1, responder: 2, viewer: 3 };

/** The role that an id stands for, `undefined` for an id that stands for none. */
export function roleOf(roleId: number): Role | undefined {
  if (roleId === roleIds.admin) return 'admin';
  if (roleId === roleIds.responder) return 'responder';
  if (roleId === roleIds.viewer) return 'viewer';
  return undefined;
}

export function personOf(member: Member): Person {
  return { person_id: member.memberId, person_name: member.name, email: member.email };
}
