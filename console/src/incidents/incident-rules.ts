/** What can be done to an incident as it is. Pure. */
import type { Incident } from '../api/operations.ts';

export const actionNames = [
  'ack',
  'unack',
  'snooze',
  'wake',
  'resolve',
  'reopen',
  'assign',
  'merge',
  'severity',
  'remove',
] as const;
export type ActionName = (typeof actionNames)[number];

type State = Pick<Incident, 'progress' | 'snoozed_before' | 'responders'>;

/** Whether it would change anything. `now` in Unix milliseconds. */
export function applies(action: ActionName, incident: State, personId: number, now: number): boolean {
  const isOpen = incident.progress !== 'Closed';
  switch (action) {
    case 'ack':
      return isOpen && !hasAcknowledged(incident, personId);
    case 'unack':
      return isOpen && hasAcknowledged(incident, personId);
    case 'snooze':
    case 'resolve':
    case 'assign':
      return isOpen;
    case 'wake':
      return isOpen && isSnoozed(incident, now);
    case 'reopen':
      return !isOpen;
    case 'merge':
    case 'severity':
    case 'remove':
      return true;
  }
}

export function isSnoozed({ snoozed_before }: Pick<State, 'snoozed_before'>, now: number): boolean {
  return snoozed_before * 1000 > now;
}

function hasAcknowledged({ responders }: State, personId: number): boolean {
  return responders.some((one) => one.person_id === personId && one.acknowledged_at > 0);
}

/** What the service takes when a title is changed. Those of alerts and of new incidents may be longer and shorter. */
export function titleFits(title: string): boolean {
  return title.trim().length >= textMinChars && title.length <= 200;
}

/** The same for the texts beside it. */
export function textFits(text: string): boolean {
  return text.length >= textMinChars && text.length <= 6144;
}

const textMinChars = 3;
