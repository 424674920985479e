import type { Person } from '../../events/event.ts';
import { invalid, notFound } from '../../runtime/failure.ts';
import type { Ids } from '../../runtime/ids.ts';
import type { UnitOfWork } from '../unit-of-work.ts';
import { Escalations, type Turn } from './rule.ts';
import type { Assignment, Incident } from '../incident.ts';
import { assignmentPayload } from '../incident-payload.ts';
import { assign, escalate, type NewAssignment } from '../transitions.ts';
import { deadlinesAtOpening } from '../deadlines.ts';

export interface AssigningParts {
  readonly ids: Ids;
}

/** The assignees of a request: people, addresses, a layer of a rule, or all together (contract 6.2). */
export interface Assignees {
  /** `undefined` = `assign` for a first assignment, else `reassign`. */
  readonly type?: 'assign' | 'reassign' | 'escalate' | 'reopen' | undefined;
  readonly personIds?: readonly number[] | undefined;
  readonly emails?: readonly string[] | undefined;
  readonly escalateRuleId?: string | undefined;
  readonly layerIdx?: number | undefined;
  /** How a client wanted people to be notified: kept in the timeline, and nothing is sent. */
  readonly notify?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * After an i_new: starts the time until automatic closing, and assigns the incident, with an i_assign, to `assignees`
 * or by the rules of its channel.
 */
export function afterOpening(
  parts: AssigningParts,
  set: UnitOfWork,
  incidentId: string,
  by?: { readonly person: Person; readonly assignees: Assignees | undefined },
): void {
  const incident = set.incident(incidentId);
  if (incident === undefined) return;
  const channel = set.config.channels.find(incident.channelId);
  const timers = deadlinesAtOpening(channel?.settings, set.now);
  if (timers.resolveAt !== 0) set.putIncident({ ...incident, timers });
  if (by?.assignees === undefined) {
    assignByRule(parts, set, incidentId);
    return;
  }
  const wanted = namedTurn(parts, set, incident, by.assignees);
  if (wanted.to.length === 0) return;
  give(set, incidentId, assign, { id: parts.ids.short(), type: 'assign', ...wanted }, by.person, by.assignees.notify);
}

/** Assigns an incident to the first layer of the first matching rule, if there is one. */
export function assignByRule(parts: AssigningParts, set: UnitOfWork, incidentId: string): void {
  const incident = set.incident(incidentId);
  if (incident === undefined || incident.channelId === 0) return;
  const turn = escalationsOf(set).first(incident, set.now);
  if (turn !== undefined) give(set, incidentId, assign, byTurn(parts, 'assign', turn));
}

/** A person assigns the incident. @throws Failure when there is no assignee. */
export function assignByHand(
  parts: AssigningParts,
  set: UnitOfWork,
  incident: Incident,
  assignees: Assignees,
  person: Person,
): void {
  if (incident.progress === 'Closed') return;
  const wanted = namedTurn(parts, set, incident, assignees);
  if (wanted.to.length === 0) {
    throw invalid([{ field: 'assigned_to', message: 'names nobody who is a member: name people, or another layer' }]);
  }
  const type = assignees.type ?? 'assign';
  const step = type === 'escalate' ? escalate : assign;
  give(set, incident.incidentId, step, { id: parts.ids.short(), type, ...wanted }, person, assignees.notify);
}

/** Assigns the rule's next layer; `false` when there is none. */
export function escalateByRule(parts: AssigningParts, set: UnitOfWork, incident: Incident): boolean {
  const turn = escalationsOf(set).next(incident);
  if (turn === undefined) return false;
  give(set, incident.incidentId, escalate, byTurn(parts, 'escalate', turn));
  return true;
}

/** Assigns it again to its responders, in its present layer. */
export function assignAgain(
  parts: Pick<AssigningParts, 'ids'>,
  set: UnitOfWork,
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

function escalationsOf({ config }: UnitOfWork): Escalations {
  return new Escalations(config.escalationRules, config.people);
}

function byTurn(parts: AssigningParts, type: Assignment['type'], turn: Turn): NewAssignment {
  return { id: parts.ids.short(), type, personIds: [], ...turn };
}

function give(
  set: UnitOfWork,
  incidentId: string,
  step: typeof assign,
  assignment: NewAssignment,
  person?: Person,
  notify?: Assignees['notify'],
): void {
  const incident = set.incident(incidentId);
  if (incident === undefined) return;
  const after = step(incident, assignment, set.now);
  if (after === incident) return;
  set.putIncident(after);
  const detail = {
    assigned_to: assignmentPayload(after.assignedTo),
    to: [...new Set(assignment.to)],
    ...notifyDetail(notify),
  };
  set.incidentEvent('i_assign', incidentId, { person, detail });
}

/** In the detail of a timeline entry; nothing when the client said nothing. */
export function notifyDetail(notify: Assignees['notify']): { notify?: Readonly<Record<string, unknown>> } {
  return notify === undefined || Object.keys(notify).length === 0 ? {} : { notify };
}

type NamedTurn = Turn & Pick<Assignment, 'personIds'>;

/** @throws Failure when there is no such rule or layer. */
function namedTurn(parts: AssigningParts, set: UnitOfWork, incident: Incident, assignees: Assignees): NamedTurn {
  const escalations = escalationsOf(set);
  const personIds = [...new Set([...(assignees.personIds ?? []), ...escalations.membersAt(assignees.emails ?? [])])];
  const turn = turnOf(escalations, incident, assignees);
  if (turn === undefined) return { escalateRuleId: '', escalateRuleName: '', layerIdx: 0, personIds, to: personIds };
  return { ...turn, personIds, to: [...new Set([...turn.to, ...personIds])] };
}

/** The layer of the request. Escalating without a layer means the one after the present. */
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
