import type { Database } from '../../src/database/database.ts';
import { alertRoutes } from '../../src/http/routes/alerts.ts';
import { fieldRoutes } from '../../src/http/routes/fields.ts';
import { incidentRoutes } from '../../src/http/routes/incidents.ts';
import type { ChannelSettings } from '../../src/channels/channel.ts';
import type { Route } from '../../src/http/route.ts';
import { startActionReceiver } from './action-receiver.ts';
import { ada, disposableDomain, type Domain } from './domain.ts';
import type { Script } from './scripted-receiver.ts';
import { startToyServer, type Answered } from './toy-server.ts';

/** The real server with the routes of alerts and incidents on a domain; Ada calls, as an administrator. */
export interface DomainServer extends AsyncDisposable {
  readonly domain: Domain;
  readonly routes: readonly Route[];
  /** Where custom actions may go. */
  readonly endpoint: string;
  call(path: string, body?: object): Promise<Answered>;
  /** The same, and gives the `data`; throws when it is refused. */
  data<Data = Record<string, unknown>>(path: string, body?: object): Promise<Data>;
}

export async function startDomainServer(
  open: () => Promise<Database>,
  { settings = {}, script }: { settings?: Partial<ChannelSettings>; script?: Script } = {},
): Promise<DomainServer> {
  const domain = await disposableDomain(open, settings);
  const actions = await startActionReceiver(domain.database, script);
  const { incidents, edits, alerts, account, clock, database } = domain;
  const { channels, members, fields } = domain.administration;
  const services = {
    incidents,
    edits,
    alerts,
    account,
    clock,
    database,
    channels,
    members,
    fields,
    directories: domain.parts.directories,
    customActions: domain.customActions(actions.caller),
  };
  const routes = [...incidentRoutes(services), ...alertRoutes(services), ...fieldRoutes(services)];
  const server = await startToyServer({
    routes,
    authenticate: async () => ({ person: ada, role: 'admin' }),
    checkReplies: true,
  });
  return {
    domain,
    routes,
    endpoint: actions.endpoint,
    call: (path, body = {}) => server.post(path, body),
    data: async <Data>(path: string, body: object = {}) => {
      const answer = await server.post(path, body);
      if (answer.body.error !== undefined) throw new Error(`${path}: ${answer.body.error.message}`);
      return answer.body.data as Data;
    },
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await actions[Symbol.asyncDispose]();
      await domain[Symbol.asyncDispose]();
    },
  };
}
