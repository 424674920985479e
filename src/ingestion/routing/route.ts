import type { ChannelDirectory } from '../../channels/channel.ts';
import type { Conditions } from '../../filters/condition.ts';
import { matchesAll, type Facts } from '../../filters/matcher.ts';

/** The route of a shared integration (contract 6.9). */
export interface AlertRoute {
  readonly integrationId: number;
  /** Tried in order; the first that applies ends the search, unless it falls through. */
  readonly cases: readonly RouteCase[];
  /** Channels of reports that no case applies to; empty = none. */
  readonly defaultChannelIds: readonly number[] | undefined;
  /** How clients group the cases; without effect. */
  readonly sections: readonly RouteSection[];
  /** 1 at first, and one more with each change. */
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
  /** `standard`, or nothing: into these channels. `name_mapping`: into the channel whose name is a label's value. */
  readonly mode: '' | 'standard' | 'name_mapping';
  readonly channelIds: readonly number[];
  /** A label's name, with or without `labels.`; '' in the standard mode. */
  readonly label: string;
  readonly fallsThrough: boolean;
}

export interface RouteSection {
  readonly name: string;
  readonly position: number;
}

/** The channels of a report, each once; none = unrouted. */
export function channelsFor(route: AlertRoute, facts: Facts, channels: ChannelDirectory): number[] {
  const found = new Set<number>();
  for (const one of route.cases) {
    const targets = matchesAll(one.if, facts) ? targetsOf(one, facts, channels) : [];
    for (const channelId of targets) found.add(channelId);
    // A name that no channel has does not apply: later cases and the default are tried (contract 6.9).
    if (targets.length > 0 && !one.fallsThrough) break;
  }
  return found.size > 0 ? [...found] : [...(route.defaultChannelIds ?? [])];
}

/** Every channel id in the route. */
export function channelIdsIn(route: Pick<AlertRoute, 'cases' | 'defaultChannelIds'>): number[] {
  return [...new Set([...route.cases.flatMap((one) => one.channelIds), ...(route.defaultChannelIds ?? [])])];
}

/** The route without a channel that is no more: a case that has no other goes. `undefined` = it does not name it. */
export function withoutChannel(route: AlertRoute, channelId: number): AlertRoute | undefined {
  if (!channelIdsIn(route).includes(channelId)) return undefined;
  const others = (ids: readonly number[]) => ids.filter((id) => id !== channelId);
  const cases = route.cases.map((one) => ({ ...one, channelIds: others(one.channelIds) }));
  return {
    ...route,
    cases: cases.filter((one) => one.mode === 'name_mapping' || one.channelIds.length > 0),
    defaultChannelIds: route.defaultChannelIds === undefined ? undefined : others(route.defaultChannelIds),
  };
}

/** Every route, as of one moment. */
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
  if (one.mode !== 'name_mapping') return one.channelIds;
  const label = one.label.replace(/^labels\./, '');
  const channel = channels.named(Object.hasOwn(labels, label) ? (labels[label] ?? '') : '');
  return channel === undefined ? [] : [channel.channelId];
}
