import type { z } from 'zod';
import type { CustomActionService } from '../../incidents/custom-action.ts';
import type { IncidentService } from '../../incidents/incident-service.ts';
import type { Edit } from '../../incidents/transitions.ts';
import { command, commandWithReply, query, type Route } from './route.ts';
import { incidentIdList } from '../schemas/incident.ts';
import * as shape from '../schemas/incident-edit.ts';

export interface IncidentEditServices {
  readonly incidents: IncidentService;
  readonly customActions: CustomActionService;
}

/** Edits and merges of incidents (contract 6.2). */
export function incidentEditRoutes(services: IncidentEditServices): Route[] {
  return [...resets(services.incidents), ...others(services)];
}

function resets(incidents: IncidentService): Route[] {
  const reset = (path: Route['path'], summary: string, request: z.ZodType<ResetInput>) =>
    command(path, summary, 'responder', request, (input, call) =>
      incidents.reset(input.incident_id, editOf(input), call.person),
    );
  const one = Object.entries(shape.resetOne).map(([name, request]) =>
    reset(`/incident/${name}/reset`, `Changes the ${name} of an incident.`, request),
  );
  return [
    reset('/incident/reset', 'Changes the given fields of an incident, with an event for each.', shape.resetIncident),
    ...one,
  ];
}

function others({ incidents, customActions }: IncidentEditServices): Route[] {
  return [
    command(
      '/incident/field/reset',
      'Sets a custom field of an incident, or takes its value away.',
      'responder',
      shape.resetField,
      (input, call) =>
        incidents.resetField(input.incident_id, input.field_name, valueOf(input.field_value), call.person),
    ),
    command(
      '/incident/merge',
      'Moves what other incidents hold into one, and closes or removes them.',
      'responder',
      shape.mergeIncidents,
      async (input, call) => {
        const { title, comment, owner_id: ownerId, remove_source_incidents: removeSources } = input;
        const [sourceIds, targetId] = [input.source_incident_ids, input.target_incident_id];
        await incidents.merge({ sourceIds, targetId, title, comment, ownerId, removeSources }, call.person);
      },
    ),
    command('/incident/remove', 'Takes incidents away for good, with their alerts.', 'admin', incidentIdList, (input) =>
      incidents.remove(input.incident_ids),
    ),
    query(
      '/incident/custom-action/list',
      'The custom actions that may be run on an incident.',
      'responder',
      { request: shape.customActionsOf, reply: shape.customActionList },
      async (input) => {
        const found = await customActions.listFor(input.incident_id);
        return { items: found.map((one) => ({ integration_id: one.webhookId, name: one.name })) };
      },
    ),
    commandWithReply(
      '/incident/custom-action/do',
      'Calls a custom action on an incident, and waits for the receiver.',
      'responder',
      { request: shape.doCustomAction, reply: shape.doneCustomAction },
      async (input, call) => ({
        message: await customActions.run(input.incident_id, input.integration_id, call.person),
      }),
    ),
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

/** Some clients wrap a value in an object: `{"value": v}`. */
function valueOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const names = Object.keys(value);
  return names.length === 1 && names[0] === 'value' ? (value as { value: unknown }).value : value;
}
