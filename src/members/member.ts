import type { Role } from '../access/role.ts';
import type { Person } from '../events/event.ts';

/** `pending`: invited, without a key; the first app key enables the member. */
export type MemberStatus = 'enabled' | 'pending' | 'deleted';

/** A person who may use the service. The id is `member_id` on the wire, `person_id` in pushes (contract 6.8). */
export interface Member {
  readonly memberId: number;
  readonly name: string;
  /** Lower case, unique among members that are not deleted. */
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

/** Members per installation: all are held in memory. */
export const membersMax = 1000;

/** `account_role_ids` of the wire (contract 6.8). The vendor publishes no values; these are ours and never change. */
export const roleIds: Readonly<Record<Role, number>> = { admin: 1, responder: 2, viewer: 3 };

/** The role of an id; `undefined` for an unknown id. */
export function roleOf(roleId: number): Role | undefined {
  if (roleId === roleIds.admin) return 'admin';
  if (roleId === roleIds.responder) return 'responder';
  if (roleId === roleIds.viewer) return 'viewer';
  return undefined;
}

export function personOf(member: Member): Person {
  return { person_id: member.memberId, person_name: member.name, email: member.email };
}
