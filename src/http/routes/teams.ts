import type { z } from 'zod';
import { seconds } from '../../events/event.ts';
import type { MemberService } from '../../members/member-service.ts';
import type { People } from '../../members/people.ts';
import type { Team } from '../../members/team.ts';
import { findTeam, type TeamChange, type TeamName, type TeamService } from '../../members/team-service.ts';
import type { Account } from '../../ingestion/push-context.ts';
import { mentions, numberedPageOf, ordered } from './in-memory-page.ts';
import { command, commandWithReply, query, type Route } from './route.ts';
import * as shape from '../schemas/team.ts';

export interface TeamServices {
  readonly account: Account;
  readonly members: MemberService;
  readonly teams: TeamService;
}

/** Everybody may read teams; administrators manage them. */
export function teamRoutes(services: TeamServices): Route[] {
  return [...readings(services), ...changes(services)];
}

function readings({ account, members }: TeamServices): Route[] {
  return [
    query(
      '/team/list',
      'Lists the teams.',
      'viewer',
      { request: shape.teamListRequest, reply: shape.teamListReply },
      async (input) => {
        const people = await members.people();
        const found = people.teams.filter(
          (team) =>
            mentions(input.query, team.name) &&
            (input.person_id === undefined || team.personIds.includes(input.person_id)),
        );
        const page = numberedPageOf(ordered(found, orders[input.orderby], input.asc), input);
        return { ...page, items: page.items.map((team) => teamObject(team, people, account)) };
      },
    ),
    query(
      '/team/info',
      'Shows a team, named by its id, its name or its ref_id.',
      'viewer',
      { request: shape.teamRequest, reply: shape.team },
      async (input) => {
        const people = await members.people();
        return teamObject(findTeam(people.teams, teamName(input)), people, account);
      },
    ),
    query(
      '/team/infos',
      'Shows teams by their ids; unknown ids are left out.',
      'viewer',
      { request: shape.teamInfosRequest, reply: shape.teamInfosReply },
      async (input) => {
        const people = await members.people();
        const found = [...new Set(input.team_ids)].flatMap((id) => people.team(id) ?? []);
        return {
          items: found.map((team) => ({ team_id: team.teamId, team_name: team.name, person_ids: [...team.personIds] })),
        };
      },
    ),
  ];
}

function changes({ teams }: TeamServices): Route[] {
  return [
    commandWithReply(
      '/team/upsert',
      'Makes a team or changes one.',
      'admin',
      { request: shape.teamUpsertRequest, reply: shape.teamUpsertReply },
      async (input, call) => {
        const team = await teams.upsert({ ...changeOf(input), name: input.team_name }, call.person.person_id);
        return { team_id: team.teamId, team_name: team.name };
      },
      (sound) => teams.faultsOf({ ...changeOf(sound), name: sound.team_name ?? '' }),
    ),
    command('/team/delete', 'Deletes a team; its members stay.', 'admin', shape.teamRequest, (input, call) =>
      teams.remove(teamName(input), call.person.person_id),
    ),
  ];
}

function changeOf(input: Partial<z.output<typeof shape.teamUpsertRequest>>): Omit<TeamChange, 'name'> {
  return {
    teamId: input.team_id === 0 ? undefined : input.team_id,
    description: input.description,
    refId: input.ref_id,
    personIds: input.person_ids,
    emails: input.emails,
    phones: input.phones,
    countryCode: input.country_code ?? input.countryCode,
    resetIfNameExists: input.reset_if_name_exist ?? false,
  };
}

const orders: Readonly<Record<'created_at' | 'updated_at' | 'team_name', (team: Team) => string | number>> = {
  created_at: (team) => team.createdAt,
  updated_at: (team) => team.updatedAt,
  team_name: (team) => team.name,
};

/** The schema admits exactly one of the three. */
function teamName(input: z.output<typeof shape.teamRequest>): TeamName {
  if (input.team_id !== undefined) return { teamId: input.team_id };
  return input.team_name === undefined ? { refId: input.ref_id ?? '' } : { name: input.team_name };
}

function teamObject(team: Team, people: People, account: Account): z.input<typeof shape.team> {
  return {
    account_id: account.accountId,
    team_id: team.teamId,
    team_name: team.name,
    description: team.description,
    status: 'enabled',
    person_ids: [...team.personIds],
    creator_id: team.creatorId,
    creator_name: people.member(team.creatorId)?.name ?? '',
    updated_by: team.updatedBy,
    updated_by_name: people.member(team.updatedBy)?.name ?? '',
    ref_id: team.refId,
    created_at: seconds(team.createdAt),
    updated_at: seconds(team.updatedAt),
  };
}
