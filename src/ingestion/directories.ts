import type { ChannelDirectory } from '../channels/channel.ts';
import type { Transaction } from '../database/database.ts';
import type { Directories, Directory } from '../events/directory.ts';
import type { People } from '../members/people.ts';
import { sourceOf, type IntegrationDirectory } from './integration.ts';

/** The account as pushes show it, and where its console is. */
export interface Account {
  readonly accountId: number;
  readonly accountName: string;
  readonly consoleUrl: string;
}

/** A value that is kept in memory: as it holds in a transaction, and as it is now. */
interface Kept<T> {
  in(tx: Transaction): Promise<T>;
  current(): Promise<T>;
}

export interface DirectoryParts {
  readonly account: Account;
  readonly people: Kept<People>;
  readonly channels: Kept<ChannelDirectory>;
  readonly integrations: Kept<IntegrationDirectory>;
}

/** Puts together the names that pushes carry, from what is configured. */
export function directoriesOf({ account, people, channels, integrations }: DirectoryParts): Directories {
  return {
    in: async (tx) => directory(account, await people.in(tx), await channels.in(tx), await integrations.in(tx)),
    current: async () =>
      directory(account, await people.current(), await channels.current(), await integrations.current()),
  };
}

function directory(
  account: Account,
  people: People,
  channels: ChannelDirectory,
  integrations: IntegrationDirectory,
): Directory {
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
