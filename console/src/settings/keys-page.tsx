import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Path, Reply } from '../api/operations.ts';
import { useRead, useWrite } from '../api/query.ts';
import { Button } from '../parts/button.tsx';
import { stampOf } from '../parts/clock.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { Snippet } from '../parts/snippet.tsx';
import { Failed, Loading, Refused, withoutFaults } from '../parts/states.tsx';
import { SettingsFrame } from './settings-frame.tsx';
import './settings-page.css';

type Key = Reply<'/person/app-key/list'>['items'][number];

const changes: readonly Path[] = ['/person/app-key/list'];
const nameMaxChars = 59;

/** One's own keys for the API. */
export function KeysPage(): ReactNode {
  const t = useTranslations('settings');
  const keys = useRead('/person/app-key/list', {}, { poll: true });
  return (
    <SettingsFrame>
      <div className="settings">
        <section className="panel panel-part" aria-labelledby="settings-keys">
          <h2 id="settings-keys">{t('part.keys')}</h2>
          <p className="muted">{t('keysWhy')}</p>
          {keys.error === null ? null : <Failed error={keys.error} onRetry={() => void keys.refetch()} />}
          {keys.isPending ? <Loading rows={2} /> : null}
          {keys.data?.items.length === 0 ? <p className="muted">{t('noKeys')}</p> : null}
          <ul className="session-list">
            {(keys.data?.items ?? []).map((key) => (
              <KeyLine key={key.key_id} appKey={key} />
            ))}
          </ul>
          <NewKey />
        </section>
      </div>
    </SettingsFrame>
  );
}

function KeyLine({ appKey }: { readonly appKey: Key }): ReactNode {
  const t = useTranslations('settings');
  const [deleting, setDeleting] = useState(false);
  const enable = useWrite('/person/app-key/enable', { changes });
  const disable = useWrite('/person/app-key/disable', { changes });
  const remove = useWrite('/person/app-key/delete', { changes });
  const ref = { key_id: appKey.key_id };
  const turn = appKey.is_enabled ? disable : enable;
  return (
    <li className="session">
      <div className="session-what">
        <p>
          {appKey.key_name} <span className="mono muted">…{appKey.key_hint}</span>
        </p>
        <p className="muted">
          {appKey.is_enabled ? t('keyOn') : t('keyOff')} · {t.rich('made', { when: stampOf(appKey.created_at * 1000) })}
        </p>
      </div>
      <div className="state-actions">
        <Button busy={turn.isPending} onClick={() => turn.mutate(ref)}>
          {appKey.is_enabled ? t('disableKey') : t('enableKey')}
        </Button>
        <Button look="danger" onClick={() => setDeleting(true)}>
          {t('deleteKey')}
        </Button>
      </div>
      <Refused error={enable.error ?? disable.error} />
      {deleting ? (
        <Confirm
          title={t('deleteTitle', { name: appKey.key_name })}
          verb={t('deleteKey')}
          busy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate(ref)}
          onClose={() => setDeleting(false)}
        >
          <p>{t('deleteKeyWhy')}</p>
        </Confirm>
      ) : null}
    </li>
  );
}

function NewKey(): ReactNode {
  const t = useTranslations('settings');
  const [name, setName] = useState('');
  const create = useWrite('/person/app-key/create', { changes, onDone: () => setName('') });
  const submit = (): void => {
    create.mutate({ key_name: name.trim() });
  };
  return (
    <>
      <Form error={create.error} onSubmit={submit}>
        <TextField
          label={t('keyName')}
          name="key_name"
          required
          maxLength={nameMaxChars}
          value={name}
          onChange={setName}
          hint={t('keyNameHint')}
        />
        <Refused error={withoutFaults(create.error)} />
        <div className="form-actions">
          <Button type="submit" icon="plus" busy={create.isPending}>
            {t('makeKey')}
          </Button>
        </div>
      </Form>
      {create.data === undefined ? null : (
        <Dialog
          open
          title={t('keyOnce', { name: create.data.key_name })}
          actions={
            <Button look="primary" onClick={() => create.reset()}>
              {t('keyKept')}
            </Button>
          }
        >
          <Snippet label={t('keyValue')} text={create.data.key} />
          <p>{t('keyOnceWhy')}</p>
        </Dialog>
      )}
    </>
  );
}
