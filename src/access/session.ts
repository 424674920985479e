import { createHash } from 'node:crypto';

/** How somebody came in: after a link a new password may be set without the present one, which may be lost. */
export type SignInMethod = 'password' | 'link';

/** A browser in which a member is signed in. The token is in its cookie; only the hash is stored. */
export interface Session {
  readonly sessionId: string;
  readonly memberId: number;
  /** SHA-256 of the token, hex. */
  readonly hash: string;
  readonly method: SignInMethod;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** When it was last used, to within {@link seenEveryMs}. */
  readonly seenAt: number;
  /** Where it was begun. */
  readonly address: string;
  /** What the browser called itself. */
  readonly agent: string;
}

const dayMs = 86_400_000;
/** A session that nobody uses ends. */
export const idleMaxMs = 7 * dayMs;
/** A session ends, used or not. */
export const ageMaxMs = 30 * dayMs;
/** How exactly the last use is known: not every request is a write. */
export const seenEveryMs = 300_000;
/** The most sessions of one member; a further sign-in ends the one that was not used for longest. */
export const sessionsMax = 20;
export const tokenBytes = 32;
export const agentMaxChars = 256;

export function expiresAt(session: Pick<Session, 'createdAt' | 'seenAt'>): number {
  return Math.min(session.createdAt + ageMaxMs, session.seenAt + idleMaxMs);
}

/** 32 random bytes cannot be guessed, so a fast hash will do. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}
