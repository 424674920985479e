import type { Transaction } from '../database/database.ts';
import type { Person } from './event.ts';

/** The names that a push carries beside the ids, as they are configured at the moment of the event. */
export interface Directory {
  readonly accountId: number;
  readonly accountName: string;
  /** The start of `detail_url`, without a trailing slash. */
  readonly consoleUrl: string;
  /** A deleted member has its id and an empty name. */
  person(personId: number): Person;
  /** '' for channel 0 and for unknown channels. */
  channelName(channelId: number): string;
  /** `enabled`, `disabled`, `deleted`; '' as above. */
  channelStatus(channelId: number): string;
  source(integrationId: number): Source | undefined;
}

/** An integration, as its alerts show it. */
export interface Source {
  readonly name: string;
  /** The wire's key of its type, e.g. `standard.alert` (contract 1.7). */
  readonly type: string;
  readonly refId: string;
}

/** The directory as of the commit of the caller's transaction. */
export interface Directories {
  in(tx: Transaction): Promise<Directory>;
  current(): Promise<Directory>;
}
