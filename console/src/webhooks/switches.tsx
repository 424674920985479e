import { useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Path, Webhook } from '../api/operations.ts';
import { useWrite } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import type { IconName } from '../parts/icons.tsx';
import type { MenuItem } from '../parts/menu.tsx';
import { Refused } from '../parts/states.tsx';

export const webhookReads: readonly Path[] = ['/webhook/list', '/webhook/info'];

type Asked = { readonly what: 'disable' | 'delete'; readonly webhook: Webhook };

export interface Switches {
  pause(webhook: Webhook): void;
  resume(webhook: Webhook): void;
  /** Tries what waits for its next attempt, and asks the receiver at once. */
  retry(webhook: Webhook): void;
  enable(webhook: Webhook): void;
  disable(webhook: Webhook): void;
  remove(webhook: Webhook): void;
  readonly busy: boolean;
  /** The result, in words. */
  readonly notice: string;
  readonly refusal: ReactNode;
  /** The question that is open; to be rendered by the page. */
  readonly dialogs: ReactNode;
}

/** Turns webhooks on and off. What can be taken back is done at once, what cannot is asked first. */
export function useSwitches(onDeleted: () => void): Switches {
  const t = useTranslations('webhooks');
  const [notice, setNotice] = useState('');
  const [asked, setAsked] = useState<Asked>();
  const changes = webhookReads;
  const pause = useWrite('/webhook/pause', { changes });
  const resume = useWrite('/webhook/resume', { changes });
  const enable = useWrite('/webhook/enable', { changes });
  const retry = useWrite('/webhook/retry-now', { changes });
  const plain = [pause, resume, enable];
  const begin = (): void => {
    for (const one of [...plain, retry]) one.reset();
    setNotice('');
  };
  const run = (write: typeof pause, webhook: Webhook, done: string): void => {
    begin();
    write.mutate({ integration_id: webhook.integration_id }, { onSuccess: () => setNotice(done) });
  };
  const ask =
    (what: Asked['what']) =>
    (webhook: Webhook): void => {
      setNotice('');
      setAsked({ what, webhook });
    };
  return {
    pause: (webhook) => run(pause, webhook, t('paused', { name: webhook.name })),
    resume: (webhook) => run(resume, webhook, t('resumed', { name: webhook.name })),
    enable: (webhook) => run(enable, webhook, t('enabled', { name: webhook.name })),
    retry({ integration_id: id, name }) {
      begin();
      const request = { integration_id: id };
      retry.mutate(request, { onSuccess: ({ released }) => setNotice(t('retried', { name, count: released })) });
    },
    disable: ask('disable'),
    remove: ask('delete'),
    busy: retry.isPending || plain.some((write) => write.isPending),
    notice,
    refusal: <Refused error={retry.error ?? plain.find((write) => write.error !== null)?.error ?? null} />,
    dialogs:
      asked === undefined ? null : (
        <CancellingDialog
          {...asked}
          onClose={() => setAsked(undefined)}
          onDone={(text) => {
            setNotice(text);
            setAsked(undefined);
            if (asked.what === 'delete') onDeleted();
          }}
        />
      ),
  };
}

export interface SwitchItems {
  /** The one that it is most often time for. */
  readonly first: readonly MenuItem[];
  readonly more: readonly MenuItem[];
}

/** What the reader may do to a webhook, as its state allows. */
export function useSwitchItems(switches: Switches): (webhook: Webhook) => SwitchItems {
  const t = useTranslations('webhooks');
  const navigate = useNavigate();
  const isAdmin = useMay('admin');
  const mayPause = useMay('responder');
  return (webhook) => {
    const item = (
      id: 'pause' | 'resume' | 'retry' | 'enable' | 'disable' | 'delete',
      icon: IconName,
      run: () => void,
    ): MenuItem => ({
      id,
      icon,
      label: t(id),
      dangerous: id === 'disable' || id === 'delete',
      onChoose: run,
    });
    const isDisabled = webhook.status === 'disabled';
    const pause =
      webhook.status === 'paused'
        ? item('resume', 'play', () => switches.resume(webhook))
        : item('pause', 'pause', () => switches.pause(webhook));
    // A paused webhook waits for somebody, and not for its next attempt.
    const isHeldUp = webhook.status === 'enabled' && waitingOf(webhook) > 0;
    const retry = isHeldUp ? [item('retry', 'retry', () => switches.retry(webhook))] : [];
    const enable = item('enable', 'play', () => switches.enable(webhook));
    const copy: MenuItem = {
      id: 'copy',
      label: t('copyDraft'),
      icon: 'copy',
      onChoose: () =>
        void navigate({
          to: `/integration-center/${webhook.type === 'custom_action' ? 'action' : 'webhook'}/new`,
          search: { kind: webhook.type, copy: String(webhook.integration_id) },
        }),
    };
    const disable = item('disable', 'stop', () => switches.disable(webhook));
    const remove = item('delete', 'trash', () => switches.remove(webhook));
    return {
      first: isDisabled ? (isAdmin ? [enable] : []) : mayPause ? [...retry, pause] : [],
      more: isAdmin ? [copy, ...(isDisabled ? [] : [disable]), remove] : [],
    };
  };
}

interface CancellingDialogProps extends Asked {
  readonly onClose: () => void;
  readonly onDone: (text: string) => void;
}

/** Both cancel what waits; deleting cannot be undone, so its name has to be typed. */
function CancellingDialog({ what, webhook, onClose, onDone }: CancellingDialogProps): ReactNode {
  const t = useTranslations('webhooks');
  const s = useTranslations('states');
  const [typed, setTyped] = useState('');
  const disable = useWrite('/webhook/disable', { changes: webhookReads });
  const remove = useWrite('/webhook/delete', { changes: webhookReads });
  const write = what === 'disable' ? disable : remove;
  const { name } = webhook;
  const act = (): void => {
    const done = what === 'disable' ? 'disabledDone' : 'deletedDone';
    write.mutate(
      { integration_id: webhook.integration_id },
      { onSuccess: ({ cancelled }) => onDone(t(done, { name, count: cancelled })) },
    );
  };
  const count = waitingOf(webhook);
  return (
    <Dialog
      open
      title={what === 'disable' ? t('disableTitle', { name }) : t('deleteTitle', { name })}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{s('cancel')}</Button>
          <Button
            look="danger"
            busy={write.isPending}
            disabled={what === 'delete' && typed.trim() !== name.trim()}
            onClick={act}
          >
            {t(what)}
          </Button>
        </>
      }
    >
      <p>{what === 'disable' ? t('disableWhy', { count }) : t('deleteWhy', { count })}</p>
      {webhook.status === 'enabled' ? <p className="muted">{t('pauseInstead')}</p> : null}
      {what === 'delete' ? (
        <TextField
          label={s('typeToConfirm', { name })}
          name="confirm"
          autoComplete="off"
          value={typed}
          onChange={setTyped}
        />
      ) : null}
      <Refused error={write.error} />
    </Dialog>
  );
}

/** -1 where the service does not say it. */
function waitingOf(webhook: Webhook): number {
  const { health } = webhook as { health?: { waiting?: number } };
  return health?.waiting ?? -1;
}
