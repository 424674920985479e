import type { z } from 'zod';
import { seconds } from '../../events/event.ts';
import { valueTypeOf, type Field } from '../../incidents/field.ts';
import type { Fields } from '../../incidents/fields.ts';
import type { Account } from '../../ingestion/directories.ts';
import { invalid, type Fault } from '../../runtime/failure.ts';
import { route, type Route } from '../route.ts';
import * as shape from '../shapes/field.ts';
import { nothing } from '../shapes/scalars.ts';

export interface FieldServices {
  readonly account: Account;
  readonly fields: Fields;
}

/** The custom fields of incidents (contract 6.9): everybody reads them, administrators configure them. */
export function fieldRoutes({ account, fields }: FieldServices): Route[] {
  return [
    route({
      path: '/field/create',
      summary: 'Adds a custom field; incidents made from then on start with its default.',
      role: 'admin',
      writes: true,
      request: shape.fieldCreateRequest,
      reply: shape.fieldCreateReply,
      handle: async (input, call) => {
        const named = { ...changeOf(input), name: input.field_name, type: input.field_type };
        const made = await fields.create(named, call.person.person_id);
        return { field_id: made.fieldId, field_name: made.name };
      },
    }),
    route({
      path: '/field/update',
      summary: 'Changes what is sent of a custom field; its name and type stay.',
      role: 'admin',
      writes: true,
      request: shape.fieldUpdateRequest,
      reply: nothing,
      handle: async (input, call) => {
        refuseNewKind(await fields.find(input.field_id), input);
        await fields.update(input.field_id, changeOf(input), call.person.person_id);
        return {};
      },
    }),
    route({
      path: '/field/delete',
      summary: 'Takes a custom field away; incidents keep the values that they have.',
      role: 'admin',
      writes: true,
      request: shape.fieldRequest,
      reply: nothing,
      handle: async (input) => {
        await fields.remove(input.field_id);
        return {};
      },
    }),
    route({
      path: '/field/info',
      summary: 'Shows a custom field.',
      role: 'viewer',
      writes: false,
      request: shape.fieldRequest,
      reply: shape.field,
      handle: async (input) => fieldObject(await fields.find(input.field_id), account),
    }),
    route({
      path: '/field/list',
      summary: 'Lists the custom fields, the oldest first.',
      role: 'viewer',
      writes: false,
      request: shape.fieldListRequest,
      reply: shape.fieldListReply,
      handle: async () => ({ items: (await fields.directory()).list.map((one) => fieldObject(one, account)) }),
    }),
  ];
}

type Update = z.output<typeof shape.fieldUpdateRequest>;

function changeOf(input: Pick<Update, 'display_name' | 'description' | 'options' | 'default_value'>) {
  return {
    displayName: input.display_name,
    description: input.description,
    options: input.options,
    defaultValue: input.default_value,
  };
}

/** @throws Failure */
function refuseNewKind(field: Field, input: Update): void {
  const fixed = [
    ['field_name', field.name, input.field_name],
    ['field_type', field.type, input.field_type],
    ['value_type', valueTypeOf(field.type), input.value_type],
  ] as const;
  const faults = fixed.flatMap(([name, is, wanted]): Fault[] =>
    wanted === undefined || wanted === is
      ? []
      : [{ field: name, message: `is ${JSON.stringify(is)} for good: delete the field and make another` }],
  );
  if (faults.length > 0) throw invalid(faults);
}

function fieldObject(field: Field, account: Account): z.input<typeof shape.field> {
  const { defaultValue } = field;
  return {
    field_id: field.fieldId,
    account_id: account.accountId,
    field_name: field.name,
    display_name: field.displayName,
    description: field.description,
    field_type: field.type,
    value_type: valueTypeOf(field.type),
    options: [...field.options],
    default_value: typeof defaultValue === 'object' ? [...defaultValue] : (defaultValue ?? null),
    status: 'enabled',
    creator_id: field.creatorId,
    updated_by: field.updatedBy,
    created_at: seconds(field.createdAt),
    updated_at: seconds(field.updatedAt),
  };
}
