import type { Query, Transaction } from '../../database/database.ts';
import type { CustomFieldRow } from '../../database/tables.ts';
import { FieldDirectory, type Field, type FieldType, type FieldValue, type ValueType } from './field.ts';

/** Custom fields as rows. Deleting one deletes its row; incidents keep their values. */
export class FieldStore {
  /** The oldest first. */
  async all(query: Query): Promise<Field[]> {
    const rows = await query.selectFrom('custom_field').selectAll().orderBy('created_at').orderBy('field_id').execute();
    return rows.map(fieldOf);
  }

  async insert(tx: Transaction, field: Field): Promise<void> {
    await tx.insertMany('custom_field', [rowOf(field)]);
  }

  async save(tx: Transaction, field: Field): Promise<void> {
    const { field_id, ...set } = rowOf(field);
    await tx.query.updateTable('custom_field').set(set).where('field_id', '=', field_id).execute();
  }

  async remove(tx: Transaction, fieldId: string): Promise<void> {
    await tx.query.deleteFrom('custom_field').where('field_id', '=', fieldId).execute();
  }
}

/** Reads every field, for a cache. */
export async function loadFields(query: Query): Promise<FieldDirectory> {
  return new FieldDirectory(await new FieldStore().all(query));
}

function fieldOf(row: CustomFieldRow): Field {
  return {
    fieldId: row.field_id,
    name: row.field_name,
    displayName: row.display_name,
    description: row.description,
    type: row.field_type as FieldType,
    valueType: row.value_type as ValueType,
    options: JSON.parse(row.options_json) as string[],
    defaultValue: (JSON.parse(row.default_json) as FieldValue | null) ?? undefined,
    creatorId: row.creator_id,
    updatedBy: row.updated_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function rowOf(field: Field): CustomFieldRow {
  return {
    field_id: field.fieldId,
    field_name: field.name,
    display_name: field.displayName,
    description: field.description,
    field_type: field.type,
    value_type: field.valueType,
    options_json: JSON.stringify(field.options),
    default_json: JSON.stringify(field.defaultValue ?? null),
    creator_id: field.creatorId,
    updated_by: field.updatedBy,
    created_at: field.createdAt,
    updated_at: field.updatedAt,
  };
}
