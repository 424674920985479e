import { sql } from 'kysely';
import type { Severity } from '../alerts/alert.ts';
import type { Database } from '../database/database.ts';

/** What the incidents of a channel come to. */
export interface ChannelActivity {
  /** Open incidents that began within the {@link activityDays} before now. */
  readonly triggered: number;
  readonly processing: number;
  /** Of those that are open. */
  readonly highestSeverity: Severity | undefined;
  /** When the newest incident began, Unix milliseconds; 0 = there is none. */
  readonly lastIncidentAt: number;
}

export const activityDays = 30;
const dayMs = 86_400_000;

export const noActivity: ChannelActivity = {
  triggered: 0,
  processing: 0,
  highestSeverity: undefined,
  lastIncidentAt: 0,
};

const severities: readonly Severity[] = ['Critical', 'Warning', 'Info'];

/** What the incidents of each channel come to; channels without any are left out. */
export async function readActivity(
  database: Database,
  channelIds: readonly number[],
  now: number,
): Promise<ReadonlyMap<number, ChannelActivity>> {
  if (channelIds.length === 0) return new Map();
  const open = await database.longRead
    .selectFrom('incident')
    .select(['channel_id', 'progress', 'severity', ({ fn }) => fn.countAll<number>().as('count')])
    .where(sql<boolean>`progress <> 'Closed'`)
    .where('start_time', '>=', now - activityDays * dayMs)
    .where(database.dialect.anyOf('channel_id', channelIds))
    .groupBy(['channel_id', 'progress', 'severity'])
    .execute();
  // One look into the index for each channel, instead of a walk through all incidents.
  const last = await database.longRead
    .selectFrom('channel')
    .select('channel_id')
    .select(
      sql<number>`coalesce((select max(start_time) from incident
      where incident.channel_id = channel.channel_id), 0)`.as('at'),
    )
    .where(database.dialect.anyOf('channel_id', channelIds))
    .execute();
  return new Map(
    last.map(({ channel_id: id, at }) => {
      const own = open.filter((row) => row.channel_id === id);
      const count = (progress: string) =>
        own.filter((row) => row.progress === progress).reduce((total, row) => total + row.count, 0);
      const highestSeverity = severities.find((severity) => own.some((row) => row.severity === severity));
      return [
        id,
        { triggered: count('Triggered'), processing: count('Processing'), highestSeverity, lastIncidentAt: at },
      ];
    }),
  );
}
