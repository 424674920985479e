import type { z } from 'zod';
import type { IncidentActions } from '../../incidents/actions.ts';
import type { Assignees } from '../../incidents/assigning.ts';
import { route, type Route } from '../route.ts';
import * as shape from '../shapes/incident.ts';
import { nothing } from '../shapes/scalars.ts';

/** What a person does about incidents (contract 6.2). */
export function incidentOperationRoutes({ incidents }: { readonly incidents: IncidentActions }): Route[] {
  return [
    route({
      path: '/incident/create',
      summary: 'Opens an incident by hand.',
      role: 'responder',
      writes: true,
      request: shape.createIncident,
      reply: shape.createdIncident,
      handle: async (input, call) => {
        const made = await incidents.create(
          {
            title: input.title,
            description: input.description,
            severity: input.incident_severity,
            channelId: input.channel_id,
            fields: input.fields,
          },
          input.assigned_to === undefined ? undefined : assigneesOf(input.assigned_to),
          call.person,
        );
        return { incident_id: made.incidentId, title: made.title };
      },
    }),
    route({
      path: '/incident/ack',
      summary: 'Acknowledges incidents.',
      role: 'responder',
      writes: true,
      request: shape.incidentIdList,
      reply: nothing,
      handle: async (input, call) => {
        await incidents.acknowledge(input.incident_ids, call.person);
        return {};
      },
    }),
    route({
      path: '/incident/unack',
      summary: 'Takes the caller’s acknowledgement back.',
      role: 'responder',
      writes: true,
      request: shape.incidentIdList,
      reply: nothing,
      handle: async (input, call) => {
        await incidents.unacknowledge(input.incident_ids, call.person);
        return {};
      },
    }),
    route({
      path: '/incident/resolve',
      summary: 'Closes incidents, and their alerts with them.',
      role: 'responder',
      writes: true,
      request: shape.resolveIncidents,
      reply: nothing,
      handle: async (input, call) => {
        const texts = { rootCause: input.root_cause, resolution: input.resolution };
        await incidents.resolve(input.incident_ids, texts, call.person);
        return {};
      },
    }),
    route({
      path: '/incident/comment',
      summary: 'Adds a comment to the timeline of incidents.',
      role: 'responder',
      writes: true,
      request: shape.commentIncidents,
      reply: nothing,
      handle: async (input, call) => {
        await incidents.comment(input.incident_ids, input.comment, input.mute_reply, call.person);
        return {};
      },
    }),
    route({
      path: '/incident/assign',
      summary: 'Gives incidents to people.',
      role: 'responder',
      writes: true,
      request: shape.assignIncidents,
      reply: nothing,
      handle: async (input, call) => {
        const ids = input.incident_ids ?? [input.incident_id ?? ''];
        await incidents.assign(ids, assigneesOf(input.assigned_to), call.person);
        return {};
      },
    }),
    route({
      path: '/incident/responder/add',
      summary: 'Adds people to those who respond.',
      role: 'responder',
      writes: true,
      request: shape.addResponders,
      reply: nothing,
      handle: async (input, call) => {
        await incidents.addResponders(input.incident_id, input.person_ids, call.person);
        return {};
      },
    }),
    route({
      path: '/incident/snooze',
      summary: 'Quiets incidents for some minutes.',
      role: 'responder',
      writes: true,
      request: shape.snoozeIncidents,
      reply: nothing,
      handle: async (input, call) => {
        await incidents.snooze(input.incident_ids, input.minutes, call.person);
        return {};
      },
    }),
    route({
      path: '/incident/wake',
      summary: 'Ends the quiet before its time.',
      role: 'responder',
      writes: true,
      request: shape.incidentIdList,
      reply: nothing,
      handle: async (input, call) => {
        await incidents.wake(input.incident_ids, call.person);
        return {};
      },
    }),
    route({
      path: '/incident/reopen',
      summary: 'Opens closed incidents again.',
      role: 'responder',
      writes: true,
      request: shape.reopenIncidents,
      reply: nothing,
      handle: async (input, call) => {
        await incidents.reopen(input.incident_ids, input.reason, call.person);
        return {};
      },
    }),
    route({
      path: '/incident/disable-merge',
      summary: 'Lets no further alerts be grouped into them.',
      role: 'responder',
      writes: true,
      request: shape.incidentIdList,
      reply: nothing,
      handle: async (input) => {
        await incidents.disableMerge(input.incident_ids);
        return {};
      },
    }),
  ];
}

function assigneesOf(input: z.output<typeof shape.assignIncidents>['assigned_to']): Assignees {
  return {
    type: input.type,
    personIds: input.person_ids,
    emails: input.emails,
    escalateRuleId: input.escalate_rule_id,
    layerIdx: input.layer_idx,
  };
}
