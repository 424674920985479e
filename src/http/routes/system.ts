import type { Database } from '../../database/database.ts';
import { readSystem } from '../../delivery/history/system-store.ts';
import type { ChannelService } from '../../channels/channel-service.ts';
import type { IntegrationService } from '../../ingestion/integration-service.ts';
import type { MemberService } from '../../members/member-service.ts';
import type { WebhookService } from '../../webhooks/webhook-service.ts';
import { nothing } from '../schemas/scalars.ts';
import { systemInfoReply } from '../schemas/system.ts';
import { query, type Route } from './route.ts';
import type { Installed } from './sessions.ts';

export interface SystemServices {
  readonly database: Database;
  readonly installed: Installed;
  readonly channels: ChannelService;
  readonly integrations: IntegrationService;
  readonly members: MemberService;
  readonly webhooks: WebhookService;
}

/** The installation itself, for administrators. */
export function systemRoutes(services: SystemServices): Route[] {
  const { database, installed } = services;
  return [
    query(
      '/system/info',
      'Shows the version, the database, the nodes, the settings and how much there is.',
      'admin',
      { request: nothing, reply: systemInfoReply },
      async () => {
        const { bytes, nodes, waiting } = await readSystem(database);
        const reasons = await installed.notReady();
        return {
          version: installed.version,
          database: { kind: database.kind, bytes },
          nodes: nodes.map((node) => ({
            node_id: node.nodeId,
            started_at: node.startedAt,
            heartbeat_at: node.heartbeatAt,
            shards: node.shards,
          })),
          ready: reasons.length === 0,
          reasons: [...reasons],
          settings: { ...installed.settings },
          history_days: installed.historyDays,
          counts: { ...(await countsOf(services)), waiting },
        };
      },
    ),
  ];
}

async function countsOf({ channels, integrations, members, webhooks }: SystemServices) {
  const people = await members.people();
  return {
    channels: (await channels.directory()).list.length,
    integrations: (await integrations.directory()).list.length,
    webhooks: (await webhooks.directory()).list.length,
    members: people.members.length,
    teams: people.teams.length,
  };
}
