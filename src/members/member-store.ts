import type { Role } from '../access/role.ts';
import type { Query, Transaction } from '../database/database.ts';
import type { MemberRow } from '../database/tables.ts';
import type { Member, MemberStatus } from './member.ts';

/** Members as rows. A deleted one keeps its row without its address, so that its id is never reused. */
export class MemberStore {
  /** Without the deleted ones, the oldest first. */
  async all(query: Query): Promise<Member[]> {
    const rows = await query
      .selectFrom('member')
      .selectAll()
      .where('status', '<>', 'deleted')
      .orderBy('created_at')
      .orderBy('member_id')
      .execute();
    return rows.map(memberOf);
  }

  async insert(tx: Transaction, members: readonly Member[]): Promise<void> {
    await tx.insertMany('member', members.map(rowOf));
  }

  async save(tx: Transaction, member: Member): Promise<void> {
    const { member_id, ...set } = rowOf(member);
    await tx.query.updateTable('member').set(set).where('member_id', '=', member_id).execute();
  }

  /** Deletes the member and removes it from its teams. */
  async remove(tx: Transaction, memberId: number, now: number): Promise<void> {
    await tx.query
      .updateTable('member')
      .set({ status: 'deleted', email: '', phone: '', country_code: '', updated_at: now })
      .where('member_id', '=', memberId)
      .execute();
    await tx.query.deleteFrom('team_member').where('member_id', '=', memberId).execute();
  }
}

function memberOf(row: MemberRow): Member {
  return {
    memberId: row.member_id,
    name: row.member_name,
    email: row.email,
    countryCode: row.country_code,
    phone: row.phone,
    locale: row.locale,
    timeZone: row.time_zone,
    role: row.role as Role,
    status: row.status as MemberStatus,
    refId: row.ref_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function rowOf(member: Member): MemberRow {
  return {
    member_id: member.memberId,
    member_name: member.name,
    email: member.email,
    country_code: member.countryCode,
    phone: member.phone,
    locale: member.locale,
    time_zone: member.timeZone,
    role: member.role,
    status: member.status,
    ref_id: member.refId,
    created_at: member.createdAt,
    updated_at: member.updatedAt,
  };
}
