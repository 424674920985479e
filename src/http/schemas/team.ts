import { z } from 'zod';
import { limitDefault, limitMax, orZero, pageFields } from '../routes/paging.ts';
import { description, numberedListOf, numberId, query, refId } from './fields.ts';
import { seconds } from './scalars.ts';

export const team = z
  .object({
    account_id: numberId,
    team_id: numberId,
    team_name: z.string(),
    description: z.string(),
    status: z.enum(['enabled', 'deleted']),
    person_ids: z.array(numberId),
    creator_id: z.int(),
    creator_name: z.string(),
    updated_by: z.int(),
    updated_by_name: z.string(),
    ref_id: z.string(),
    created_at: seconds,
    updated_at: seconds,
  })
  .meta({ id: 'Team' });

export const teamListRequest = z.object({
  p: pageFields.p,
  limit: z.int().min(1).max(limitMax).meta(orZero).default(limitDefault),
  search_after_ctx: pageFields.search_after_ctx,
  orderby: z.enum(['created_at', 'updated_at', 'team_name']).default('created_at'),
  asc: z.boolean().default(false),
  person_id: numberId.optional(),
  query: query.optional().describe('Part of the name.'),
});
export const teamListReply = numberedListOf(team);

const named = {
  team_id: numberId.optional(),
  team_name: z.string().trim().min(1).optional(),
  ref_id: refId.min(1).optional(),
};

/** A team, by one of the three. */
export const teamRequest = z
  .object(named)
  .refine((input) => Object.values(input).filter((value) => value !== undefined).length === 1, {
    error: 'name the team by one of team_id, team_name and ref_id',
  })
  .meta({ oneOf: Object.keys(named).map((name) => ({ required: [name] })) });

export const teamIdsMax = 100;
export const teamInfosRequest = z.object({ team_ids: z.array(z.int().min(0)).max(teamIdsMax) });
export const teamInfosReply = z.object({
  items: z.array(z.object({ team_id: numberId, team_name: z.string(), person_ids: z.array(numberId) })),
});

export const teamNameMaxChars = 39;
export const teamPeopleMax = 1000;

export const teamUpsertRequest = z.object({
  team_id: z.int().min(0).optional().describe('Absent or 0 makes a team.'),
  team_name: z.string().trim().min(1).max(teamNameMaxChars).describe('Stands once among the teams.'),
  description: description.optional(),
  person_ids: z
    .array(numberId)
    .max(teamPeopleMax)
    .optional()
    .describe('With emails and phones: all members from then on.'),
  emails: z.array(z.string()).max(teamPeopleMax).optional(),
  phones: z.array(z.string()).max(teamPeopleMax).optional(),
  country_code: z.string().max(8).optional().describe('Of the phones; of any country when left out.'),
  countryCode: z.string().max(8).optional().describe('Another name of country_code, which wins.'),
  ref_id: refId.optional(),
  reset_if_name_exist: z.boolean().default(false),
});
export const teamUpsertReply = z.object({ team_id: numberId, team_name: z.string() });
