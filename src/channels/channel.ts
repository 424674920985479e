import type { Conditions } from '../filters/condition.ts';

export type ChannelStatus = 'enabled' | 'disabled' | 'deleted';

/** Holds alerts and incidents, and the rules for them (contract 4.1, 6.9). */
export interface Channel {
  readonly channelId: number;
  /** Unique among the channels that are not deleted. */
  readonly name: string;
  readonly description: string;
  /** The team in charge; 0 = none. Rights come from roles only. */
  readonly teamId: number;
  /** A disabled channel takes no new alerts; its incidents stay. */
  readonly status: ChannelStatus;
  readonly creatorId: number;
  readonly settings: ChannelSettings;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** 0 while it is not deleted. */
  readonly deletedAt: number;
}

export interface ChannelSettings {
  readonly managingTeamIds: readonly number[];
  readonly group: ChannelGroup;
  /** 0 = never. */
  readonly autoResolveTimeoutSeconds: number;
  /** Counted from the incident's trigger, or from the last alert that joined. */
  readonly autoResolveMode: 'trigger' | 'update';
  /** The recovery of all alerts does not close the incident. */
  readonly disableAutoClose: boolean;
  /** Kept for clients that set them; they concern notifications, which this service does not send. */
  readonly flapping: ChannelFlapping;
  readonly disableOutlierDetection: boolean;
}

/** How alerts become incidents (contract 4.4). */
export interface ChannelGroup {
  /** `n` none, `p` by rule, `i` by similarity. */
  readonly method: 'n' | 'p' | 'i';
  /** OR between sets, AND inside. */
  readonly equals: readonly (readonly string[])[];
  /** Tried in order: the first whose conditions hold decides by its own one set, instead of `equals`. */
  readonly cases: readonly GroupCase[];
  /** A key that is empty on both sides counts as different. */
  readonly allEqualsRequired: boolean;
  /** 0 = until the incident closes. */
  readonly timeWindowMinutes: number;
  readonly windowType: 'tumbling' | 'sliding';
  /** Keys that method `i` compares; empty = the default keys. */
  readonly likenessKeys: readonly string[];
  /** How alike alerts must be for method `i`, 0.5 to 1. */
  readonly likenessThreshold: number;
  /** Numbers of alerts at which an incident counts as a storm, rising (contract 4.5). */
  readonly stormThresholds: readonly number[];
}

export interface GroupCase {
  readonly if: Conditions;
  readonly equals: readonly string[];
}

/** Contract 4.10. */
export interface ChannelFlapping {
  readonly isDisabled: boolean;
  readonly maxChanges: number;
  readonly inMins: number;
  readonly muteMins: number;
}

/** A new channel groups nothing and closes incidents that recovered. */
export const defaultSettings: ChannelSettings = {
  managingTeamIds: [],
  group: {
    method: 'n',
    equals: [],
    cases: [],
    allEqualsRequired: false,
    timeWindowMinutes: 0,
    windowType: 'tumbling',
    likenessKeys: [],
    likenessThreshold: 0.9,
    stormThresholds: [],
  },
  autoResolveTimeoutSeconds: 0,
  autoResolveMode: 'trigger',
  disableAutoClose: false,
  flapping: { isDisabled: false, maxChanges: 4, inMins: 60, muteMins: 120 },
  disableOutlierDetection: false,
};

/** Channels per installation: all are held in memory. */
export const channelsMax = 1000;

/** Every channel that is not deleted, as of one moment. */
export class ChannelDirectory {
  /** The oldest first. */
  readonly list: readonly Channel[];
  readonly #byId: ReadonlyMap<number, Channel>;
  readonly #byName: ReadonlyMap<string, Channel>;

  constructor(channels: readonly Channel[]) {
    this.list = channels;
    this.#byName = new Map(channels.map((channel) => [channel.name, channel]));
    this.#byId = new Map(channels.map((channel) => [channel.channelId, channel]));
  }

  find(channelId: number): Channel | undefined {
    return this.#byId.get(channelId);
  }

  /** By exact name, case-sensitive. */
  named(name: string): Channel | undefined {
    return this.#byName.get(name);
  }
}
