import type { SharedConfig } from '../database/config-snapshot.ts';
import type { Database, Transaction } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import { invalid, notFound, type Fault } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Member } from './member.ts';
import type { MemberStore } from './member-store.ts';
import { teamsMax, type Team } from './team.ts';
import type { TeamStore } from './team-store.ts';

export interface TeamServiceParts {
  readonly database: Database;
  readonly config: SharedConfig<{ people: unknown }>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly members: MemberStore;
  readonly store: TeamStore;
}

/** The fields of `/team/upsert` (contract 6.8); `undefined` = unchanged. */
export interface TeamChange {
  /** `undefined` makes a team. */
  readonly teamId: number | undefined;
  readonly name: string;
  readonly description: string | undefined;
  readonly refId: string | undefined;
  /** Together they replace the members; when all three are `undefined`, the members stay. */
  readonly personIds: readonly number[] | undefined;
  readonly emails: readonly string[] | undefined;
  readonly phones: readonly string[] | undefined;
  /** Of the phones; `undefined` = of whatever country. */
  readonly countryCode?: string | undefined;
  /** A new team with a taken name changes the team of that name instead. */
  readonly resetIfNameExists: boolean;
}

/** Identifies a team in a request. */
export type TeamName = { readonly teamId: number } | { readonly name: string } | { readonly refId: string };

export class TeamService {
  readonly #parts: TeamServiceParts;

  constructor(parts: TeamServiceParts) {
    this.#parts = parts;
  }

  /** Makes a team or changes one. @throws Failure for a taken name and for people who are no members. */
  async upsert(change: TeamChange, callerId: number): Promise<Team> {
    const { database, config, members, store } = this.#parts;
    return database.transaction(async (tx) => {
      await config.change(tx, 'people');
      const teams = await store.all(tx.query);
      const before = teamToChange(teams, change);
      const chosen = choosePeople(await members.all(tx.query), change);
      const faults = [...nameFaults(teams, change, before), ...chosen.faults];
      if (faults.length > 0) throw invalid(faults);
      return before === undefined
        ? this.#insert(tx, change, chosen.personIds ?? [], callerId)
        : this.#save(tx, before, change, chosen.personIds, callerId);
    });
  }

  /** Faults of a change against other rows, without making it. */
  async faultsOf(change: TeamChange): Promise<Fault[]> {
    const { database, members, store } = this.#parts;
    const teams = await store.all(database.read);
    const before = teams.find((team) =>
      change.teamId === undefined
        ? change.resetIfNameExists && team.name === change.name
        : team.teamId === change.teamId,
    );
    return [...nameFaults(teams, change, before), ...choosePeople(await members.all(database.read), change).faults];
  }

  async remove(name: TeamName, callerId: number): Promise<void> {
    const { database, config, clock, store } = this.#parts;
    await database.transaction(async (tx) => {
      await config.change(tx, 'people');
      const team = findTeam(await store.all(tx.query), name);
      await store.remove(tx, team.teamId, { memberId: callerId, now: clock.now() });
    });
  }

  async #insert(tx: Transaction, change: TeamChange, personIds: readonly number[], callerId: number): Promise<Team> {
    const now = this.#parts.clock.now();
    const team: Team = {
      teamId: this.#parts.ids.number(),
      name: change.name,
      description: change.description ?? '',
      refId: change.refId ?? '',
      personIds,
      creatorId: callerId,
      updatedBy: callerId,
      createdAt: now,
      updatedAt: now,
    };
    await this.#parts.store.insert(tx, team);
    return team;
  }

  async #save(
    tx: Transaction,
    before: Team,
    change: TeamChange,
    personIds: readonly number[] | undefined,
    callerId: number,
  ): Promise<Team> {
    const team: Team = {
      ...before,
      name: change.name,
      description: change.description ?? before.description,
      refId: change.refId ?? before.refId,
      personIds: personIds ?? before.personIds,
      updatedBy: callerId,
      updatedAt: this.#parts.clock.now(),
    };
    await this.#parts.store.save(tx, team);
    return team;
  }
}

/** @throws Failure when there is none. */
export function findTeam(teams: readonly Team[], name: TeamName): Team {
  const team = teams.find((one) => {
    if ('teamId' in name) return one.teamId === name.teamId;
    return 'name' in name ? one.name === name.name : one.refId === name.refId;
  });
  if (team === undefined) throw notFound('team', Object.values(name)[0] ?? '');
  return team;
}

function teamToChange(teams: readonly Team[], change: TeamChange): Team | undefined {
  if (change.teamId !== undefined) return findTeam(teams, { teamId: change.teamId });
  return change.resetIfNameExists ? teams.find((team) => team.name === change.name) : undefined;
}

function nameFaults(teams: readonly Team[], change: TeamChange, before: Team | undefined): Fault[] {
  const faults: Fault[] = [];
  if (teams.some((team) => team.name === change.name && team.teamId !== before?.teamId)) {
    faults.push({ field: 'team_name', message: 'another team has this name: choose another', code: 'taken' });
  }
  if (before === undefined && teams.length >= teamsMax) {
    faults.push({
      field: 'team_name',
      message: `there may be at most ${teamsMax} teams: delete some first`,
      code: 'limit',
    });
  }
  return faults;
}

function choosePeople(
  members: readonly Member[],
  change: TeamChange,
): { personIds: number[] | undefined; faults: Fault[] } {
  const { personIds, emails, phones, countryCode } = change;
  if (personIds === undefined && emails === undefined && phones === undefined) {
    return { personIds: undefined, faults: [] };
  }
  const faults: Fault[] = [];
  const chosen = new Set<number>();
  const choose = (
    field: string,
    values: readonly (string | number)[],
    fits: (member: Member, value: unknown) => boolean,
  ) => {
    values.forEach((value, index) => {
      const member = members.find((one) => fits(one, value));
      if (member === undefined)
        faults.push({
          field: `${field}[${index}]`,
          message: 'there is no such member: invite them first',
          code: 'not_found',
        });
      else chosen.add(member.memberId);
    });
  };
  choose('person_ids', personIds ?? [], (member, value) => member.memberId === value);
  choose('emails', emails ?? [], (member, value) => member.email === String(value).toLowerCase());
  const ofCountry = (member: Member) => countryCode === undefined || member.countryCode === countryCode;
  choose('phones', phones ?? [], (member, value) => member.phone !== '' && member.phone === value && ofCountry(member));
  return { personIds: [...chosen].sort((a, b) => a - b), faults };
}
