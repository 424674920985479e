import type { Query } from '../database/database.ts';
import type { Person } from '../events/event.ts';
import { personOf, type Member } from './member.ts';
import { MemberStore } from './member-store.ts';
import type { Team } from './team.ts';
import { TeamStore } from './team-store.ts';

/** All members and teams that are not deleted, as of one moment. */
export class People {
  /** The oldest first. */
  readonly members: readonly Member[];
  /** The oldest first. */
  readonly teams: readonly Team[];
  readonly #membersById: ReadonlyMap<number, Member>;
  readonly #teamsById: ReadonlyMap<number, Team>;

  constructor(members: readonly Member[], teams: readonly Team[]) {
    this.members = members;
    this.teams = teams;
    this.#membersById = new Map(members.map((member) => [member.memberId, member]));
    this.#teamsById = new Map(teams.map((team) => [team.teamId, team]));
  }

  member(memberId: number): Member | undefined {
    return this.#membersById.get(memberId);
  }

  person(memberId: number): Person | undefined {
    const member = this.#membersById.get(memberId);
    return member === undefined ? undefined : personOf(member);
  }

  team(teamId: number): Team | undefined {
    return this.#teamsById.get(teamId);
  }

  /** The ids of the teams that a member is in. */
  teamIdsOf(memberId: number): number[] {
    return this.teams.filter((team) => team.personIds.includes(memberId)).map((team) => team.teamId);
  }
}

/** Reads all members and teams, for a cache. */
export async function loadPeople(query: Query): Promise<People> {
  return new People(await new MemberStore().all(query), await new TeamStore().all(query));
}
