import type { z } from 'zod';
import type { Role } from '../../src/access/role.ts';
import type { ChannelSettings } from '../../src/channels/channel.ts';
import type { Database } from '../../src/database/database.ts';
import { alertRoutes } from '../../src/http/routes/alerts.ts';
import { incidentRoutes } from '../../src/http/routes/incidents.ts';
import { configurationRoutes } from '../../src/http/routes/index.ts';
import type { Route } from '../../src/http/routes/route.ts';
import type * as alertRoute from '../../src/http/schemas/alert-route.ts';
import type * as appKey from '../../src/http/schemas/app-key.ts';
import type * as channel from '../../src/http/schemas/channel.ts';
import type * as integration from '../../src/http/schemas/integration.ts';
import type * as member from '../../src/http/schemas/member.ts';
import type * as noiseRule from '../../src/http/schemas/noise-rule.ts';
import type * as team from '../../src/http/schemas/team.ts';
import type * as webhook from '../../src/http/schemas/webhook.ts';
import { systemClock, type Clock } from '../../src/runtime/clock.ts';
import { startActionReceiver } from './action-receiver.ts';
import { databases } from './databases.ts';
import type { Script } from './scripted-receiver.ts';
import { startStubServer, type Answered, type StubServer } from './stub-server.ts';
import {
  ada,
  createTestService,
  install,
  openTestService,
  type SourcedService,
  type TestService,
} from './test-service.ts';

/** The real server on the real services. */
export interface TestServer<Service = TestService> extends AsyncDisposable {
  readonly service: Service;
  readonly server: StubServer;
  readonly routes: readonly Route[];
  /** Where custom actions may go. */
  readonly endpoint: string;
  /** Calls an operation, as the administrator by default. */
  call(path: string, body?: object, role?: Role): Promise<Answered>;
  /** The same, and gives the `data`; throws when it is refused. */
  data: CallForData;
}

/** With the shape of the reply where the table below has it, else as the caller says. */
interface CallForData {
  <Path extends keyof Replies>(path: Path, body?: object, role?: Role): Promise<z.output<Replies[Path]>>;
  <Data extends object = Record<string, unknown>>(path: string, body?: object, role?: Role): Promise<Data>;
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

export interface StaffedServer extends TestServer {
  readonly memberIds: Readonly<Record<Role, number>>;
}

/** On an installed database with somebody of each role. */
export async function startTestServer(): Promise<StaffedServer> {
  const [sqlite] = databases;
  if (sqlite === undefined) throw new Error('there is no database');
  const service = createTestService(await sqlite.open());
  const admin = (await install(service)) ?? '';
  const { appKeys, members } = service.services;
  const blank = { countryCode: '', phone: '', locale: 'en-US', timeZone: 'UTC', refId: '' };
  const [responder, viewer] = await members.invite([
    { ...blank, name: 'Rita', email: 'rita@example.org', role: 'responder' },
    { ...blank, name: 'Vera', email: 'vera@example.org', role: 'viewer' },
  ]);
  const [first] = (await members.people()).members;
  const memberIds = {
    admin: first?.memberId ?? 0,
    responder: responder?.memberId ?? 0,
    viewer: viewer?.memberId ?? 0,
  };
  const keys: Record<Role, string> = {
    admin,
    responder: (await appKeys.create(memberIds.responder, 'key', 'enabled')).key,
    viewer: (await appKeys.create(memberIds.viewer, 'key', 'enabled')).key,
  };
  const started = await serve(service, { authenticate: (key) => service.authenticate(key), keys });
  return { ...started, memberIds };
}

/** On a service with a channel and a source, and a clock that stands still; Ada calls, as an administrator. */
export function startSourcedServer(
  open: () => Promise<Database>,
  { settings, script }: { settings?: Partial<ChannelSettings>; script?: Script } = {},
): Promise<TestServer<SourcedService>> {
  const authenticate = async () => ({ person: ada, role: 'admin' }) as const;
  return openTestService(open, settings).then((service) => serve(service, { authenticate, script }));
}

interface ServeOptions {
  readonly authenticate: TestService['authenticate'];
  readonly keys?: Readonly<Record<Role, string>>;
  /** Of the receiver of custom actions. */
  readonly script?: Script | undefined;
}

async function serve<Service extends TestService>(
  service: Service,
  { authenticate, keys, script }: ServeOptions,
): Promise<TestServer<Service>> {
  const actions = await startActionReceiver(service.database, script);
  const services = { ...service.services, customActions: service.customActions(actions.caller) };
  const routes = [...configurationRoutes(services), ...incidentRoutes(services), ...alertRoutes(services)];
  const server = await startStubServer({ routes, authenticate, checkReplies: true, clock: unhurried() });
  const call = (path: string, body: object = {}, role: Role = 'admin') =>
    server.post(path, body, keys === undefined ? {} : { headers: { authorization: `Bearer ${keys[role]}` } });
  return {
    service,
    server,
    routes,
    endpoint: actions.endpoint,
    call,
    data: async <Data extends object>(path: string, body?: object, role?: Role) => {
      const answer = await call(path, body, role);
      if (answer.body.error !== undefined) throw new Error(`${path}: ${answer.body.error.message}`);
      return answer.body.data as Data;
    },
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await actions[Symbol.asyncDispose]();
      await service.database.close();
    },
  };
}

/** Each reading is a second later, so that a walk over every route is no flood of failed tries. */
function unhurried(): Clock {
  let readings = 0;
  return { now: () => systemClock.now(), monotonic: () => (readings += 1000) };
}
