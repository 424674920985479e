import { bumpRevision } from '../database/cached.ts';
import type { Database, Transaction } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import { invalid, notFound, type Fault } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Member } from './member.ts';
import type { MemberStore } from './member-store.ts';
import { teamsMax, type Team } from './team.ts';
import type { TeamStore } from './team-store.ts';

export interface TeamsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly members: MemberStore;
  readonly store: TeamStore;
}

/** What `/team/upsert` says (contract 6.8); what is `undefined` stays as it is. */
export interface TeamChange {
  /** `undefined` makes a team. */
  readonly teamId: number | undefined;
  readonly name: string;
  readonly description: string | undefined;
  readonly refId: string | undefined;
  /** Together the members from then on; when all three are `undefined` they stay. */
  readonly personIds: readonly number[] | undefined;
  readonly emails: readonly string[] | undefined;
  readonly phones: readonly string[] | undefined;
  /** A new team whose name is taken changes the team of that name instead. */
  readonly resetIfNameExists: boolean;
}

/** How a team is named in a request: by one of these. */
export type TeamName = { readonly teamId: number } | { readonly name: string } | { readonly refId: string };

export class Teams {
  readonly #parts: TeamsParts;

  constructor(parts: TeamsParts) {
    this.#parts = parts;
  }

  /** Makes a team or changes one. @throws Failure for a taken name and for people who are no members. */
  async upsert(change: TeamChange, callerId: number): Promise<Team> {
    const { database, members, store } = this.#parts;
    return database.transaction(async (tx) => {
      await bumpRevision(tx);
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

  async remove(name: TeamName, callerId: number): Promise<void> {
    const { database, clock, store } = this.#parts;
    await database.transaction(async (tx) => {
      await bumpRevision(tx);
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
    faults.push({ field: 'team_name', message: 'another team has this name: choose another' });
  }
  if (before === undefined && teams.length >= teamsMax) {
    faults.push({ field: 'team_name', message: `there may be at most ${teamsMax} teams: delete some first` });
  }
  return faults;
}

function choosePeople(
  members: readonly Member[],
  change: TeamChange,
): { personIds: number[] | undefined; faults: Fault[] } {
  const { personIds, emails, phones } = change;
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
        faults.push({ field: `${field}[${index}]`, message: 'there is no such member: invite them first' });
      else chosen.add(member.memberId);
    });
  };
  choose('person_ids', personIds ?? [], (member, value) => member.memberId === value);
  choose('emails', emails ?? [], (member, value) => member.email === String(value).toLowerCase());
  choose('phones', phones ?? [], (member, value) => member.phone !== '' && member.phone === value);
  return { personIds: [...chosen].sort((a, b) => a - b), faults };
}
