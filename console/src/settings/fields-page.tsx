import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { CustomField, Path } from '../api/operations.ts';
import { useRead, useWrite } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { AreaField, SelectField, TextField } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { Failed, Loading, Refused, withoutFaults } from '../parts/states.tsx';
import { SettingsFrame } from './settings-frame.tsx';
import './settings-page.css';

const changes: readonly Path[] = ['/field/list'];
const types = ['text', 'single_select', 'multi_select', 'checkbox'] as const;

/** What incidents are asked for beside their own fields. */
export function FieldsPage(): ReactNode {
  const t = useTranslations('settings');
  const isAdmin = useMay('admin');
  const fields = useRead('/field/list', {}, { poll: true });
  const [open, setOpen] = useState<CustomField | 'new'>();
  return (
    <SettingsFrame>
      <div className="settings">
        <section className="panel panel-part" aria-labelledby="settings-fields">
          <h2 id="settings-fields">{t('part.fields')}</h2>
          <p className="muted">{t('fieldsWhy')}</p>
          {fields.error === null ? null : <Failed error={fields.error} onRetry={() => void fields.refetch()} />}
          {fields.isPending ? <Loading rows={2} /> : null}
          {fields.data?.items.length === 0 ? <p className="muted">{t('noFields')}</p> : null}
          <ul className="session-list">
            {(fields.data?.items ?? []).map((field) => (
              <FieldLine key={field.field_id} field={field} onEdit={() => setOpen(field)} />
            ))}
          </ul>
          {isAdmin ? (
            <div>
              <Button icon="plus" onClick={() => setOpen('new')}>
                {t('newField')}
              </Button>
            </div>
          ) : null}
        </section>
      </div>
      {open === undefined ? null : (
        <FieldDialog field={open === 'new' ? undefined : open} onClose={() => setOpen(undefined)} />
      )}
    </SettingsFrame>
  );
}

function FieldLine({ field, onEdit }: { readonly field: CustomField; readonly onEdit: () => void }): ReactNode {
  const t = useTranslations('settings');
  const isAdmin = useMay('admin');
  const [deleting, setDeleting] = useState(false);
  const remove = useWrite('/field/delete', { changes });
  return (
    <li className="session">
      <div className="session-what">
        <p>
          {field.display_name} <span className="mono muted">{field.field_name}</span>
        </p>
        <p className="muted">
          {t(`fieldType.${field.field_type}`)}
          {field.options.length === 0 ? '' : `: ${field.options.join(', ')}`}
        </p>
      </div>
      {isAdmin ? (
        <div className="state-actions">
          <Button onClick={onEdit}>{t('editField', { name: field.display_name })}</Button>
          <Button look="danger" onClick={() => setDeleting(true)}>
            {t('deleteKey')}
          </Button>
        </div>
      ) : null}
      {deleting ? (
        <Confirm
          title={t('deleteTitle', { name: field.display_name })}
          verb={t('deleteKey')}
          busy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate({ field_id: field.field_id })}
          onClose={() => setDeleting(false)}
        >
          <p>{t('deleteFieldWhy')}</p>
        </Confirm>
      ) : null}
    </li>
  );
}

interface FieldDialogProps {
  readonly field: CustomField | undefined;
  readonly onClose: () => void;
}

function FieldDialog({ field, onClose }: FieldDialogProps): ReactNode {
  const t = useTranslations('settings');
  const s = useTranslations('states');
  const [name, setName] = useState(field?.field_name ?? '');
  const [shown, setShown] = useState(field?.display_name ?? '');
  const [type, setType] = useState<(typeof types)[number]>(field?.field_type ?? 'text');
  const [options, setOptions] = useState((field?.options ?? []).join('\n'));
  const create = useWrite('/field/create', { changes, onDone: onClose });
  const update = useWrite('/field/update', { changes, onDone: onClose });
  const error = create.error ?? update.error;
  const selects = type === 'single_select' || type === 'multi_select';
  const submit = (): void => {
    const lines = options
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
    const settings = { display_name: shown.trim(), ...(selects ? { options: lines } : {}) };
    if (field === undefined) create.mutate({ field_name: name.trim(), field_type: type, ...settings });
    else update.mutate({ field_id: field.field_id, ...settings });
  };
  return (
    <Dialog open title={field === undefined ? t('newField') : field.display_name} onClose={onClose}>
      <Form error={error} onSubmit={submit}>
        <TextField label={t('fieldShown')} name="display_name" required value={shown} onChange={setShown} />
        <TextField
          label={t('fieldName')}
          name="field_name"
          required
          disabled={field !== undefined}
          value={name}
          onChange={setName}
          hint={t('fieldNameHint')}
        />
        <SelectField
          label={t('fieldTypeLabel')}
          name="field_type"
          value={type}
          disabled={field !== undefined}
          onChange={setType}
          choices={types.map((value) => ({ value, label: t(`fieldType.${value}`) }))}
        />
        {selects ? (
          <AreaField
            label={t('options')}
            name="options"
            value={options}
            onChange={setOptions}
            hint={t('optionsHint')}
          />
        ) : null}
        <Refused error={withoutFaults(error)} />
        <div className="form-actions form-actions-end">
          <Button onClick={onClose}>{s('cancel')}</Button>
          <Button type="submit" look="primary" busy={create.isPending || update.isPending}>
            {s('save')}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
