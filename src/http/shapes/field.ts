import { z } from 'zod';
import { fieldNamePattern, fieldTypes, optionMaxChars, optionsMax } from '../../incidents/field.ts';
import { description } from './fields.ts';
import { objectId, seconds } from './scalars.ts';

export const displayNameMaxChars = 60;

const fieldType = z.enum(fieldTypes);
const valueType = z.enum(['string', 'bool']);
const value = z.union([z.string(), z.boolean(), z.array(z.string())]);

const settings = {
  display_name: z.string().trim().min(1).max(displayNameMaxChars).optional().describe('The name when left out.'),
  description: description.optional(),
  options: z
    .array(z.string().trim().min(1).max(optionMaxChars))
    .max(optionsMax)
    .optional()
    .describe('What can be selected.'),
  default_value: value.nullish().describe('What new incidents start with; null = nothing.'),
  value_type: valueType.optional().describe('Follows from the type: bool for a checkbox, else string.'),
};

export const fieldCreateRequest = z
  .object({
    field_name: z
      .string()
      .regex(fieldNamePattern, 'must have letters, digits and _, 40 at most, and begin with no digit'),
    field_type: fieldType,
    ...settings,
  })
  .superRefine(valueTypeFits);
export const fieldCreateReply = z.object({ field_id: objectId, field_name: z.string() });

/** Name and type may be repeated, but not changed. */
export const fieldUpdateRequest = z
  .object({
    field_id: objectId,
    field_name: z.string().optional(),
    field_type: fieldType.optional(),
    ...settings,
  })
  .superRefine(valueTypeFits);

export const fieldRequest = z.object({ field_id: objectId });

export const field = z
  .object({
    field_id: objectId,
    account_id: z.int(),
    field_name: z.string(),
    display_name: z.string(),
    description: z.string(),
    field_type: fieldType,
    value_type: valueType,
    options: z.array(z.string()),
    default_value: value.nullable(),
    status: z.enum(['enabled']),
    creator_id: z.int(),
    updated_by: z.int(),
    created_at: seconds,
    updated_at: seconds,
  })
  .meta({ id: 'CustomField' });

export const fieldListRequest = z.object({});
export const fieldListReply = z.object({ items: z.array(field) });

function valueTypeFits(
  input: { field_type?: string | undefined; value_type?: string | undefined },
  context: z.RefinementCtx,
): void {
  if (input.field_type === undefined || input.value_type === undefined) return;
  const fits = input.field_type === 'checkbox' ? 'bool' : 'string';
  if (input.value_type === fits) return;
  context.addIssue({ code: 'custom', path: ['value_type'], message: `must be "${fits}" for ${input.field_type}` });
}
