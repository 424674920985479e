import type { z } from 'zod';
import type { Role } from '../../src/access/role.ts';
import { configurationRoutes } from '../../src/http/routes/index.ts';
import type * as alertRoute from '../../src/http/shapes/alert-route.ts';
import type * as appKey from '../../src/http/shapes/app-key.ts';
import type * as channel from '../../src/http/shapes/channel.ts';
import type * as integration from '../../src/http/shapes/integration.ts';
import type * as member from '../../src/http/shapes/member.ts';
import type * as noiseRule from '../../src/http/shapes/noise-rule.ts';
import type * as team from '../../src/http/shapes/team.ts';
import type * as webhook from '../../src/http/shapes/webhook.ts';
import { systemClock, type Clock } from '../../src/runtime/clock.ts';
import { closing, configurationOn, install, type Configuration } from './configuration.ts';
import { databases } from './databases.ts';
import { startToyServer, type Answered, type ToyServer } from './toy-server.ts';

/** The real server with the real configuration routes on an installed database, and somebody of each role. */
export interface ConfiguredServer extends AsyncDisposable {
  readonly node: Configuration;
  readonly server: ToyServer;
  readonly memberIds: Readonly<Record<Role, number>>;
  /** Calls an operation as the administrator, unless told otherwise. */
  call(path: string, body?: object, role?: Role): Promise<Answered>;
  /** The same, and gives the `data`; throws when it is refused. */
  data<Path extends string>(path: Path, body?: object, role?: Role): Promise<Data<Path>>;
}

/** The shape of each reply that tests look into; the server has checked it. */
interface Replies {
  '/member/list': typeof member.memberListReply;
  '/member/info': typeof member.memberInfoReply;
  '/member/invite': typeof member.memberInviteReply;
  '/account/info': typeof member.accountInfoReply;
  '/person/infos': typeof member.personInfosReply;
  '/person/app-key/create': typeof appKey.appKeyCreateReply;
  '/person/app-key/list': typeof appKey.appKeyListReply;
  '/team/list': typeof team.teamListReply;
  '/team/info': typeof team.team;
  '/team/infos': typeof team.teamInfosReply;
  '/team/upsert': typeof team.teamUpsertReply;
  '/channel/create': typeof channel.channelCreateReply;
  '/channel/info': typeof channel.channel;
  '/channel/infos': typeof channel.channelInfosReply;
  '/channel/list': typeof channel.channelListReply;
  '/channel/unsubscribe/rule/create': typeof noiseRule.ruleCreateReply;
  '/channel/unsubscribe/rule/list': typeof noiseRule.dropListReply;
  '/channel/silence/rule/create': typeof noiseRule.ruleCreateReply;
  '/channel/silence/rule/list': typeof noiseRule.silenceListReply;
  '/channel/inhibit/rule/create': typeof noiseRule.ruleCreateReply;
  '/channel/inhibit/rule/list': typeof noiseRule.inhibitListReply;
  '/route/info': typeof alertRoute.routeReply;
  '/route/list': typeof alertRoute.routeListReply;
  '/integration/create': typeof integration.integrationCreateReply;
  '/integration/info': typeof integration.integration;
  '/integration/list': typeof integration.integrationListReply;
  '/webhook/create': typeof webhook.webhookCreateReply;
  '/webhook/info': typeof webhook.webhook;
  '/webhook/list': typeof webhook.webhookListReply;
  '/webhook/secret/rotate': typeof webhook.secretRotateReply;
  '/webhook/test': typeof webhook.webhookTestReply;
  '/egress/info': typeof webhook.egressInfoReply;
}
type Data<Path extends string> = Path extends keyof Replies ? z.output<Replies[Path]> : object;

export async function startConfiguredServer(): Promise<ConfiguredServer> {
  const [sqlite] = databases;
  if (sqlite === undefined) throw new Error('there is no database');
  const database = closing(await sqlite.open());
  const node = configurationOn(database);
  const admin = (await install(node)) ?? '';
  const { appKeys, members } = node.services;
  const blank = { countryCode: '', phone: '', locale: 'en-US', timeZone: 'UTC', refId: '' };
  const [responder, viewer] = await members.invite([
    { ...blank, name: 'Rita', email: 'rita@example.org', role: 'responder' },
    { ...blank, name: 'Vera', email: 'vera@example.org', role: 'viewer' },
  ]);
  const [ada] = (await members.people()).members;
  const memberIds = {
    admin: ada?.memberId ?? 0,
    responder: responder?.memberId ?? 0,
    viewer: viewer?.memberId ?? 0,
  };
  const keys: Record<Role, string> = {
    admin,
    responder: (await appKeys.create(memberIds.responder, 'key', 'enabled')).key,
    viewer: (await appKeys.create(memberIds.viewer, 'key', 'enabled')).key,
  };
  const server = await startToyServer({
    routes: configurationRoutes(node.services),
    authenticate: (key) => node.authenticate(key),
    checkReplies: true,
    clock: unhurried(),
  });
  const call = (path: string, body: object = {}, role: Role = 'admin') =>
    server.post(path, body, { headers: { authorization: `Bearer ${keys[role]}` } });
  return {
    node,
    server,
    memberIds,
    call,
    data: async <Path extends string>(path: Path, body?: object, role?: Role) => {
      const answer = await call(path, body, role);
      if (answer.body.error !== undefined) throw new Error(`${path}: ${answer.body.error.message}`);
      return answer.body.data as Data<Path>;
    },
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await database.close();
    },
  };
}

/** Each reading is a second later, so that a walk over every route is no flood of failed tries. */
function unhurried(): Clock {
  let readings = 0;
  return { now: () => systemClock.now(), monotonic: () => (readings += 1000) };
}
