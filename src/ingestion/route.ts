import type { ChannelDirectory } from '../channels/channel.ts';
import type { Conditions } from '../filters/condition.ts';
import { matchesAll, type Facts } from '../filters/matcher.ts';

/** Into which channels a shared integration sends (contract 6.9). */
export interface AlertRoute {
  readonly integrationId: number;
  /** Tried in order; the first that hits ends the search, unless it falls through. */
  readonly cases: readonly RouteCase[];
  /** Where goes what no case hits; empty = nowhere. */
  readonly defaultChannelIds: readonly number[] | undefined;
  /** How the console divides the cases; without effect. */
  readonly sections: readonly RouteSection[];
  /** 1 when it is made, and one more with each change. */
  readonly version: number;
  readonly creatorId: number;
  readonly updatedBy: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface RouteCase {
  /** All must hold; none = always. */
  readonly if: Conditions;
  /** `standard`: into these channels. `name_mapping`: into the channel that has a label's value as its name. */
  readonly mode: 'standard' | 'name_mapping';
  readonly channelIds: readonly number[];
  /** A label's name, with or without `labels.`; '' in the standard mode. */
  readonly label: string;
  readonly fallsThrough: boolean;
}

export interface RouteSection {
  readonly name: string;
  readonly position: number;
}

/** The channels that an event goes to, each once; none = it stays unrouted. */
export function channelsFor(route: AlertRoute, facts: Facts, channels: ChannelDirectory): number[] {
  const found = new Set<number>();
  for (const one of route.cases) {
    const targets = matchesAll(one.if, facts) ? targetsOf(one, facts, channels) : [];
    for (const channelId of targets) found.add(channelId);
    // A name that no channel has is no hit: the cases below, and the default, have their turn (contract 6.9).
    if (targets.length > 0 && !one.fallsThrough) break;
  }
  return found.size > 0 ? [...found] : [...(route.defaultChannelIds ?? [])];
}

/**
 * All channels that the route could have sent an alert to, whatever its severity was then. A recovery looks there for the
 * alerts that it ends, because it no longer says what a case may have asked for.
 */
export function channelsWithin(route: AlertRoute, facts: Facts, channels: ChannelDirectory): number[] {
  const all = route.cases.flatMap((one) => targetsOf(one, facts, channels));
  return [...new Set([...all, ...(route.defaultChannelIds ?? [])])];
}

/** Every channel id that is written in the route. */
export function channelIdsIn(route: Pick<AlertRoute, 'cases' | 'defaultChannelIds'>): number[] {
  return [...new Set([...route.cases.flatMap((one) => one.channelIds), ...(route.defaultChannelIds ?? [])])];
}

/** Every route, as they were at one moment. */
export class RouteDirectory {
  readonly #byIntegration: ReadonlyMap<number, AlertRoute>;

  constructor(routes: readonly AlertRoute[]) {
    this.#byIntegration = new Map(routes.map((route) => [route.integrationId, route]));
  }

  find(integrationId: number): AlertRoute | undefined {
    return this.#byIntegration.get(integrationId);
  }
}

function targetsOf(one: RouteCase, { labels }: Facts, channels: ChannelDirectory): readonly number[] {
  if (one.mode === 'standard') return one.channelIds;
  const label = one.label.replace(/^labels\./, '');
  const channel = channels.named(Object.hasOwn(labels, label) ? (labels[label] ?? '') : '');
  return channel === undefined ? [] : [channel.channelId];
}
