import type { Route } from '../route.ts';
import { alertRouteRoutes, type AlertRouteServices } from './alert-routes.ts';
import { auditRoutes, underAudit, type AuditServices } from './audit.ts';
import { alertEventRoutes, type AlertEventServices } from './alert-events.ts';
import { alertRoutes } from './alerts.ts';
import { appKeyRoutes, type AppKeyServices } from './app-keys.ts';
import { channelRoutes, type ChannelServices } from './channels.ts';
import { datasourceRoutes } from './datasources.ts';
import { escalationRoutes, type EscalationServices } from './escalation.ts';
import { egressRoutes, type EgressServices } from './egress.ts';
import { fieldRoutes, type FieldServices } from './fields.ts';
import { historyRoutes, type HistoryServices } from './history.ts';
import { incidentRoutes, type IncidentServices } from './incidents.ts';
import { integrationRoutes, type IntegrationServices } from './integrations.ts';
import { memberRoutes, type MemberServices } from './members.ts';
import { noiseRoutes, type NoiseServices } from './noise-rules.ts';
import { teamRoutes, type TeamServices } from './teams.ts';
import { webhookRoutes, type WebhookServices } from './webhooks.ts';

/** Everything that the routes need. */
export type ConfigurationServices = AlertRouteServices &
  AppKeyServices &
  ChannelServices &
  EgressServices &
  EscalationServices &
  FieldServices &
  IntegrationServices &
  MemberServices &
  NoiseServices &
  TeamServices &
  WebhookServices;
export type ApiServices = AlertEventServices &
  AuditServices &
  ConfigurationServices &
  HistoryServices &
  IncidentServices;

/** The whole API (contract 6, design 7), in one table. */
export function apiRoutes(services: ApiServices): Route[] {
  const configuration = configurationRoutes(services);
  const others = [
    ...incidentRoutes(services),
    ...alertRoutes(services),
    ...alertEventRoutes(services),
    ...historyRoutes(services),
  ];
  const audited = [...configuration, ...others.filter((route) => auditedToo.has(route.path))].filter(
    (route) => route.writes,
  );
  return [
    ...[...configuration, ...others].map((route) =>
      audited.includes(route) ? underAudit(route, services.audit) : route,
    ),
    ...auditRoutes(services, audited),
  ];
}

/** Beside what is configured: what leaves no trace elsewhere, and what is sent again. Other work is told by timelines. */
const auditedToo: ReadonlySet<string> = new Set(['/incident/remove', '/webhook/history/resend', '/webhook/replay']);

/** What is configured: who may call, where alerts come from, and where changes go. */
export function configurationRoutes(services: ConfigurationServices): Route[] {
  return [
    ...memberRoutes(services),
    ...teamRoutes(services),
    ...appKeyRoutes(services),
    ...channelRoutes(services),
    ...escalationRoutes(services),
    ...fieldRoutes(services),
    ...noiseRoutes(services),
    ...integrationRoutes(services),
    ...alertRouteRoutes(services),
    ...webhookRoutes(services),
    ...datasourceRoutes(services),
    ...egressRoutes(services),
  ];
}
