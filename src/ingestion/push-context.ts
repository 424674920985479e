import type { ChannelDirectory } from '../channels/channel.ts';
import type { SharedConfig } from '../database/config-snapshot.ts';
import type { Directories, Directory } from '../events/directory.ts';
import type { People } from '../members/people.ts';
import { sourceOf, type IntegrationDirectory } from './integration.ts';

/** The account in pushes, and the URL of its console. */
export interface Account {
  readonly accountId: number;
  readonly accountName: string;
  readonly consoleUrl: string;
}

/** The sources of names. */
export interface Named {
  readonly people: People;
  readonly channels: ChannelDirectory;
  readonly integrations: IntegrationDirectory;
}

/** Builds the names of pushes from the configuration. */
export function pushContext(account: Account, config: SharedConfig<Named>): Directories {
  return {
    in: async (tx) => directory(account, await config.in(tx)),
    current: async () => directory(account, await config.current()),
  };
}

function directory(account: Account, { people, channels, integrations }: Named): Directory {
  return {
    ...account,
    person: (personId) => people.person(personId) ?? { person_id: personId, person_name: '', email: '' },
    channelName: (channelId) => channels.find(channelId)?.name ?? '',
    channelStatus: (channelId) => channels.find(channelId)?.status ?? '',
    source: (integrationId) => {
      const integration = integrations.find(integrationId);
      return integration === undefined ? undefined : sourceOf(integration);
    },
  };
}
