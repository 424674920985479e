import { DatabaseFailure, type Database, type Transaction } from '../database/database.ts';
import type { Clock } from '../runtime/clock.ts';
import { Failure, invalid, notFound } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import type { Random } from '../runtime/random.ts';
import type { Action } from './audit.ts';
import { passwordFault, type PasswordHasher } from './password.ts';
import type { PasswordStore } from './password-store.ts';
import {
  agentMaxChars,
  expiresAt,
  seenEveryMs,
  sessionsMax,
  tokenBytes,
  tokenHash,
  type Session,
  type SignInMethod,
} from './session.ts';
import type { SessionStore } from './session-store.ts';
import { invitationMs, oldestAdministrator, type LinkSigner, type LinkSubject } from './sign-in-link.ts';
import { spendLink } from './sign-in-link-store.ts';
import { SignInThrottle } from './sign-in-throttle.ts';

export interface SessionParts<Member extends Insider> {
  readonly database: Database;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly members: Insiders<Member>;
  readonly sessions: SessionStore;
  readonly passwords: PasswordStore;
  readonly hasher: PasswordHasher;
  readonly links: LinkSigner;
  readonly audit: AuditLines;
}

/** A member, as far as signing in needs to know. */
export interface Insider {
  readonly memberId: number;
  readonly email: string;
}

/** The members; a port, because access does not know members. Deleted ones are not in it. */
export interface Insiders<Member extends Insider> {
  /** By id, by email in lower case, or the oldest administrator. An invited one is in it. */
  find(subject: LinkSubject): Promise<Member | undefined>;
  /** The member comes in for the first time, or again. @throws Failure when it is gone. */
  activate(tx: Transaction, memberId: number): Promise<void>;
}

/** Writes a line of the audit log in the transaction of what it tells of. */
export interface AuditLines {
  write(tx: Transaction, action: Action, made: readonly string[]): Promise<void>;
}

/** Who knocks, before anybody knows who it is. */
export interface Visitor {
  readonly requestId: string;
  readonly address: string;
  readonly agent: string;
}

/** Somebody has come in. The token goes into the cookie, and is nowhere else ever again. */
export interface SignedIn<Member> {
  readonly member: Member;
  readonly token: string;
  readonly session: Session;
  readonly mustSetPassword: boolean;
}

/** What a failed sign-in says, whatever was wrong: who has an account here is nobody's business. */
const wrongCredentials = 'wrong email or password';
const uselessLink =
  'this link does not sign in: it was used already, has expired, or is from another installation. Ask an administrator for another, or make one on the machine itself with npx tocsin sign-in-link';

/** A sound link whose member is not there. It was made by somebody who may know that, and tells nobody else. */
function nobodyOf(subject: LinkSubject): string {
  if (typeof subject === 'number') return 'this link does not sign in: the member whom it is for has been deleted';
  if (subject === oldestAdministrator) return 'this link does not sign in: there is no administrator who is enabled';
  return `this link does not sign in: no member has the email ${JSON.stringify(subject)}. Make another with the member's own address`;
}

/** People in browsers: how they come in, what they are signed in with, and how that ends. */
export class SessionService<Member extends Insider> {
  readonly #parts: SessionParts<Member>;
  readonly #throttle: SignInThrottle;

  constructor(parts: SessionParts<Member>) {
    this.#parts = parts;
    this.#throttle = new SignInThrottle(parts.clock);
  }

  /** @throws Failure Unauthorized for a wrong email and for a wrong password alike, RequestTooFrequently after some. */
  async signIn(email: string, password: string, visitor: Visitor): Promise<SignedIn<Member>> {
    const { members, passwords, hasher, database } = this.#parts;
    this.#throttled(visitor.address, email);
    const member = await members.find(email);
    const stored = member === undefined ? undefined : await passwords.find(database.read, member.memberId);
    const isRight = await hasher.verify(password, stored?.hash);
    if (!isRight || member === undefined) {
      await this.#refused('session:create', member, visitor);
      throw new Failure('Unauthorized', wrongCredentials);
    }
    const signedIn = await database.transaction(async (tx) => {
      // A password that was changed while this one was compared lets nobody in any more.
      if ((await passwords.lock(tx, member.memberId))?.hash !== stored?.hash) return undefined;
      return this.#begin(tx, 'session:create', { member, method: 'password', visitor, mustSetPassword: false });
    });
    if (signedIn === undefined) throw new Failure('Unauthorized', wrongCredentials);
    this.#throttle.clear(visitor.address, email);
    return signedIn;
  }

  /** @throws Failure Unauthorized for a link that was used, has expired, or was never made here. */
  async redeem(token: string, visitor: Visitor): Promise<SignedIn<Member>> {
    const { links, clock, members, database, passwords } = this.#parts;
    const link = links.read(token);
    const isAlive = link !== undefined && link.expiresAt > clock.now();
    if (isAlive) unlessTooMany(this.#throttle.takeSound(link.linkId));
    else this.#throttled(visitor.address, anyLink);
    const member = isAlive ? await members.find(link.subject) : undefined;
    if (link === undefined || member === undefined) {
      return this.#useless(member, visitor, isAlive ? nobodyOf(link.subject) : uselessLink);
    }
    const signedIn = await unlessSpent(() =>
      database.transaction(async (tx) => {
        await spendLink(tx, link);
        await members.activate(tx, member.memberId);
        const password = await passwords.lock(tx, member.memberId);
        // Who sets a password takes back every way in that was handed out before.
        if (password !== undefined && password.setAt >= link.issuedAt) return undefined;
        const mustSetPassword = password === undefined;
        return this.#begin(tx, 'session:link:redeem', { member, method: 'link', visitor, mustSetPassword });
      }),
    );
    if (signedIn === undefined) return this.#useless(member, visitor);
    return signedIn;
  }

  /** Whose session it is; `undefined` when it has ended or never was. */
  async authenticate(token: string): Promise<Session | undefined> {
    const { database, sessions, clock } = this.#parts;
    const session = await sessions.findByHash(database.read, tokenHash(token));
    const now = clock.now();
    if (session === undefined || expiresAt(session) <= now) return undefined;
    if (now - session.seenAt < seenEveryMs) return session;
    await this.#touch(session, now);
    return { ...session, seenAt: now };
  }

  /** Those that have not ended. */
  async listOf(memberId: number): Promise<Session[]> {
    const now = this.#parts.clock.now();
    const all = await this.#parts.sessions.listByMember(this.#parts.database.read, memberId);
    return all.filter((session) => expiresAt(session) > now);
  }

  /** By member, Unix milliseconds; who is signed in nowhere is not in it. */
  lastSeen(): Promise<ReadonlyMap<number, number>> {
    return this.#parts.sessions.lastSeen(this.#parts.database.read);
  }

  /** A session of somebody else is as unknown as one that does not exist. */
  async revoke(memberId: number, sessionId: string): Promise<void> {
    const { database, sessions } = this.#parts;
    await database.transaction(async (tx) => {
      const own = await sessions.listByMember(tx.query, memberId);
      if (own.every((session) => session.sessionId !== sessionId)) throw notFound('session', sessionId);
      await sessions.remove(tx, [sessionId]);
    });
  }

  /** @param kept the session that goes on, '' = none. */
  async revokeOthers(memberId: number, kept: string): Promise<void> {
    await this.#parts.database.transaction((tx) => this.#parts.sessions.removeAllOf(tx, memberId, kept));
  }

  /** A link for an administrator to hand over; the one who opens it is signed in as the member. */
  async invite(memberId: number): Promise<{ readonly token: string; readonly expiresAt: number }> {
    const { members, links, clock } = this.#parts;
    if ((await members.find(memberId)) === undefined) throw notFound('member', memberId);
    return links.issue(memberId, clock.now(), invitationMs);
  }

  /**
   * Sets the caller's password and ends all other sessions of theirs.
   * @param session the caller's, if they came by one. After a link the present password need not be known.
   */
  async setPassword(
    member: Member,
    session: Session | undefined,
    { current, next, address }: { current: string; next: string; address: string },
  ): Promise<void> {
    const { database, passwords, hasher, sessions, clock } = this.#parts;
    const stored = await passwords.find(database.read, member.memberId);
    const fault = passwordFault(next, member.email);
    const faults = fault === undefined ? [] : [{ field: 'new_password', message: fault }];
    if (session?.method !== 'link') {
      this.#throttled(address, member.email);
      if (!(await hasher.verify(current, stored?.hash)))
        faults.push({ field: 'current_password', message: notCurrent });
    }
    if (faults.length > 0) throw invalid(faults);
    const hash = await hasher.hash(next);
    await database.transaction(async (tx) => {
      const now = await passwords.lock(tx, member.memberId);
      if (now?.hash !== stored?.hash) throw invalid([{ field: 'current_password', message: notCurrent }]);
      await passwords.set(tx, member.memberId, { hash, setAt: clock.now() });
      await sessions.removeAllOf(tx, member.memberId, session?.sessionId);
    });
  }

  async #begin(tx: Transaction, operation: string, entry: Entrance<Member>): Promise<SignedIn<Member>> {
    const { ids, random, sessions, clock, audit } = this.#parts;
    const { member, visitor, mustSetPassword } = entry;
    const { memberId } = member;
    const token = Buffer.from(random.bytes(tokenBytes)).toString('base64url');
    const now = clock.now();
    const session: Session = {
      sessionId: ids.object(),
      memberId,
      hash: tokenHash(token),
      method: entry.method,
      createdAt: now,
      seenAt: now,
      address: visitor.address,
      agent: visitor.agent.slice(0, agentMaxChars),
    };
    const others = await sessions.listByMember(tx.query, memberId);
    await sessions.remove(
      tx,
      others.slice(sessionsMax - 1).map((other) => other.sessionId),
    );
    await sessions.insert(tx, session);
    const { requestId, address } = visitor;
    await audit.write(tx, { operation, memberId, input: {}, requestId, address }, [session.sessionId]);
    return { member, token, session, mustSetPassword };
  }

  async #useless(member: Member | undefined, visitor: Visitor, why = uselessLink): Promise<never> {
    await this.#refused('session:link:redeem', member, visitor);
    throw new Failure('Unauthorized', why);
  }

  /** @param member `undefined` when nobody is meant: what a stranger typed is not written down, it may be a password. */
  async #refused(tried: string, member: Member | undefined, { requestId, address }: Visitor): Promise<void> {
    const memberId = member?.memberId ?? 0;
    const action = { operation: refusedOperation, memberId, input: { tried }, requestId, address };
    await this.#parts.database.transaction((tx) => this.#parts.audit.write(tx, action, []));
  }

  async #touch({ sessionId }: Session, now: number): Promise<void> {
    const { database, sessions } = this.#parts;
    try {
      await database.transaction((tx) => sessions.touch(tx, sessionId, now));
    } catch (error) {
      // A full disk must not sign out the people who are about to look why: the session only seems older than it is.
      if (!(error instanceof DatabaseFailure)) throw error;
    }
  }

  #throttled(address: string, email: string): void {
    unlessTooMany(this.#throttle.take(address, email));
  }
}

function unlessTooMany(retryAfterSeconds: number): void {
  if (retryAfterSeconds === 0) return;
  const message = `too many tries; wait ${retryAfterSeconds} s`;
  throw new Failure('RequestTooFrequently', message, { retryAfterSeconds });
}

/** In place of an email: tries with texts that are no links are counted together. */
const anyLink = 'a link';

const notCurrent = 'is not your present password';

/** The operation of the audit lines that tell of sign-ins which failed. */
export const refusedOperation = 'session:refused';

interface Entrance<Member> {
  readonly member: Member;
  readonly method: SignInMethod;
  readonly visitor: Visitor;
  readonly mustSetPassword: boolean;
}

async function unlessSpent<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DatabaseFailure && error.kind === 'conflict') return undefined;
    throw error;
  }
}
