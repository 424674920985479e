import type { z } from 'zod';
import { seconds } from '../../events/event.ts';
import type { Field } from '../../incidents/fields/field.ts';
import type { FieldService } from '../../incidents/fields/field-service.ts';
import type { Account } from '../../ingestion/push-context.ts';
import { invalid, type Fault } from '../../runtime/failure.ts';
import { mentions, ordered } from './in-memory-page.ts';
import { command, commandWithReply, query, type Route } from './route.ts';
import * as shape from '../schemas/field.ts';

export interface FieldServices {
  readonly account: Account;
  readonly fields: FieldService;
}

/** Custom fields of incidents (contract 6.9): everybody may read them, administrators configure them. */
export function fieldRoutes({ account, fields }: FieldServices): Route[] {
  return [
    commandWithReply(
      '/field/create',
      'Adds a custom field; incidents made from then on start with its default.',
      'admin',
      { request: shape.fieldCreateRequest, reply: shape.fieldCreateReply },
      async (input, call) => {
        const named = {
          ...changeOf(input),
          name: input.field_name,
          type: input.field_type,
          valueType: input.value_type,
        };
        const made = await fields.create(named, call.person.person_id);
        return { field_id: made.fieldId, field_name: made.name };
      },
      (sound) =>
        fields.faultsOfNew({
          ...changeOf(sound),
          name: sound.field_name,
          type: sound.field_type,
          valueType: sound.value_type,
        }),
    ),
    command(
      '/field/update',
      'Changes the given fields of a custom field; its name and type stay.',
      'admin',
      shape.fieldUpdateRequest,
      async (input, call) => {
        refuseNewKind(await fields.find(input.field_id), input);
        await fields.update(input.field_id, changeOf(input), call.person.person_id);
      },
      async (sound) => (sound.field_id === undefined ? [] : fields.faultsOf(sound.field_id, changeOf(sound))),
    ),
    command(
      '/field/delete',
      'Takes a custom field away; incidents keep the values that they have.',
      'admin',
      shape.fieldRequest,
      (input) => fields.remove(input.field_id),
    ),
    query(
      '/field/info',
      'Shows a custom field.',
      'viewer',
      { request: shape.fieldRequest, reply: shape.field },
      async (input) => fieldObject(await fields.find(input.field_id), account),
    ),
    query(
      '/field/list',
      'Lists the custom fields.',
      'viewer',
      { request: shape.fieldListRequest, reply: shape.fieldListReply },
      async (input) => {
        const found = (await fields.directory()).list.filter(
          (field) =>
            mentions(input.query, field.name, field.displayName, field.description) &&
            (input.creator_id === undefined || field.creatorId === input.creator_id),
        );
        const sorted = ordered(found, orders[input.orderby], input.asc);
        return { items: sorted.map((one) => fieldObject(one, account)) };
      },
    ),
  ];
}

const orders: Readonly<Record<z.output<typeof shape.fieldListRequest>['orderby'], (field: Field) => string | number>> =
  {
    created_at: (field) => field.createdAt,
    updated_at: (field) => field.updatedAt,
    field_name: (field) => field.name,
  };

type Update = z.output<typeof shape.fieldUpdateRequest>;

function changeOf(input: Partial<Pick<Update, 'display_name' | 'description' | 'options' | 'default_value'>>) {
  return {
    displayName: input.display_name,
    description: input.description,
    options: input.options,
    defaultValue: input.default_value,
  };
}

/** @throws Failure when the name or the type would change. */
function refuseNewKind(field: Field, input: Update): void {
  const fixed = [
    ['field_name', field.name, input.field_name],
    ['field_type', field.type, input.field_type],
    ['value_type', field.valueType, input.value_type],
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
    value_type: field.valueType,
    options: [...field.options],
    default_value: typeof defaultValue === 'object' ? [...defaultValue] : (defaultValue ?? null),
    status: 'enabled',
    creator_id: field.creatorId,
    updated_by: field.updatedBy,
    created_at: seconds(field.createdAt),
    updated_at: seconds(field.updatedAt),
  };
}
