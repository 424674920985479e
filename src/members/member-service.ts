import type { AppKeyStore } from '../access/app-key-store.ts';
import type { PasswordStore } from '../access/password-store.ts';
import type { Role } from '../access/role.ts';
import type { SessionStore } from '../access/session-store.ts';
import { oldestAdministrator, type LinkSubject } from '../access/sign-in-link.ts';
import type { SharedConfig } from '../database/config-snapshot.ts';
import type { Database, Transaction } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import { Failure, invalid, notFound, type Fault } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import { membersMax, type Member } from './member.ts';
import type { MemberStore } from './member-store.ts';
import type { People } from './people.ts';

export interface MemberServiceParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly config: SharedConfig<{ people: People; keys: unknown }>;
  readonly store: MemberStore;
  readonly keys: AppKeyStore;
  readonly sessions: SessionStore;
  readonly passwords: PasswordStore;
}

/** Identifies a member; all given fields must match. */
export type Identity = {
  readonly [Key in 'memberId' | 'name' | 'email' | 'phone' | 'countryCode' | 'refId']?: Member[Key] | undefined;
};

/** The settable fields of a member; absent ones stay. */
export type MemberChange = { readonly [Key in Exclude<keyof Invitation, 'role'>]?: Member[Key] | undefined };

export type Invitation = Pick<
  Member,
  'name' | 'email' | 'countryCode' | 'phone' | 'locale' | 'timeZone' | 'role' | 'refId'
>;

/**
 * Manages members. Every change first locks the installation's row, so changes run one after the other and what one of
 * them checked still holds when it commits.
 */
export class MemberService {
  readonly #parts: MemberServiceParts;

  constructor(parts: MemberServiceParts) {
    this.#parts = parts;
  }

  async people(): Promise<People> {
    return (await this.#parts.config.current()).people;
  }

  /** Adds all or none. @throws Failure when an address is taken or named twice, or there are too many members. */
  async invite(invitations: readonly Invitation[]): Promise<Member[]> {
    const { database, config, clock, ids, store } = this.#parts;
    const now = clock.now();
    return database.transaction(async (tx) => {
      await config.change(tx, 'people');
      const present = await store.all(tx.query);
      const faults = invitationFaults(present, invitations);
      if (faults.length > 0) throw invalid(faults);
      const members = invitations.map((invitation): Member => ({
        ...invitation,
        memberId: ids.number(),
        status: 'pending',
        createdAt: now,
        updatedAt: now,
      }));
      await store.insert(tx, members);
      return members;
    });
  }

  /** Ends the member's sessions, so that nothing that was begun with other rights goes on. */
  async changeRole(memberId: number, role: Role): Promise<void> {
    await this.#change(memberId, ['people'], async (tx, member, others) => {
      if (role !== 'admin') refuseTheLastAdministrator(member, others);
      if (role !== member.role) await this.#parts.sessions.removeAllOf(tx, memberId);
      await this.#parts.store.save(tx, { ...member, role, updatedAt: this.#parts.clock.now() });
    });
  }

  /** @throws Failure when another member has the address. */
  async changeProfile(memberId: number, change: MemberChange): Promise<void> {
    await this.#change(memberId, ['people'], async (tx, member, others) => {
      if (others.some((other) => other.email === change.email)) {
        throw invalid([{ field: 'updates.email', message: emailTaken, code: 'taken' }]);
      }
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      await this.#parts.store.save(tx, { ...member, ...given, updatedAt: this.#parts.clock.now() });
    });
  }

  /** The one member that everything given fits. @throws Failure when there is none, or more than one. */
  async identified(identity: Identity): Promise<Member> {
    const given = Object.entries(identity).filter(([, value]) => value !== undefined && value !== '');
    if (given.length === 0) {
      throw invalid([{ field: 'member_id', message: 'give one of member_id, email, phone, member_name and ref_id' }]);
    }
    const { members } = await this.people();
    const found = members.filter((member) => given.every(([key, value]) => member[key as keyof Identity] === value));
    const [member, another] = found;
    if (member === undefined) throw notFound('member', given.map(([, value]) => value).join(', '));
    if (another === undefined) return member;
    throw invalid([{ field: 'member_id', message: `${found.length} members fit: give the member_id` }]);
  }

  /** Whom a sign-in means, `undefined` when there is nobody. */
  async find(subject: LinkSubject): Promise<Member | undefined> {
    const people = await this.people();
    if (typeof subject === 'number') return people.member(subject);
    if (subject !== oldestAdministrator) return people.members.find((member) => member.email === subject);
    return people.members.find((member) => member.role === 'admin' && member.status === 'enabled');
  }

  /** Deletes the member, and every way in with it. */
  async remove(memberId: number): Promise<void> {
    await this.#change(memberId, ['people', 'keys'], async (tx, member, others) => {
      refuseTheLastAdministrator(member, others);
      await this.#parts.keys.removeAllOf(tx, memberId);
      await this.#parts.sessions.removeAllOf(tx, memberId);
      await this.#parts.passwords.remove(tx, memberId);
      await this.#parts.store.remove(tx, memberId, this.#parts.clock.now());
    });
  }

  /** Enables an invited member, in the caller's transaction. @throws Failure when there is no such member. */
  async activate(tx: Transaction, memberId: number): Promise<void> {
    await this.#parts.config.change(tx, 'people');
    const member = (await this.#parts.store.all(tx.query)).find((one) => one.memberId === memberId);
    if (member === undefined) throw notFound('member', memberId);
    if (member.status === 'enabled') return;
    await this.#parts.store.save(tx, { ...member, status: 'enabled', updatedAt: this.#parts.clock.now() });
  }

  /** Adds the first administrator of an empty installation, in the caller's transaction. @returns the id. */
  async found(tx: Transaction, administrator: Pick<Member, 'name' | 'email'>): Promise<number> {
    const now = this.#parts.clock.now();
    const memberId = this.#parts.ids.number();
    const blank = { countryCode: '', phone: '', locale: 'en-US', timeZone: 'UTC', refId: '' };
    const member: Member = {
      ...blank,
      ...administrator,
      memberId,
      role: 'admin',
      status: 'enabled',
      createdAt: now,
      updatedAt: now,
    };
    await this.#parts.store.insert(tx, [member]);
    return memberId;
  }

  /** The member, if enabled. */
  async actor(memberId: number): Promise<Member | undefined> {
    const member = (await this.people()).member(memberId);
    return member?.status === 'enabled' ? member : undefined;
  }

  async #change(
    memberId: number,
    parts: readonly ('people' | 'keys')[],
    work: (tx: Transaction, member: Member, others: readonly Member[]) => Promise<void>,
  ): Promise<void> {
    await this.#parts.database.transaction(async (tx) => {
      await this.#parts.config.change(tx, ...parts);
      const members = await this.#parts.store.all(tx.query);
      const member = members.find((one) => one.memberId === memberId);
      if (member === undefined) throw notFound('member', memberId);
      await work(
        tx,
        member,
        members.filter((one) => one !== member),
      );
    });
  }
}

function invitationFaults(present: readonly Member[], invitations: readonly Invitation[]): Fault[] {
  if (present.length + invitations.length > membersMax) {
    return [
      { field: 'members', message: `there may be at most ${membersMax} members: delete some first`, code: 'limit' },
    ];
  }
  const taken = new Set(present.map((member) => member.email));
  return invitations.flatMap((invitation, index) => {
    if (!taken.has(invitation.email)) {
      taken.add(invitation.email);
      return [];
    }
    return [{ field: `members[${index}].email`, message: emailTaken, code: 'taken' }];
  });
}

const emailTaken = 'another member has this address: each address stands once';

/** Without an administrator nobody could change the configuration again. Invited ones do not count: they cannot act. */
function refuseTheLastAdministrator(member: Member, others: readonly Member[]): void {
  if (member.role !== 'admin' || member.status !== 'enabled') return;
  if (others.some((other) => other.role === 'admin' && other.status === 'enabled')) return;
  throw new Failure('BadRequest', 'this is the last administrator: make another member an administrator first');
}
