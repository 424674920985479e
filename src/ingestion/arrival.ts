import { openKey, type AlertReport } from '../alerts/alert.ts';
import type { Channel, ChannelDirectory } from '../channels/channel.ts';
import type { Facts } from '../filters/matcher.ts';
import type { ChangeSet } from '../incidents/change-set.ts';
import { channelsFor, channelsWithin, type RouteDirectory } from './route.ts';

/** The reports of one request, from one integration into one channel; channel 0 = by the integration's route. */
export interface Push {
  readonly integrationId: number;
  readonly channelId: number;
  readonly reports: readonly AlertReport[];
}

/** A report in one of the channels that it goes to. */
export interface Arrival {
  readonly push: Push;
  readonly report: AlertReport;
  readonly key: string;
  /** `undefined` = no channel takes it; it is kept as it came. */
  readonly channel: Channel | undefined;
}

/** The channels that a report goes to; without any it arrives once, in none. */
export function arrivalsOf(
  push: Push,
  report: AlertReport,
  channels: ChannelDirectory,
  routes: RouteDirectory,
): Arrival[] {
  return destinations(push, report, channels, routes).map((channelId) => {
    const into = { ...push, channelId };
    return {
      push: into,
      report,
      key: openKey({ ...into, ...report }),
      channel: takingAlerts(channels.find(channelId)),
    };
  });
}

/** Where a report goes: 0 = nowhere. */
function destinations(push: Push, report: AlertReport, channels: ChannelDirectory, routes: RouteDirectory): number[] {
  if (push.channelId !== 0) return [push.channelId];
  const route = routes.find(push.integrationId);
  if (route === undefined) return [0];
  const facts = factsOf(push, report);
  const found = (report.status === 'Ok' ? channelsWithin : channelsFor)(route, facts, channels);
  return found.length > 0 ? found : [0];
}

/** A routed recovery goes where it ends an alert; where there is none in any channel, once is enough to say so. */
export function ending(set: ChangeSet, arrivals: readonly Arrival[]): readonly Arrival[] {
  if (arrivals.length < 2 || arrivals[0]?.report.status !== 'Ok') return arrivals;
  const ended = arrivals.filter((arrival) => set.openAlert(arrival.key) !== undefined);
  return ended.length > 0 ? ended : arrivals.slice(0, 1);
}

/** A report has a severity while it fires; what it recovers from it does not say. */
export function factsOf({ integrationId }: Push, report: AlertReport): Facts {
  return { ...report, integrationId, severity: report.status === 'Ok' ? '' : report.status };
}

/** A channel that is disabled or gone takes no alerts; what comes for it is kept as it came. */
function takingAlerts(channel: Channel | undefined): Channel | undefined {
  return channel?.status === 'enabled' ? channel : undefined;
}
