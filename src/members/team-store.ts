import type { Query, Transaction } from '../database/database.ts';
import type { TeamRow } from '../database/tables.ts';
import type { Team } from './team.ts';

/** Teams as rows; their members are rows too. */
export class TeamStore {
  /** Without the deleted ones, the oldest first. */
  async all(query: Query): Promise<Team[]> {
    const rows = await query
      .selectFrom('team')
      .selectAll()
      .where('status', '<>', 'deleted')
      .orderBy('created_at')
      .orderBy('team_id')
      .execute();
    const links = await query.selectFrom('team_member').selectAll().orderBy('member_id').execute();
    const byTeam = Map.groupBy(links, (link) => link.team_id);
    return rows.map((row) => teamOf(row, byTeam.get(row.team_id)?.map((link) => link.member_id) ?? []));
  }

  /** Returns the ids of unknown and deleted teams. */
  async unknown(query: Query, teamIds: readonly number[]): Promise<number[]> {
    if (teamIds.length === 0) return [];
    const rows = await query.selectFrom('team').select('team_id').where('status', '<>', 'deleted').execute();
    const known = new Set(rows.map((row) => row.team_id));
    return teamIds.filter((teamId) => !known.has(teamId));
  }

  async insert(tx: Transaction, team: Team): Promise<void> {
    await tx.insertMany('team', [rowOf(team)]);
    await this.#insertMembers(tx, team);
  }

  async save(tx: Transaction, team: Team): Promise<void> {
    const { team_id, ...set } = rowOf(team);
    await tx.query.updateTable('team').set(set).where('team_id', '=', team_id).execute();
    await tx.query.deleteFrom('team_member').where('team_id', '=', team_id).execute();
    await this.#insertMembers(tx, team);
  }

  async remove(tx: Transaction, teamId: number, by: { memberId: number; now: number }): Promise<void> {
    await tx.query
      .updateTable('team')
      .set({ status: 'deleted', updated_by: by.memberId, updated_at: by.now })
      .where('team_id', '=', teamId)
      .execute();
    await tx.query.deleteFrom('team_member').where('team_id', '=', teamId).execute();
  }

  async #insertMembers(tx: Transaction, team: Team): Promise<void> {
    const links = team.personIds.map((memberId) => ({ team_id: team.teamId, member_id: memberId }));
    if (links.length > 0) await tx.insertMany('team_member', links);
  }
}

function teamOf(row: TeamRow, personIds: readonly number[]): Team {
  return {
    teamId: row.team_id,
    name: row.team_name,
    description: row.description,
    refId: row.ref_id,
    personIds,
    creatorId: row.creator_id,
    updatedBy: row.updated_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function rowOf(team: Team): TeamRow {
  return {
    team_id: team.teamId,
    team_name: team.name,
    description: team.description,
    status: 'enabled',
    ref_id: team.refId,
    creator_id: team.creatorId,
    updated_by: team.updatedBy,
    created_at: team.createdAt,
    updated_at: team.updatedAt,
  };
}
