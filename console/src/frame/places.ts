import { rememberSearch } from '../parts/last-search.ts';
import type { IconName } from '../parts/icons.tsx';

/** The pages that the navigation leads to, in its order. `key` follows `g`. */
export const places = [
  { name: 'incidents', to: '/incident', icon: 'incident', group: '', key: 'i', label: 'goIncidents' },
  { name: 'alerts', to: '/alert', icon: 'alert', group: '', key: 'a', label: 'goAlerts' },
  { name: 'deliveries', to: '/delivery', icon: 'delivery', group: '', key: 'd', label: 'goDeliveries' },
  {
    name: 'sources',
    to: '/integration-center/source',
    icon: 'source',
    group: 'integrationCenter',
    key: 's',
    label: 'goSources',
  },
  {
    name: 'webhooks',
    to: '/integration-center/webhook',
    icon: 'webhook',
    group: 'integrationCenter',
    key: 'w',
    label: 'goWebhooks',
  },
  { name: 'actions', to: '/integration-center/action', icon: 'action', group: 'integrationCenter', key: '', label: '' },
  { name: 'channels', to: '/channel', icon: 'channel', group: 'organise', key: 'c', label: 'goChannels' },
  { name: 'people', to: '/people', icon: 'people', group: 'organise', key: 'p', label: 'goPeople' },
  { name: 'settings', to: '/settings/profile', icon: 'settings', group: 'last', key: '', label: '' },
] as const satisfies readonly {
  readonly name: string;
  readonly to: string;
  readonly icon: IconName;
  readonly group: '' | 'integrationCenter' | 'organise' | 'last';
  readonly key: string;
  readonly label: string;
}[];

export type Place = (typeof places)[number];

export function isAt(place: Place, path: string): boolean {
  const base = place.name === 'settings' ? '/settings' : place.to;
  return path === base || path.startsWith(`${base}/`);
}

/** A list opens as this tab last had it. */
export function rememberPlace(path: string, search: string): void {
  if (places.some((place) => place.to === path)) rememberSearch(path, search);
}
