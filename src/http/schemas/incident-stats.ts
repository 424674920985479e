import { z } from 'zod';
import { incidentFilterFields, inWindowUnlessFew, isNarrow } from './incident.ts';

export const incidentStatsRequest = z
  .object(incidentFilterFields)
  .superRefine(inWindowUnlessFew)
  .meta({ anyOf: isNarrow });
const count = z.int().min(0);
export const incidentStats = z.object({
  total: count.describe('Exact below 10,000.'),
  by_progress: z.object({ Triggered: count, Processing: count, Closed: count }),
  by_severity: z.object({ Critical: count, Warning: count, Info: count }),
  by_channel: z.array(z.object({ channel_id: z.int().describe('0 = of no channel.'), count })),
});
