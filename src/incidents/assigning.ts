import type { ChannelDirectory } from '../channels/channel.ts';
import type { Transaction } from '../database/database.ts';
import type { Person } from '../events/event.ts';
import { invalid, notFound } from '../runtime/failure.ts';
import type { Ids } from '../runtime/ids.ts';
import type { ChangeSet } from './change-set.ts';
import type { Escalations, Turn } from './escalation.ts';
import type { Assignment, Incident } from './incident.ts';
import { assignmentPayload } from './payload.ts';
import { assign, escalate, type NewAssignment } from './responding.ts';
import { timersAtOpening } from './timers.ts';

export interface AssigningParts {
  readonly ids: Ids;
  readonly channels: { in(tx: Transaction): Promise<ChannelDirectory> };
  readonly escalations: { in(tx: Transaction): Promise<Escalations> };
}

/** Whom a person gives an incident to: people, addresses, a layer of a rule, or all of these together (contract 6.2). */
export interface Assignees {
  /** `undefined` = by what is there: a first assignment or another one. */
  readonly type?: 'assign' | 'reassign' | 'escalate' | undefined;
  readonly personIds?: readonly number[] | undefined;
  readonly emails?: readonly string[] | undefined;
  readonly escalateRuleId?: string | undefined;
  readonly layerIdx?: number | undefined;
}

/**
 * What follows an i_new: the time until the incident closes by itself begins, and it is given to whom `assignees` names
 * or, when nobody did, to whom the rules of its channel say, with an i_assign of its own.
 */
export async function afterOpening(
  parts: AssigningParts,
  set: ChangeSet,
  incidentId: string,
  by?: { readonly person: Person; readonly assignees: Assignees | undefined },
): Promise<void> {
  const incident = set.incident(incidentId);
  if (incident === undefined) return;
  const channel = (await parts.channels.in(set.tx)).find(incident.channelId);
  const timers = timersAtOpening(channel?.settings, set.now);
  if (timers.resolveAt !== 0) set.putIncident({ ...incident, timers });
  if (by?.assignees === undefined) return assignByRule(parts, set, incidentId);
  const wanted = await namedTurn(parts, set, incident, by.assignees);
  if (wanted.to.length === 0) return;
  give(set, incidentId, assign, { id: parts.ids.short(), type: 'assign', ...wanted }, by.person);
}

/** Gives an incident to the first layer of the first rule that takes it, if there is one. */
export async function assignByRule(parts: AssigningParts, set: ChangeSet, incidentId: string): Promise<void> {
  const incident = set.incident(incidentId);
  if (incident === undefined || incident.channelId === 0) return;
  const turn = (await parts.escalations.in(set.tx)).first(incident, set.now);
  if (turn !== undefined) give(set, incidentId, assign, byTurn(parts, 'assign', turn));
}

/** A person gives the incident to others. @throws Failure when there is nobody to give it to. */
export async function assignByHand(
  parts: AssigningParts,
  set: ChangeSet,
  incident: Incident,
  assignees: Assignees,
  person: Person,
): Promise<void> {
  if (incident.progress === 'Closed') return;
  const wanted = await namedTurn(parts, set, incident, assignees);
  if (wanted.to.length === 0) {
    throw invalid([{ field: 'assigned_to', message: 'names nobody who is a member: name people, or another layer' }]);
  }
  const type = assignees.type ?? 'assign';
  const step = type === 'escalate' ? escalate : assign;
  give(set, incident.incidentId, step, { id: parts.ids.short(), type, ...wanted }, person);
}

/** The rule's next layer has its turn; `false` when there is none, and nothing follows by itself any more. */
export async function escalateByRule(parts: AssigningParts, set: ChangeSet, incident: Incident): Promise<boolean> {
  const turn = (await parts.escalations.in(set.tx)).next(incident);
  if (turn === undefined) return false;
  give(set, incident.incidentId, escalate, byTurn(parts, 'escalate', turn));
  return true;
}

/** It is given again to those who have it, in the layer that it is in. */
export function assignAgain(
  parts: Pick<AssigningParts, 'ids'>,
  set: ChangeSet,
  incident: Incident,
  type: 'assign' | 'reopen',
  person?: Person,
): void {
  const before = incident.assignedTo;
  const to = incident.responders.map((one) => one.personId);
  const again: NewAssignment = {
    id: parts.ids.short(),
    type,
    to,
    escalateRuleId: before?.escalateRuleId ?? '',
    escalateRuleName: before?.escalateRuleName ?? '',
    layerIdx: before?.layerIdx ?? 0,
    escalation: before?.escalation,
    personIds: before === undefined || before.escalateRuleId === '' ? to : before.personIds,
  };
  give(set, incident.incidentId, assign, again, person);
}

function byTurn(parts: AssigningParts, type: Assignment['type'], turn: Turn): NewAssignment {
  return { id: parts.ids.short(), type, personIds: [], ...turn };
}

function give(
  set: ChangeSet,
  incidentId: string,
  step: typeof assign,
  assignment: NewAssignment,
  person?: Person,
): void {
  const incident = set.incident(incidentId);
  if (incident === undefined) return;
  const after = step(incident, assignment, set.now);
  if (after === incident) return;
  set.putIncident(after);
  const detail = { assigned_to: assignmentPayload(after.assignedTo), to: [...new Set(assignment.to)] };
  set.incidentEvent('i_assign', incidentId, { person, detail });
}

type Named = Turn & Pick<Assignment, 'personIds'>;

/** @throws Failure when there is no such rule or layer. */
async function namedTurn(
  parts: AssigningParts,
  set: ChangeSet,
  incident: Incident,
  assignees: Assignees,
): Promise<Named> {
  const escalations = await parts.escalations.in(set.tx);
  const personIds = [...new Set([...(assignees.personIds ?? []), ...escalations.membersAt(assignees.emails ?? [])])];
  const turn = turnOf(escalations, incident, assignees);
  if (turn === undefined) return { escalateRuleId: '', escalateRuleName: '', layerIdx: 0, personIds, to: personIds };
  return { ...turn, personIds, to: [...new Set([...turn.to, ...personIds])] };
}

/** The layer that is meant. Escalating without naming one means the layer after the one that the incident is in. */
function turnOf(escalations: Escalations, incident: Incident, assignees: Assignees): Turn | undefined {
  const escalates = assignees.type === 'escalate';
  const current = incident.assignedTo?.escalateRuleId ?? '';
  const ruleId = assignees.escalateRuleId ?? (escalates ? current : '');
  if (ruleId === '') {
    if (!escalates) return undefined;
    const message = `incident ${incident.incidentId} was not assigned by a rule: name one, or assign it to people`;
    throw invalid([{ field: 'assigned_to.escalate_rule_id', message }]);
  }
  const rule = escalations.rules.find(ruleId);
  if (rule === undefined) throw notFound('escalation rule', ruleId);
  const following = escalates && ruleId === current ? (incident.assignedTo?.layerIdx ?? 0) + 1 : 0;
  const layerIdx = assignees.layerIdx ?? following;
  if (layerIdx >= rule.settings.layers.length) {
    const message = `the rule ${JSON.stringify(rule.name)} has no layer ${layerIdx}: its last is ${rule.settings.layers.length - 1}`;
    throw invalid([{ field: 'assigned_to.layer_idx', message }]);
  }
  const turn = escalations.turn(rule, layerIdx, incident);
  return turn ?? { escalateRuleId: rule.ruleId, escalateRuleName: rule.name, layerIdx, to: [] };
}
