import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { pushEvent } from '../api/push-event.ts';
import { Button } from './button.tsx';
import { Notice } from './states.tsx';

interface TestAlertProps {
  readonly path: string;
  readonly body: object;
  readonly onSent?: () => void;
}

/** Sends an alert as the source would, and says what the service answered. */
export function TestAlert({ path, body, onSent }: TestAlertProps): ReactNode {
  const t = useTranslations('states.testAlert');
  const client = useQueryClient();
  const send = useMutation({
    mutationFn: () => pushEvent(path, body),
    onSuccess: async ({ ok }) => {
      if (ok) onSent?.();
      await client.invalidateQueries({ queryKey: ['/alert-event/list'] });
      await client.invalidateQueries({ queryKey: ['/integration/info'] });
    },
  });
  const answer = send.data;
  return (
    <>
      <Button icon="send" busy={send.isPending} onClick={() => send.mutate()}>
        {t('send')}
      </Button>
      <Notice>{answer?.ok === true ? t('taken') : null}</Notice>
      {answer?.ok === false ? (
        <p className="refused" role="alert">
          {answer.text === '' ? t('noAnswer') : t('refused', { answer: answer.text })}
        </p>
      ) : null}
    </>
  );
}
