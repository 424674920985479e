import { z } from 'zod';
import { numberId } from './fields.ts';
import { incident } from './incident.ts';
import { objectId, severity } from './scalars.ts';

/** Ids per call (contract 6.2). */
const idsMax = 100;

const title = z.string().trim().min(3).max(200);
const longText = z.string().min(3).max(6144);

const edits = {
  title,
  description: longText,
  impact: longText,
  root_cause: longText,
  resolution: longText,
  incident_severity: severity,
};
const names = Object.keys(edits);

/** Changes the fields that are sent, with an event for each that differs. */
export const resetIncident = z
  .object({ incident_id: objectId, ...z.object(edits).partial().shape })
  .refine((input) => names.some((name) => input[name as keyof typeof input] !== undefined), {
    error: `at least one of ${names.join(', ')} is required`,
  })
  .meta({ anyOf: names.map((name) => ({ required: [name] })) });

/** The forms with one field each (contract 6.2). */
export const resetOne = {
  title: z.object({ incident_id: objectId, title }),
  description: z.object({ incident_id: objectId, description: longText }),
  impact: z.object({ incident_id: objectId, impact: longText }),
  'root-cause': z.object({ incident_id: objectId, root_cause: longText }),
  resolution: z.object({ incident_id: objectId, resolution: longText }),
  severity: z.object({ incident_id: objectId, incident_severity: severity }),
};

export const resetField = z.object({
  incident_id: objectId,
  field_name: z.string().min(1).max(40),
  field_value: z.unknown().optional().describe('As the type of the field wants it; absent or null takes it away.'),
});

export const mergeIncidents = z.object({
  source_incident_ids: z
    .array(objectId)
    .min(1)
    .max(idsMax)
    .describe('The target is dropped from them; another one must be left.'),
  target_incident_id: objectId,
  title: z.string().trim().max(512).default('').describe('Of the target from then on; empty = as it was.'),
  comment: z.string().trim().max(1024).default(''),
  owner_id: z.int().min(0).default(0).describe('Of the target from then on; 0 = as it was.'),
  remove_source_incidents: z.boolean().default(false).describe('Takes the sources away instead of closing them.'),
});

export const doCustomAction = z.object({ incident_id: objectId, integration_id: numberId });
export const customActionsOf = z.object({ incident_id: objectId });
export const customActionList = z.object({
  items: z.array(z.object({ integration_id: numberId, name: z.string() })),
});
export const doneCustomAction = z.object({
  message: z.string().describe('Why the call failed; empty when the receiver took it.'),
});

export const pastIncidents = z.object({ incident_id: objectId, limit: z.int().min(0).max(100).default(5) });
export const pastIncidentList = z.object({
  items: z.array(incident.extend({ score: z.number().min(0).max(1).describe('1 = the same title and labels.') })),
});
