import { z } from 'zod';
import {
  fieldNamePattern,
  fieldTypes,
  optionMaxChars,
  optionsMax,
  valueTypes,
  valueTypesOf,
  type FieldType,
  type ValueType,
} from '../../incidents/fields/field.ts';
import { description } from './fields.ts';
import { objectId, seconds } from './scalars.ts';

export const displayNameMaxChars = 60;

const fieldType = z.enum(fieldTypes);
const valueType = z.enum(valueTypes);
const value = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);

const settings = {
  display_name: z.string().trim().min(1).max(displayNameMaxChars).optional().describe('The name when left out.'),
  description: description.optional(),
  options: z
    .array(z.string().trim().min(1).max(optionMaxChars))
    .max(optionsMax)
    .optional()
    .describe('What can be selected; must be left out for a text and for a checkbox.'),
  default_value: value.nullish().describe('What new incidents start with; null = nothing.'),
  value_type: valueType
    .optional()
    .describe('bool for a checkbox, string or float (a number) for a text, else string; the first when left out.'),
};

export const fieldCreateRequest = z
  .object({
    field_name: z
      .string()
      .regex(fieldNamePattern, 'must have letters, digits and _, 40 at most, and begin with no digit')
      .describe('Stands once among the fields.'),
    field_type: fieldType,
    ...settings,
  })
  .superRefine(valueTypeFits)
  .meta({ allOf: fieldTypes.map(fitting) });
export const fieldCreateReply = z.object({ field_id: objectId, field_name: z.string() });

/** Name and type may be sent, but not changed. */
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

export const fieldListRequest = z.object({
  query: z.string().trim().max(512).optional().describe('Part of the name, the shown name or the description.'),
  creator_id: z.int().min(1).optional(),
  orderby: z.enum(['created_at', 'updated_at', 'field_name']).default('created_at'),
  asc: z.boolean().default(true),
});
export const fieldListReply = z.object({ items: z.array(field) });

function valueTypeFits(
  input: { field_type?: FieldType | undefined; value_type?: ValueType | undefined },
  context: z.RefinementCtx,
): void {
  if (input.field_type === undefined || input.value_type === undefined) return;
  const allowed = valueTypesOf(input.field_type);
  if (allowed.includes(input.value_type)) return;
  const message = `must be ${allowed.map((one) => `"${one}"`).join(' or ')} for ${input.field_type}`;
  context.addIssue({ code: 'custom', path: ['value_type'], message });
}

/** What a type asks of the other fields, as JSON Schema says it. */
function fitting(type: FieldType): object {
  const chooses = type === 'single_select' || type === 'multi_select';
  const defaults = {
    text: ['string', 'number'],
    checkbox: ['boolean'],
    single_select: ['string'],
    multi_select: ['array'],
  };
  return {
    if: { properties: { field_type: { const: type } } },
    // oxlint-disable-next-line unicorn/no-thenable -- a word of JSON Schema.
    then: {
      properties: {
        value_type: { enum: valueTypesOf(type) },
        options: chooses ? { minItems: 1, uniqueItems: true } : { maxItems: 0 },
        default_value: { type: [...defaults[type], 'null'] },
      },
      ...(chooses ? { required: ['options'] } : {}),
    },
  };
}
