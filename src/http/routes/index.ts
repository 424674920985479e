import type { Route } from './route.ts';
import { alertRouteRoutes, type AlertRouteServices } from './alert-routes.ts';
import { auditRoutes, underAudit, type AuditServices } from './audit.ts';
import { alertEventRoutes, type AlertEventServices } from './alert-events.ts';
import { alertRoutes } from './alerts.ts';
import { appKeyRoutes, type AppKeyServices } from './app-keys.ts';
import { changeRoutes } from './changes.ts';
import { channelRoutes, type ChannelServices } from './channels.ts';
import { datasourceRoutes } from './datasources.ts';
import { escalationRoutes, type EscalationServices } from './escalation.ts';
import { egressRoutes, type EgressServices } from './egress.ts';
import { eventAnswerRoutes, type EventAnswerServices } from './event-answers.ts';
import { fieldRoutes, type FieldServices } from './fields.ts';
import { historyRoutes, type HistoryServices } from './history.ts';
import { incidentRoutes, type IncidentServices } from './incidents.ts';
import { integrationRoutes, type IntegrationServices } from './integrations.ts';
import { memberRoutes, type MemberServices } from './members.ts';
import { noiseRoutes, type NoiseServices } from './noise-rules.ts';
import { replayRoutes, type ReplayServices } from './replays.ts';
import { sessionRoutes, type SessionServices } from './sessions.ts';
import { systemRoutes, type SystemServices } from './system.ts';
import { teamRoutes, type TeamServices } from './teams.ts';
import { webhookRoutes, type WebhookServices } from './webhooks.ts';

/** The services of the routes. */
export type ConfigurationServices = AlertRouteServices &
  AppKeyServices &
  ChannelServices &
  EgressServices &
  EscalationServices &
  FieldServices &
  IntegrationServices &
  MemberServices &
  NoiseServices &
  SessionServices &
  TeamServices &
  WebhookServices;
export type ApiServices = AlertEventServices &
  AuditServices &
  ConfigurationServices &
  EventAnswerServices &
  HistoryServices &
  IncidentServices &
  ReplayServices &
  SystemServices;

/** The whole API (contract 6), in one table. */
export function apiRoutes(services: ApiServices): Route[] {
  const configuration = configurationRoutes(services);
  const others = [
    ...incidentRoutes(services),
    ...alertRoutes(services),
    ...alertEventRoutes(services),
    ...changeRoutes(services),
    ...historyRoutes(services),
    ...eventAnswerRoutes(services),
    ...replayRoutes(services),
    ...systemRoutes(services),
  ];
  const audited = [...configuration, ...others.filter((route) => auditedToo.has(route.path))].filter(
    // Who signs in is known only when it is done: that writes its own line, and one when it fails.
    (route) => route.writes && route.role !== 'anyone',
  );
  const open = configuration.filter((route) => route.role === 'anyone');
  return [
    ...[...configuration, ...others].map((route) =>
      audited.includes(route) ? underAudit(route, services.audit) : route,
    ),
    ...auditRoutes(services, [...open, ...audited]),
  ];
}

/** Audited beside the configuration: removals, which leave no trace elsewhere, resends and replays. Timelines show other work. */
const auditedToo: ReadonlySet<string> = new Set([
  '/incident/remove',
  '/webhook/history/resend',
  '/webhook/replay',
  '/replay/cancel',
]);

/** Routes that change the configuration. */
export function configurationRoutes(services: ConfigurationServices): Route[] {
  return [
    ...sessionRoutes(services),
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
