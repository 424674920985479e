import type { z } from 'zod';
import { expiresAt, type Session } from '../../access/session.ts';
import type { SessionService, SignedIn } from '../../access/session-service.ts';
import { signInUrl } from '../../access/sign-in-link.ts';
import type { ChannelService } from '../../channels/channel-service.ts';
import type { Database } from '../../database/database.ts';
import { wasPushed } from '../../delivery/history/history-store.ts';
import { seconds } from '../../events/event.ts';
import type { IntegrationService } from '../../ingestion/integration-service.ts';
import type { Account } from '../../ingestion/push-context.ts';
import { personOf, type Member } from '../../members/member.ts';
import type { MemberService } from '../../members/member-service.ts';
import type { WebhookService } from '../../webhooks/webhook-service.ts';
import { Failure, notFound } from '../../runtime/failure.ts';
import * as shape from '../schemas/session.ts';
import { nothing } from '../schemas/scalars.ts';
import { command, commandWithReply, query, type Call, type Route } from './route.ts';

export interface SessionServices {
  readonly account: Account;
  readonly members: MemberService;
  readonly sessions: SessionService<Member>;
  readonly installed: Installed;
  readonly database: Database;
  readonly channels: ChannelService;
  readonly integrations: IntegrationService;
  readonly webhooks: WebhookService;
}

/** What the console needs to know of the service before it shows anything. */
export interface Installed {
  readonly version: string;
  readonly historyDays: number;
  /** By name, with secrets hidden. */
  readonly settings: Readonly<Record<string, string>>;
  /** Why the service cannot do its work now; empty = it can. */
  notReady(): Promise<readonly string[]>;
}

/** How people come in by a browser, and how that ends. */
export function sessionRoutes(services: SessionServices): Route[] {
  return [...signingIn(services), ...ownSessions(services), ...credentials(services)];
}

function signingIn({ sessions }: SessionServices): Route[] {
  return [
    commandWithReply(
      '/session/create',
      'Signs in with an email and a password. The session is in the cookie of the answer.',
      'anyone',
      { request: shape.sessionCreateRequest, reply: shape.signedInReply },
      async (input, call) => welcome(await sessions.signIn(input.email, input.password, call), call),
    ),
    commandWithReply(
      '/session/link/redeem',
      'Signs in with the token of a sign-in link, once. The session is in the cookie of the answer.',
      'anyone',
      { request: shape.linkRedeemRequest, reply: shape.signedInReply },
      async (input, call) => welcome(await sessions.redeem(input.token, call), call),
    ),
  ];
}

function welcome({ member, token, mustSetPassword }: SignedIn<Member>, call: Call) {
  call.keepSession(token);
  return { person: personOf(member), role: member.role, must_set_password: mustSetPassword };
}

function ownSessions(services: SessionServices): Route[] {
  const { sessions } = services;
  return [
    query(
      '/session/info',
      'Shows who is signed in, and what the service can do and has.',
      'viewer',
      { request: nothing, reply: shape.sessionInfoReply },
      (_input, call) => sessionInfo(services, call),
    ),
    query(
      '/session/list',
      'Lists the browsers in which the caller is signed in, the last used first.',
      'viewer',
      { request: nothing, reply: shape.sessionListReply },
      async (_input, call) => {
        const found = await sessions.listOf(call.person.person_id);
        return { items: found.map((one) => sessionObject(one, call)), total: found.length };
      },
    ),
    command(
      '/session/revoke',
      'Ends one session of the caller, or all others.',
      'viewer',
      shape.sessionRevokeRequest,
      async (input, call) => {
        const { person, session } = call;
        if (input.session_id === undefined) return sessions.revokeOthers(person.person_id, session?.sessionId ?? '');
        await sessions.revoke(person.person_id, input.session_id);
        if (input.session_id === session?.sessionId) call.keepSession('');
      },
    ),
    command(
      '/session/delete',
      'Signs out: ends the session that the call came by.',
      'viewer',
      nothing,
      async (_input, call) => {
        if (call.session === undefined) throw new Failure('BadRequest', 'the call came by a key, not by a session');
        await sessions.revoke(call.person.person_id, call.session.sessionId);
        call.keepSession('');
      },
    ),
  ];
}

/** The console hides what this version cannot do yet. */
const features = { filters: false, templates: false, rehearse: true, replay: true };

async function sessionInfo(services: SessionServices, call: Call) {
  const { account, members, installed } = services;
  const member = await callerOf(members, call);
  return {
    person: personOf(member),
    role: member.role,
    account_name: account.accountName,
    locale: member.locale,
    time_zone: member.timeZone,
    version: installed.version,
    history_days: installed.historyDays,
    features,
    setup: await setupOf(services),
  };
}

/** The steps to the first push that are done. */
async function setupOf({ database, channels, integrations, webhooks }: SessionServices) {
  return {
    channel: (await channels.directory()).list.length > 0,
    source: (await integrations.directory()).list.length > 0,
    webhook: (await webhooks.directory()).list.length > 0,
    pushed: await wasPushed(database.read),
  };
}

function credentials({ account, members, sessions }: SessionServices): Route[] {
  return [
    commandWithReply(
      '/session/link/create',
      'Makes a sign-in link for a member: an invitation, or help for a lost password.',
      'admin',
      { request: shape.linkCreateRequest, reply: shape.linkCreateReply },
      async (input) => {
        const link = await sessions.invite(input.member_id);
        return { url: signInUrl(account.consoleUrl, link.token), expires_at: seconds(link.expiresAt) };
      },
    ),
    command(
      '/member/password/set',
      "Sets the caller's password and ends all other sessions of theirs.",
      'viewer',
      shape.passwordSetRequest,
      async (input, call) => {
        const passwords = { current: input.current_password, next: input.new_password, address: call.address };
        await sessions.setPassword(await callerOf(members, call), call.session, passwords);
      },
    ),
  ];
}

async function callerOf(members: MemberService, { person }: Call): Promise<Member> {
  const member = (await members.people()).member(person.person_id);
  if (member === undefined) throw notFound('member', person.person_id);
  return member;
}

function sessionObject(one: Session, call: Call): z.input<typeof shape.session> {
  return {
    session_id: one.sessionId,
    created_at: seconds(one.createdAt),
    seen_at: seconds(one.seenAt),
    expires_at: seconds(expiresAt(one)),
    address: one.address,
    agent: one.agent,
    is_current: one.sessionId === call.session?.sessionId,
  };
}
