import { z } from 'zod';
import {
  conditionFaults,
  conditionsMax,
  filterFaults,
  groupsMax,
  operators,
  valsMax,
  type FilterRules,
} from '../../filters/condition.ts';
import { isTimeZone, recurrenceFaults, recurrencesMax } from '../../filters/recurrence.ts';
import type { Fault } from '../../runtime/failure.ts';

/** Every key that some place knows, with the older names. */
const keyPattern =
  '^(severity|status|title|description|integration_id|data_source_id|alert_key|title_rule|dedup_key|change_key|change_status|(event|alert|incident)_severity|(event|alert|incident)_status|labels\\..+)$';

/** Contract 7.1. The two functions below say which keys and values are allowed where. */
export const condition = z
  .object({
    key: z
      .string()
      .meta({ pattern: keyPattern })
      .describe('The keys that a place knows are in contract 7.1; labels.NAME is known everywhere.'),
    oper: z.enum(operators),
    vals: z.array(z.string()).max(valsMax).meta({ minItems: 1 }),
  })
  .meta({ id: 'Condition' });

/** One flat list: all must hold. */
export function conditionsOf(rules: FilterRules) {
  return z
    .array(condition)
    .max(conditionsMax)
    .superRefine((list, context) => {
      addFaults(context, conditionFaults(list, rules, ''));
    });
}

/** Groups: one must hold, with all its conditions. */
export function filterOf(rules: FilterRules) {
  return z
    .array(z.array(condition).max(conditionsMax).meta({ minItems: 1 }))
    .min(1, 'must have a group: a rule for everything has a condition such as title IN *')
    .max(groupsMax)
    .superRefine((filter, context) => {
      addFaults(context, filterFaults(filter, rules, ''));
    });
}

/** A filter in replies. */
export const filter = z.array(z.array(condition));

const recurrence = z
  .object({
    start: z.string().default('00:00').describe('HH:MM.'),
    end: z
      .string()
      .default('23:59')
      .describe('HH:MM, not included; one that is not after the start is on the next day.'),
    repeat: z
      .array(z.int())
      .max(7)
      .default([0, 1, 2, 3, 4, 5, 6])
      .describe('The days on which it starts: 0 = Sunday to 6 = Saturday; every day when left out.'),
    cal_id: z.literal('', { error: 'calendars are not supported: leave it out' }).nullish(),
    is_off: z.literal(false, { error: 'calendars are not supported: leave it out' }).nullish(),
  })
  .meta({ id: 'Recurrence' });

export const recurrences = z
  .array(recurrence)
  .max(recurrencesMax)
  .superRefine((list, context) => {
    for (const [index, one] of list.entries()) addFaults(context, recurrenceFaults(one, `[${index}]`));
  });

export const timeZone = z.string().max(64).refine(isTimeZone, 'must be the name of a time zone, such as Asia/Shanghai');

/** A fault's field is a path such as `[0][1].vals`, relative to the schema. */
function addFaults(context: z.core.$RefinementCtx, faults: readonly Fault[]): void {
  for (const { field, message } of faults) {
    const path = [...field.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, name]) =>
      index === undefined ? (name ?? '') : Number(index),
    );
    context.addIssue({ code: 'custom', path, message });
  }
}
