import type { z } from 'zod';
import type { CustomActions } from '../../incidents/custom-actions.ts';
import type { EditActions } from '../../incidents/edit-actions.ts';
import type { Edit } from '../../incidents/editing.ts';
import { route, type Route } from '../route.ts';
import { incidentIdList } from '../shapes/incident.ts';
import * as shape from '../shapes/incident-edit.ts';
import { nothing } from '../shapes/scalars.ts';

export interface IncidentEditServices {
  readonly edits: EditActions;
  readonly customActions: CustomActions;
}

/** What people write into incidents, and what they make of several (contract 6.2). */
export function incidentEditRoutes(services: IncidentEditServices): Route[] {
  return [...resets(services.edits), ...others(services)];
}

function resets(edits: EditActions): Route[] {
  const reset = (path: Route['path'], summary: string, request: z.ZodType<ResetInput>) =>
    route({
      path,
      summary,
      role: 'responder',
      writes: true,
      request,
      reply: nothing,
      handle: async (input, call) => {
        await edits.reset(input.incident_id, editOf(input), call.person);
        return {};
      },
    });
  const one = Object.entries(shape.resetOne).map(([name, request]) =>
    reset(`/incident/${name}/reset`, `Changes the ${name} of an incident.`, request),
  );
  return [
    reset('/incident/reset', 'Changes what is sent of an incident, an event for each field.', shape.resetIncident),
    ...one,
  ];
}

function others({ edits, customActions }: IncidentEditServices): Route[] {
  return [
    route({
      path: '/incident/field/reset',
      summary: 'Sets a custom field of an incident, or takes its value away.',
      role: 'responder',
      writes: true,
      request: shape.resetField,
      reply: nothing,
      handle: async (input, call) => {
        await edits.resetField(input.incident_id, input.field_name, input.field_value, call.person);
        return {};
      },
    }),
    route({
      path: '/incident/merge',
      summary: 'Moves what other incidents hold into one, and closes or removes them.',
      role: 'responder',
      writes: true,
      request: shape.mergeIncidents,
      reply: nothing,
      handle: async (input, call) => {
        const { title, comment, owner_id: ownerId, remove_source_incidents: removeSources } = input;
        const [sourceIds, targetId] = [input.source_incident_ids, input.target_incident_id];
        await edits.merge({ sourceIds, targetId, title, comment, ownerId, removeSources }, call.person);
        return {};
      },
    }),
    route({
      path: '/incident/remove',
      summary: 'Takes incidents away for good, with their alerts.',
      role: 'admin',
      writes: true,
      request: incidentIdList,
      reply: nothing,
      handle: async (input) => {
        await edits.remove(input.incident_ids);
        return {};
      },
    }),
    route({
      path: '/incident/custom-action/do',
      summary: 'Calls a custom action on an incident, and waits for the receiver.',
      role: 'responder',
      writes: true,
      request: shape.doCustomAction,
      reply: shape.doneCustomAction,
      handle: async (input, call) => ({
        message: await customActions.run(input.incident_id, input.integration_id, call.person),
      }),
    }),
  ];
}

type ResetInput = z.output<typeof shape.resetIncident>;

function editOf(input: ResetInput): Edit {
  return {
    title: input.title,
    description: input.description,
    impact: input.impact,
    rootCause: input.root_cause,
    resolution: input.resolution,
    severity: input.incident_severity,
  };
}
