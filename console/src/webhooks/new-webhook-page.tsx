import { Link, useNavigate } from '@tanstack/react-router';
import { useRef, useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useRead, useWrite } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import type { WebhookType } from '../api/operations.ts';
import { Button } from '../parts/button.tsx';
import { FaultsOf, focusFirstFault } from '../parts/field.tsx';
import { Icon } from '../parts/icons.tsx';
import { Page } from '../parts/page.tsx';
import { choice, numberOrNone } from '../parts/search-params.ts';
import { Failed, Loading, NotAllowed, Refused, withoutFaults } from '../parts/states.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { copyOf, createRequest, emptyDraft, type Draft } from './draft.ts';
import { mayBeSent } from './draft-checks.ts';
import { Editor } from './editor.tsx';
import { Foresight } from './foresight.tsx';
import { LeaveGuard } from './leave-guard.tsx';
import { SecretDialog } from './secret-dialog.tsx';
import { webhookReads } from './switches.tsx';
import { useStandingFaults } from './standing-faults.ts';
import { TestPanel } from './test-push.tsx';
import { useTestPush } from './use-test-push.ts';
import { webhookKinds } from './webhook-filters.ts';

type Room = 'webhook' | 'action';

export function NewWebhookPage(): ReactNode {
  return <NewWebhook room="webhook" />;
}

export function NewActionPage(): ReactNode {
  return <NewWebhook room="action" />;
}

const params = { kind: choice(webhookKinds), copy: numberOrNone };

function NewWebhook({ room }: { readonly room: Room }): ReactNode {
  const t = useTranslations('webhooks');
  const mayEdit = useMay('admin');
  const { values } = useFilters(params);
  const source = useRead('/webhook/info', { integration_id: values.copy }, { enabled: values.copy !== 0 && mayEdit });
  const type: WebhookType = room === 'action' ? 'custom_action' : values.kind === '' ? 'incident' : values.kind;
  if (!mayEdit || (values.copy !== 0 && source.data === undefined)) {
    return (
      <Page title={t(`newTitle.${type}`)} back={<Back room={room} />}>
        {mayEdit ? null : <NotAllowed needed="admin" />}
        {source.error === null ? null : <Failed error={source.error} onRetry={() => void source.refetch()} />}
        {source.isLoading ? <Loading /> : null}
      </Page>
    );
  }
  return <NewEditor room={room} first={source.data === undefined ? emptyDraft(type) : copyOf(source.data)} />;
}

function Back({ room }: { readonly room: Room }): ReactNode {
  const t = useTranslations('webhooks');
  return (
    <Link to={`/integration-center/${room}`}>
      <Icon name="left" />
      {room === 'action' ? t('backActions') : t('back')}
    </Link>
  );
}

function NewEditor({ room, first }: { readonly room: Room; readonly first: Draft }): ReactNode {
  const t = useTranslations('webhooks');
  const navigate = useNavigate();
  const [draft, setDraft] = useState(first);
  const [tried, setTried] = useState(false);
  const form = useRef<HTMLDivElement>(null);
  const test = useTestPush();
  const create = useWrite('/webhook/create', { changes: webhookReads });
  const change = (some: Partial<Draft>): void => setDraft((before) => ({ ...before, ...some }));
  const submit = (): void => {
    setTried(true);
    if (mayBeSent(draft)) create.mutate(createRequest(draft), { onError: () => focusFirstFault(form.current) });
    else focusFirstFault(form.current);
  };
  const sendTest = (): void => {
    if (draft.endpoint.trim() !== '') return test.send(draft);
    setTried(true);
    return focusFirstFault(form.current);
  };
  const made = create.data;
  const error = create.error ?? test.error;
  const faults = useStandingFaults(error, draft);
  return (
    <Page
      title={t(`newTitle.${draft.type}`)}
      back={<Back room={room} />}
      actions={
        <>
          <Button icon="send" busy={test.pending} onClick={sendTest}>
            {t('testPush')}
          </Button>
          <Button look="primary" busy={create.isPending} disabled={made !== undefined} onClick={submit}>
            {room === 'action' ? t('createAction') : t('create')}
          </Button>
        </>
      }
    >
      <Refused error={withoutFaults(error)} />
      <div className="editor-page">
        <div ref={form}>
          <FaultsOf faults={faults}>
            <Editor
              draft={draft}
              onChange={change}
              tried={tried}
              disabled={false}
              onKind={(type) => change({ type, allTypes: true, eventTypes: [] })}
            />
          </FaultsOf>
        </div>
        <div className="editor-side">
          <TestPanel
            type={draft.type}
            eventType={test.eventType}
            onEventType={test.setEventType}
            object={test.object}
            onObject={test.setObject}
            report={test.report}
            pending={test.pending}
          />
          {made === undefined ? <Foresight draft={draft} choice={test} said={faults} /> : null}
        </div>
      </div>
      <LeaveGuard dirty={made === undefined && draft !== first} />
      {made === undefined ? null : (
        <SecretDialog
          name={draft.name.trim()}
          secret={made.secret}
          onClose={() =>
            void navigate({ to: `/integration-center/${room}/${made.integration_id}`, search: { tab: 'settings' } })
          }
        />
      )}
    </Page>
  );
}
