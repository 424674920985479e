import type { Severity } from '../alerts/alert.ts';
import type { IncidentEventType } from '../events/event-types.ts';
import type { FieldValue } from './field.ts';
import type { Incident } from './incident.ts';

/*
 * What people write into an incident (contract 4.7, `reset` and `field reset`), also into a closed one: pure, and nothing
 * comes back for what is there already, so that repeating an edit makes no event.
 */

/** What is `undefined` stays as it is. */
export interface Edit {
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly impact?: string | undefined;
  readonly rootCause?: string | undefined;
  readonly resolution?: string | undefined;
  readonly severity?: Severity | undefined;
}

/** One field that changes, with its event: a call that changes several gives one for each (contract 1.3). */
export interface FieldEdit {
  readonly type: IncidentEventType;
  readonly detail: Readonly<Record<string, unknown>>;
  apply(incident: Incident, now: number): Incident;
}

export function editsOf(incident: Incident, edit: Edit): FieldEdit[] {
  return kinds.flatMap(({ key, type, follows }) => {
    const [from, to] = [incident[key], edit[key]];
    if (to === undefined || to === from) return [];
    return [
      {
        type,
        // The long texts are in the snapshot; the timeline tells only that they changed.
        detail: key === 'title' || key === 'severity' ? { from, to } : {},
        apply: (before, now) => edited(before, { [key]: to, updatedAt: now }, follows ? key : undefined),
      },
    ];
  });
}

/** Sets one custom field, or takes it away. */
export function fieldEditOf(incident: Incident, name: string, value: FieldValue | undefined): FieldEdit | undefined {
  const before = Object.hasOwn(incident.fields, name) ? incident.fields[name] : undefined;
  if (JSON.stringify(before) === JSON.stringify(value)) return undefined;
  return {
    type: 'i_r_field',
    detail: { field_name: name, to: value ?? null },
    apply: (incident, now) => {
      const others = Object.entries(incident.fields).filter(([key]) => key !== name);
      const fields = Object.fromEntries(value === undefined ? others : [...others, [name, value]]);
      return { ...incident, fields, updatedAt: now };
    },
  };
}

/** `follows`: it came from the alerts until now, and from the edit on it stays what a person made it. */
const kinds: readonly { key: keyof Edit; type: IncidentEventType; follows: boolean }[] = [
  { key: 'title', type: 'i_r_title', follows: true },
  { key: 'description', type: 'i_r_desc', follows: true },
  { key: 'impact', type: 'i_r_impact', follows: false },
  { key: 'rootCause', type: 'i_r_rc', follows: false },
  { key: 'resolution', type: 'i_r_rsltn', follows: false },
  { key: 'severity', type: 'i_r_severity', follows: true },
];

function edited(before: Incident, change: Partial<Incident>, overridden: string | undefined): Incident {
  const after = { ...before, ...change };
  // Without alerts there is nothing else that an incident could have its status from.
  const status = change.severity !== undefined && before.alertCnt === 0 ? change.severity : before.status;
  if (overridden === undefined) return { ...after, status };
  return { ...after, status, manualOverrides: [...new Set([...before.manualOverrides, overridden])] };
}
