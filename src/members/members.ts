import type { AppKeyStore } from '../access/app-key-store.ts';
import type { Role } from '../access/role.ts';
import { bumpRevision, type Cached } from '../database/cached.ts';
import type { Database, Transaction } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import { Failure, invalid, notFound, type Fault } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import { membersMax, type Member } from './member.ts';
import type { MemberStore } from './member-store.ts';
import type { People } from './people.ts';

export interface MembersParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly people: Cached<People>;
  readonly store: MemberStore;
  readonly keys: AppKeyStore;
}

export type Invitation = Pick<
  Member,
  'name' | 'email' | 'countryCode' | 'phone' | 'locale' | 'timeZone' | 'role' | 'refId'
>;

/**
 * Who may use the service. Every change first takes the installation's row, so that changes stand in line and what one of
 * them has checked still holds when it commits.
 */
export class Members {
  readonly #parts: MembersParts;

  constructor(parts: MembersParts) {
    this.#parts = parts;
  }

  people(): Promise<People> {
    return this.#parts.people.current();
  }

  /** All of them or none. @throws Failure when an address is taken or named twice, or when there are too many members. */
  async invite(invitations: readonly Invitation[]): Promise<Member[]> {
    const { database, clock, ids, store } = this.#parts;
    const now = clock.now();
    return database.transaction(async (tx) => {
      await bumpRevision(tx);
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

  async changeRole(memberId: number, role: Role): Promise<void> {
    await this.#change(memberId, async (tx, member, others) => {
      if (role !== 'admin') refuseTheLastAdministrator(member, others);
      await this.#parts.store.save(tx, { ...member, role, updatedAt: this.#parts.clock.now() });
    });
  }

  /** Deletes the member, and its keys with it. */
  async remove(memberId: number): Promise<void> {
    await this.#change(memberId, async (tx, member, others) => {
      refuseTheLastAdministrator(member, others);
      await this.#parts.keys.removeAllOf(tx, memberId);
      await this.#parts.store.remove(tx, memberId, this.#parts.clock.now());
    });
  }

  /** The member gets its first means of access, in the caller's transaction. @throws Failure when there is no such member. */
  async activate(tx: Transaction, memberId: number): Promise<void> {
    const member = (await this.#parts.store.all(tx.query)).find((one) => one.memberId === memberId);
    if (member === undefined) throw notFound('member', memberId);
    if (member.status === 'enabled') return;
    await this.#parts.store.save(tx, { ...member, status: 'enabled', updatedAt: this.#parts.clock.now() });
  }

  /** The first administrator of an empty installation, in the caller's transaction. @returns the id. */
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

  /** The member, if it may act now. */
  async actor(memberId: number): Promise<Member | undefined> {
    const member = (await this.people()).member(memberId);
    return member?.status === 'enabled' ? member : undefined;
  }

  async #change(
    memberId: number,
    work: (tx: Transaction, member: Member, others: readonly Member[]) => Promise<void>,
  ): Promise<void> {
    await this.#parts.database.transaction(async (tx) => {
      await bumpRevision(tx);
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
    return [{ field: 'members', message: `there may be at most ${membersMax} members: delete some first` }];
  }
  const taken = new Set(present.map((member) => member.email));
  return invitations.flatMap((invitation, index) => {
    if (!taken.has(invitation.email)) {
      taken.add(invitation.email);
      return [];
    }
    return [{ field: `members[${index}].email`, message: 'another member has this address: each address stands once' }];
  });
}

/** Without an administrator nobody could ever change the configuration again. Invited ones do not count: they cannot act. */
function refuseTheLastAdministrator(member: Member, others: readonly Member[]): void {
  if (member.role !== 'admin' || member.status !== 'enabled') return;
  if (others.some((other) => other.role === 'admin' && other.status === 'enabled')) return;
  throw new Failure('BadRequest', 'this is the last administrator: make another member an administrator first');
}
