import { openKey, type Alert, type AlertReport } from '../alerts/alert.ts';
import type { Channel, ChannelDirectory } from '../channels/channel.ts';
import type { Facts } from '../filters/matcher.ts';
import { channelsFor, type RouteDirectory } from './routing/route.ts';

/** The reports of one request from one integration into one channel; channel 0 = by the integration's route. */
export interface Push {
  readonly integrationId: number;
  readonly channelId: number;
  /** The sender has chosen the channel. */
  readonly namesChannel?: boolean;
  readonly reports: readonly AlertReport[];
}

/** A report in one of its channels. */
export interface Arrival {
  readonly push: Push;
  readonly report: AlertReport;
  readonly key: string;
  /** `undefined` = a deleted channel. A recovery may go into a disabled one. */
  readonly channel: Channel | undefined;
}

/** The parts that decide where reports go. */
export interface Destinations {
  readonly channels: ChannelDirectory;
  readonly routes: RouteDirectory;
}

/** The channels of a firing report, or none once. */
export function firingArrivals(push: Push, report: AlertReport, { channels, routes }: Destinations): Arrival[] {
  return destinations(push, report, channels, routes).map((channelId) => {
    const channel = channels.find(channelId);
    return arrival(push, report, channelId, channel?.status === 'enabled' ? channel : undefined);
  });
}

/**
 * The open alerts that a recovery ends: those of its source key, in any channel, because a recovery may lack what a
 * route asked for, and routes change. If the source names a channel, the alert there comes first. None = it ends
 * nothing.
 */
export function recoveryArrivals(push: Push, report: AlertReport, open: readonly Alert[], channels: ChannelDirectory) {
  const named = push.namesChannel === true ? open.filter((alert) => alert.channelId === push.channelId) : [];
  const ended = named.length > 0 ? named : open;
  return ended.map(({ channelId }) => arrival(push, report, channelId, channels.find(channelId)));
}

/** A recovery that ends nothing, in the channel where it would have gone. */
export function unmatchedArrival(push: Push, report: AlertReport, { channels, routes }: Destinations): Arrival {
  const [channelId = 0] = destinations(push, report, channels, routes);
  return arrival(push, report, channelId, channels.find(channelId));
}

function arrival(push: Push, report: AlertReport, channelId: number, channel: Channel | undefined): Arrival {
  const into = push.channelId === channelId ? push : { ...push, channelId };
  const key = openKey({ integrationId: push.integrationId, channelId, alertKey: report.alertKey });
  return { push: into, report, key, channel };
}

/** The channels of a report: 0 = none. */
function destinations(push: Push, report: AlertReport, channels: ChannelDirectory, routes: RouteDirectory): number[] {
  if (push.channelId !== 0) return [push.channelId];
  const route = routes.find(push.integrationId);
  const found = route === undefined ? [] : channelsFor(route, factsOf(push, report), channels);
  return found.length > 0 ? found : [0];
}

/** A report has a severity only while it fires; a recovery has none. */
export function factsOf({ integrationId }: Push, report: AlertReport): Facts {
  return { ...report, integrationId, severity: report.status === 'Ok' ? '' : report.status };
}
