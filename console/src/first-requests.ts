import { incidentFilters, listRequestOf } from './incidents/incident-filters.ts';
import { readSearch } from './parts/search-params.ts';
import { channelChoices, failingWebhooks, openIncidents } from './parts/usual-requests.ts';

/** An operation and its body. */
export type FirstRequest = readonly [path: string, body: object];

/** Every page with the navigation makes these. */
export const everywhere: readonly FirstRequest[] = [
  ['/incident/stats', openIncidents],
  ['/webhook/list', failingWebhooks],
];

/** And these, at addresses without filters, go before them. */
export const byAddress: Readonly<Record<string, readonly FirstRequest[]>> = {
  '/incident': [
    ['/incident/list', listRequestOf(readSearch(incidentFilters, {}).values, 0, 0, '')],
    ['/channel/list', channelChoices],
  ],
};
