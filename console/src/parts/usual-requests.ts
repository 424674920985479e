/* Requests that pages make as soon as they open. The build writes them into the page, which sends them before any script. */

/** The counts in the navigation, and those of the list of incidents without filters. */
export const openIncidents = {
  progress: 'Triggered,Processing',
  incident_severity: '',
  channel_ids: [] as number[],
  responder_ids: [] as number[],
  is_my_team: false,
  query: '',
  labels: {} as Record<string, string>,
};

export const failingWebhooks = { state: 'failing' as const, limit: 1 };

/** The channels of a filter. */
export const channelChoices = { is_brief: true, limit: 100 };
