import type { Route } from '../route.ts';
import { alertRoutes } from './alerts.ts';
import { appKeyRoutes, type AppKeyServices } from './app-keys.ts';
import { channelRoutes, type ChannelServices } from './channels.ts';
import { egressRoutes, type EgressServices } from './egress.ts';
import { fieldRoutes, type FieldServices } from './fields.ts';
import { historyRoutes, type HistoryServices } from './history.ts';
import { incidentRoutes, type IncidentServices } from './incidents.ts';
import { integrationRoutes, type IntegrationServices } from './integrations.ts';
import { memberRoutes, type MemberServices } from './members.ts';
import { teamRoutes, type TeamServices } from './teams.ts';
import { webhookRoutes, type WebhookServices } from './webhooks.ts';

/** Everything that the routes need. */
export type ConfigurationServices = AppKeyServices &
  ChannelServices &
  EgressServices &
  FieldServices &
  IntegrationServices &
  MemberServices &
  TeamServices &
  WebhookServices;
export type ApiServices = ConfigurationServices & HistoryServices & IncidentServices;

/** The whole API (contract 6, design 7), in one table. */
export function apiRoutes(services: ApiServices): Route[] {
  return [
    ...configurationRoutes(services),
    ...incidentRoutes(services),
    ...alertRoutes(services),
    ...historyRoutes(services),
  ];
}

/** What is configured: who may call, where alerts come from, and where changes go. */
export function configurationRoutes(services: ConfigurationServices): Route[] {
  return [
    ...memberRoutes(services),
    ...teamRoutes(services),
    ...appKeyRoutes(services),
    ...channelRoutes(services),
    ...fieldRoutes(services),
    ...integrationRoutes(services),
    ...webhookRoutes(services),
    ...egressRoutes(services),
  ];
}
