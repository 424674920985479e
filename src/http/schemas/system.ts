import { z } from 'zod';

export const systemInfoReply = z.object({
  version: z.string(),
  database: z.object({ kind: z.enum(['sqlite', 'postgres']), bytes: z.int() }),
  nodes: z
    .array(
      z.object({
        node_id: z.string(),
        started_at: z.int().describe("Unix milliseconds, by the database's clock."),
        heartbeat_at: z.int().describe("Unix milliseconds, by the database's clock."),
        shards: z.int().describe('Of 64.'),
      }),
    )
    .describe('Empty where one node owns the database.'),
  ready: z.boolean(),
  reasons: z.array(z.string()).describe('Why it is not ready.'),
  settings: z.record(z.string(), z.string()).describe('As they are in effect, secrets hidden.'),
  history_days: z.int(),
  counts: z.object({
    channels: z.int(),
    integrations: z.int(),
    webhooks: z.int(),
    members: z.int(),
    teams: z.int(),
    waiting: z.int().describe('Deliveries that wait, exact below 10,000.'),
  }),
});
