import type { SessionService } from '../../access/session-service.ts';
import { personOf, type Member } from '../../members/member.ts';
import type { MemberService } from '../../members/member-service.ts';
import type { Browsers } from './auth.ts';
import { SessionCookie } from './session-cookie.ts';

/** What browsers that are signed in are admitted by. */
export function createBrowsers(
  publicUrl: string,
  sessions: SessionService<Member>,
  members: MemberService,
): Browsers & { readonly cookie: SessionCookie } {
  return {
    cookie: new SessionCookie(publicUrl),
    async authenticate(token) {
      const session = await sessions.authenticate(token);
      const member = session === undefined ? undefined : await members.actor(session.memberId);
      if (session === undefined || member === undefined) return undefined;
      return { person: personOf(member), role: member.role, session };
    },
  };
}
