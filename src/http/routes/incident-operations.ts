import type { z } from 'zod';
import type { Image } from '../../alerts/alert.ts';
import type { IncidentService, ResponseNote } from '../../incidents/incident-service.ts';
import { truncate } from '../../ingestion/formats/text.ts';
import type { Assignees } from '../../incidents/escalation/assign.ts';
import { command, commandWithReply, type Route } from './route.ts';
import * as shape from '../schemas/incident.ts';

/** What people do to incidents (contract 6.2). */
export function incidentOperationRoutes({ incidents }: { readonly incidents: IncidentService }): Route[] {
  return [
    commandWithReply(
      '/incident/create',
      'Opens an incident by hand.',
      'responder',
      { request: shape.createIncident, reply: shape.createdIncident },
      async (input, call) => {
        const made = await incidents.create(
          {
            title: input.title === '' ? titleOf(input.description, input.incident_severity) : input.title,
            description: input.description,
            severity: input.incident_severity,
            channelId: input.channel_id,
            fields: input.fields,
          },
          input.assigned_to !== undefined && shape.namesSomebody(input.assigned_to)
            ? assigneesOf({ ...input.assigned_to, type: 'assign' })
            : undefined,
          call.person,
        );
        return { incident_id: made.incidentId, title: made.title };
      },
    ),
    command('/incident/ack', 'Acknowledges incidents.', 'responder', shape.acknowledgeIncidents, (input, call) =>
      incidents.acknowledge(input.incident_ids, call.person, noteOf(input)),
    ),
    command(
      '/incident/unack',
      'Takes the caller’s acknowledgement back.',
      'responder',
      shape.incidentIdList,
      (input, call) => incidents.unacknowledge(input.incident_ids, call.person),
    ),
    command(
      '/incident/resolve',
      'Closes incidents, and their alerts with them.',
      'responder',
      shape.resolveIncidents,
      async (input, call) => {
        const { root_cause: rootCause, resolution, description } = input;
        const texts = { rootCause, resolution, description };
        await incidents.resolve(input.incident_ids, texts, call.person, noteOf(input));
      },
    ),
    command(
      '/incident/comment',
      'Adds a comment to the timeline of incidents.',
      'responder',
      shape.commentIncidents,
      (input, call) => {
        const { comment, mute_reply: muteReply, comment_type_id: typeId } = input;
        return incidents.comment(input.incident_ids, { comment, muteReply, typeId }, call.person);
      },
    ),
    command(
      '/incident/assign',
      'Gives incidents to people.',
      'responder',
      shape.assignIncidents,
      async (input, call) => {
        const ids = input.incident_ids ?? [input.incident_id ?? ''];
        await incidents.assign(ids, assigneesOf(input.assigned_to), call.person);
      },
    ),
    command(
      '/incident/responder/add',
      'Adds people to those who respond.',
      'responder',
      shape.addResponders,
      (input, call) => incidents.addResponders(input.incident_id, input.person_ids, call.person, input.notify),
    ),
    command(
      '/incident/snooze',
      'Quiets incidents for some minutes.',
      'responder',
      shape.snoozeIncidents,
      (input, call) => incidents.snooze(input.incident_ids, input.minutes, call.person),
    ),
    command('/incident/wake', 'Ends the quiet before its time.', 'responder', shape.incidentIdList, (input, call) =>
      incidents.wake(input.incident_ids, call.person),
    ),
    command('/incident/reopen', 'Opens closed incidents again.', 'responder', shape.reopenIncidents, (input, call) =>
      incidents.reopen(input.incident_ids, input.reason, call.person),
    ),
    command(
      '/incident/disable-merge',
      'Lets no further alerts be grouped into them.',
      'responder',
      shape.incidentIdList,
      (input) => incidents.disableMerge(input.incident_ids),
    ),
  ];
}

function assigneesOf(input: z.output<typeof shape.assignIncidents>['assigned_to']): Assignees {
  return {
    type: input.type,
    personIds: input.person_ids,
    emails: input.emails,
    escalateRuleId: input.escalate_rule_id,
    layerIdx: input.layer_idx,
    notify: input.notify,
  };
}

/** A title that an incident gets when nobody gave it one. */
function titleOf(description: string, severity: string): string {
  const [line = ''] = description.trim().split('\n', 1);
  return truncate(line.trim(), titleMaxChars) || `${severity} incident`;
}

const titleMaxChars = 512;

function imageOf({ src, alt, href }: z.output<typeof shape.image>): Image {
  return { src, ...(alt === undefined ? {} : { alt }), ...(href === undefined ? {} : { href }) };
}

function noteOf(input: z.output<typeof shape.acknowledgeIncidents>): ResponseNote {
  return { summary: input.summary.trim(), customFields: input.custom_fields, images: input.images.map(imageOf) };
}
