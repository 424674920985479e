import type { Role } from '../../src/access/role.ts';
import { configurationRoutes } from '../../src/http/routes/index.ts';
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
  data(path: string, body?: object, role?: Role): Promise<Data>;
}

// oxlint-disable-next-line typescript/no-explicit-any -- what is in it is what the tests look at
export type Data = any;

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
  });
  const call = (path: string, body: object = {}, role: Role = 'admin') =>
    server.post(path, body, { headers: { authorization: `Bearer ${keys[role]}` } });
  return {
    node,
    server,
    memberIds,
    call,
    data: async (path, body, role) => {
      const answer = await call(path, body, role);
      if (answer.body.error !== undefined) throw new Error(`${path}: ${answer.body.error.message}`);
      return answer.body.data;
    },
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await database.close();
    },
  };
}
