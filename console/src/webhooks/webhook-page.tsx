import { useLocation, useNavigate, useParams } from '@tanstack/react-router';
import { useRef, useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { ListedWebhook, Webhook } from '../api/operations.ts';
import { useRead, useWrite } from '../api/query.ts';
import { useMay, useSession } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { DeliveryList } from '../parts/delivery-list.tsx';
import { FaultsOf, focusFirstFault } from '../parts/field.tsx';
import { BackLink } from '../parts/found.tsx';
import { Menu, type MenuItem } from '../parts/menu.tsx';
import { Page } from '../parts/page.tsx';
import { usePersonNames } from '../parts/person-names.ts';
import { choice } from '../parts/search-params.ts';
import { Empty, Failed, Loading, Notice, Refused, withoutFaults } from '../parts/states.tsx';
import { isAlike, rebasedFields } from '../parts/stored.ts';
import { Tabs } from '../parts/tabs.tsx';
import { useFilters } from '../parts/use-filters.ts';
import { useListedWebhooks } from '../parts/waits.tsx';
import { ChangeList } from './change-list.tsx';
import { changedSettings, changesOf, draftOf, type Draft } from './draft.ts';
import { mayBeSent } from './draft-checks.ts';
import { Editor } from './editor.tsx';
import { Foresight } from './foresight.tsx';
import { HealthTab } from './health-tab.tsx';
import { LeaveGuard } from './leave-guard.tsx';
import { ReplayList } from './replay-list.tsx';
import { RotateDialog, Secrets } from './rotate-dialog.tsx';
import { useSwitches, useSwitchItems, webhookReads, type Switches } from './switches.tsx';
import { useStandingFaults } from './standing-faults.ts';
import { TestPanel } from './test-push.tsx';
import { useTestPush, type TestPush } from './use-test-push.ts';
import { PausedSince, Trouble, WebhookHealth, WebhookState } from './webhook-state.tsx';

const params = { tab: choice(['history', 'health', 'settings', 'replays'], 'history') };

/** One webhook or custom action: what it did, and how it is set. */
export function WebhookPage(): ReactNode {
  const t = useTranslations('webhooks');
  const { id }: { id?: string } = useParams({ strict: false });
  const webhookId = /^[1-9]\d{0,14}$/.test(id ?? '') ? Number(id) : 0;
  const found = useRead('/webhook/info', { integration_id: webhookId }, { enabled: webhookId !== 0, poll: true });
  const webhook = found.data;
  if (webhook === undefined || webhook.status === 'deleted') {
    const missing = webhook !== undefined || webhookId === 0 || found.error?.code === 'ResourceNotFound';
    return (
      <Page title={t('title')} back={<Back />}>
        {missing ? <Empty title={t('gone')} /> : null}
        {!missing && found.error !== null ? <Failed error={found.error} onRetry={() => void found.refetch()} /> : null}
        {found.isLoading ? <Loading /> : null}
      </Page>
    );
  }
  return <OneWebhook key={webhook.integration_id} webhook={webhook} />;
}

/** What others save meanwhile is in it, and what is typed stays. */
function useStoredDraft(webhook: Webhook) {
  const stored = draftOf(webhook);
  const [state, set] = useState({ stored, base: stored, draft: stored });
  if (!isAlike(state.stored, stored)) {
    set({ stored, base: stored, draft: rebasedFields(state.base, state.draft, stored) });
  }
  return {
    base: state.base,
    draft: state.draft,
    setDraft: (draft: Draft) => set({ ...state, draft }),
    saved: () => set({ ...state, base: state.draft }),
  };
}

function Back(): ReactNode {
  const t = useTranslations('webhooks');
  const room = useRoom();
  return <BackLink to={`/integration-center/${room}`}>{room === 'action' ? t('backActions') : t('back')}</BackLink>;
}

/** The list that the page belongs to, by its address. */
function useRoom(): 'webhook' | 'action' {
  return useLocation().pathname.startsWith('/integration-center/action') ? 'action' : 'webhook';
}

function OneWebhook({ webhook }: { readonly webhook: Webhook }): ReactNode {
  const t = useTranslations();
  const navigate = useNavigate();
  const filters = useFilters(params);
  const room = useRoom();
  const listed = useListedWebhooks().find((one) => one.integration_id === webhook.integration_id);
  const health = listed?.health;
  const switches = useSwitches(() => void navigate({ to: `/integration-center/${room}` }));
  const [rotating, setRotating] = useState(false);
  const { base, draft, setDraft, saved } = useStoredDraft(webhook);
  const test = useTestPush();
  const isAdmin = useMay('admin');
  const names = usePersonNames([webhook.paused_by]);
  const { tab } = filters.values;
  const { features } = useSession();
  const sendTest = (): void => {
    filters.set({ tab: 'settings' });
    test.send(draft, { id: webhook.integration_id, draft: base });
  };
  return (
    <Page
      title={webhook.name}
      back={<Back />}
      below={
        <>
          {health === undefined ? <WebhookState status={webhook.status} /> : <WebhookHealth state={health.state} />}
          <PausedSince webhook={webhook} names={names} brief />
          <span>{t(`webhooks.kind.${webhook.type}`)}</span>
          <span className="mono">{webhook.endpoint}</span>
          {health === undefined ? null : <Trouble health={health} />}
        </>
      }
      actions={
        <Actions
          webhook={health === undefined ? webhook : { ...webhook, health }}
          switches={switches}
          test={test}
          onTest={sendTest}
          onRotate={() => setRotating(true)}
        />
      }
    >
      <Notice>{switches.notice}</Notice>
      {switches.refusal}
      <Tabs
        label={t('webhooks.tabsLabel')}
        value={tab}
        onChange={(next) => filters.set({ tab: next })}
        tabs={[
          {
            value: 'history',
            label: t('webhooks.tabs.history'),
            content: <DeliveryList webhookId={webhook.integration_id} />,
          },
          { value: 'health', label: t('webhooks.tabs.health'), content: <HealthTab webhook={webhook} /> },
          {
            value: 'settings',
            label: t('webhooks.tabs.settings'),
            content: (
              <Settings webhook={webhook} base={base} draft={draft} test={test} onDraft={setDraft} onSaved={saved} />
            ),
          },
          ...(features.replay
            ? [
                {
                  value: 'replays' as const,
                  label: t('webhooks.tabs.replays'),
                  content: <ReplayList webhookId={webhook.integration_id} />,
                },
              ]
            : []),
        ]}
      />
      <LeaveGuard dirty={isAdmin && changesOf(base, draft).length > 0} />
      {switches.dialogs}
      {rotating ? <RotateDialog webhook={webhook} onClose={() => setRotating(false)} /> : null}
    </Page>
  );
}

interface ActionsProps {
  readonly webhook: Webhook & Partial<Pick<ListedWebhook, 'health'>>;
  readonly switches: Switches;
  readonly test: TestPush;
  readonly onTest: () => void;
  readonly onRotate: () => void;
}

/** What it is time for in sight, the rest in a menu. */
function Actions({ webhook, switches, test, onTest, onRotate }: ActionsProps): ReactNode {
  const t = useTranslations('webhooks');
  const isAdmin = useMay('admin');
  const { first, more } = useSwitchItems(switches)(webhook);
  const rotate: MenuItem = { id: 'rotate', label: t('rotate'), icon: 'key', onChoose: onRotate };
  return (
    <>
      {isAdmin ? (
        <Button icon="send" busy={test.pending} onClick={onTest}>
          {t('testPush')}
        </Button>
      ) : null}
      {first.map((item) => (
        <Button key={item.id} icon={item.icon} busy={switches.busy} onClick={() => item.onChoose()}>
          {item.label}
        </Button>
      ))}
      {more.length === 0 ? null : (
        <Menu name={t('moreActions')} icon="more" iconOnly items={[...(webhook.signing ? [rotate] : []), ...more]} />
      )}
    </>
  );
}

interface SettingsProps {
  readonly webhook: Webhook;
  /** As it was when the editor was opened or last saved. */
  readonly base: Draft;
  readonly draft: Draft;
  readonly test: TestPush;
  readonly onDraft: (draft: Draft) => void;
  readonly onSaved: () => void;
}

function Settings({ webhook, base, draft, test, onDraft, onSaved }: SettingsProps): ReactNode {
  const t = useTranslations('webhooks');
  const role = useTranslations('frame.role');
  const session = useSession();
  const isAdmin = useMay('admin');
  const [tried, setTried] = useState(false);
  const form = useRef<HTMLDivElement>(null);
  const update = useWrite('/webhook/update', { changes: webhookReads });
  const changes = changesOf(base, draft);
  const save = (): void => {
    setTried(true);
    if (!mayBeSent(draft)) return focusFirstFault(form.current);
    return update.mutate(
      { integration_id: webhook.integration_id, ...changedSettings(base, draft) },
      { onSuccess: onSaved, onError: () => focusFirstFault(form.current) },
    );
  };
  const error = update.error ?? test.error;
  const faults = useStandingFaults(error, draft);
  return (
    <div className="editor-page">
      <div className="editor-main" ref={form}>
        {isAdmin ? null : <p className="warned">{t('readOnly', { role: role(session.role) })}</p>}
        <Notice>{update.isSuccess && changes.length === 0 ? t('saved') : null}</Notice>
        <Refused error={withoutFaults(error)} />
        <FaultsOf faults={faults}>
          <Editor draft={draft} onChange={(some) => onDraft({ ...draft, ...some })} tried={tried} disabled={!isAdmin} />
        </FaultsOf>
      </div>
      <div className="editor-side">
        {isAdmin ? (
          <section className="panel panel-part">
            <ChangeList changes={changes} />
            <div className="form-actions">
              <Button look="primary" busy={update.isPending} disabled={changes.length === 0} onClick={save}>
                {t('save')}
              </Button>
            </div>
          </section>
        ) : null}
        <Secret webhook={webhook} />
        {isAdmin ? (
          <>
            <TestPanel
              type={webhook.type}
              eventType={test.eventType}
              onEventType={test.setEventType}
              object={test.object}
              onObject={test.setObject}
              report={test.report}
              pending={test.pending}
            />
            <Foresight draft={draft} stored={{ id: webhook.integration_id, draft: base }} choice={test} said={faults} />
          </>
        ) : null}
      </div>
    </div>
  );
}

function Secret({ webhook }: { readonly webhook: Webhook }): ReactNode {
  const t = useTranslations('editor');
  if (!webhook.signing) return null;
  return (
    <section className="panel panel-part">
      <h2>{t('secret')}</h2>
      <Secrets webhook={webhook} />
    </section>
  );
}
