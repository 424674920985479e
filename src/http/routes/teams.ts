import type { z } from 'zod';
import { seconds } from '../../events/event.ts';
import type { Members } from '../../members/members.ts';
import type { People } from '../../members/people.ts';
import type { Team } from '../../members/team.ts';
import { findTeam, type TeamName, type Teams } from '../../members/teams.ts';
import type { Account } from '../../ingestion/directories.ts';
import { mentions, numberedPageOf, ordered } from '../held-list.ts';
import { route, type Route } from '../route.ts';
import { nothing } from '../shapes/scalars.ts';
import * as shape from '../shapes/team.ts';

export interface TeamServices {
  readonly account: Account;
  readonly members: Members;
  readonly teams: Teams;
}

/** Teams may be read by everybody and are made by administrators. */
export function teamRoutes(services: TeamServices): Route[] {
  return [...readings(services), ...changes(services)];
}

function readings({ account, members }: TeamServices): Route[] {
  return [
    route({
      path: '/team/list',
      summary: 'Lists the teams.',
      role: 'viewer',
      writes: false,
      request: shape.teamListRequest,
      reply: shape.teamListReply,
      handle: async (input) => {
        const people = await members.people();
        const found = people.teams.filter(
          (team) =>
            mentions(input.query, team.name) &&
            (input.person_id === undefined || team.personIds.includes(input.person_id)),
        );
        const page = numberedPageOf(ordered(found, orders[input.orderby], input.asc), input);
        return { ...page, items: page.items.map((team) => teamObject(team, people, account)) };
      },
    }),
    route({
      path: '/team/info',
      summary: 'Shows a team, named by its id, its name or its ref_id.',
      role: 'viewer',
      writes: false,
      request: shape.teamRequest,
      reply: shape.team,
      handle: async (input) => {
        const people = await members.people();
        return teamObject(findTeam(people.teams, teamName(input)), people, account);
      },
    }),
    route({
      path: '/team/infos',
      summary: 'Shows teams by their ids; unknown ids are left out.',
      role: 'viewer',
      writes: false,
      request: shape.teamInfosRequest,
      reply: shape.teamInfosReply,
      handle: async (input) => {
        const people = await members.people();
        const found = [...new Set(input.team_ids)].flatMap((id) => people.team(id) ?? []);
        return {
          items: found.map((team) => ({ team_id: team.teamId, team_name: team.name, person_ids: [...team.personIds] })),
        };
      },
    }),
  ];
}

function changes({ teams }: TeamServices): Route[] {
  return [
    route({
      path: '/team/upsert',
      summary: 'Makes a team or changes one.',
      role: 'admin',
      writes: true,
      request: shape.teamUpsertRequest,
      reply: shape.teamUpsertReply,
      handle: async (input, call) => {
        const team = await teams.upsert(
          {
            teamId: input.team_id === 0 ? undefined : input.team_id,
            name: input.team_name,
            description: input.description,
            refId: input.ref_id,
            personIds: input.person_ids,
            emails: input.emails,
            phones: input.phones,
            resetIfNameExists: input.reset_if_name_exist,
          },
          call.person.person_id,
        );
        return { team_id: team.teamId, team_name: team.name };
      },
    }),
    route({
      path: '/team/delete',
      summary: 'Deletes a team; its members stay.',
      role: 'admin',
      writes: true,
      request: shape.teamRequest,
      reply: nothing,
      handle: async (input, call) => {
        await teams.remove(teamName(input), call.person.person_id);
        return {};
      },
    }),
  ];
}

const orders: Readonly<Record<'created_at' | 'updated_at' | 'team_name', (team: Team) => string | number>> = {
  created_at: (team) => team.createdAt,
  updated_at: (team) => team.updatedAt,
  team_name: (team) => team.name,
};

/** The schema lets exactly one of the three through. */
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
