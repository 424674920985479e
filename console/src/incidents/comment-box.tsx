import { useRef, useState, type FormEvent, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useWrite } from '../api/query.ts';
import { Button } from '../parts/button.tsx';
import { FaultLines } from '../parts/field.tsx';
import { useShortcuts } from '../parts/keys.ts';
import { Refused } from '../parts/states.tsx';

const commentMaxChars = 1024;

/** Writes into the timeline. */
export function CommentBox({ incidentId }: { readonly incidentId: string }): ReactNode {
  const t = useTranslations('acting');
  const group = useTranslations('frame')('incidents');
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState('');
  const comment = useWrite('/incident/comment', {
    changes: ['/incident/feed', '/webhook/history/list'],
    onDone: () => setText(''),
  });
  useShortcuts([{ keys: 'c', label: t('comment'), group, run: () => field.current?.focus() }]);
  const send = (event?: FormEvent): void => {
    event?.preventDefault();
    if (text.trim() !== '' && !comment.isPending) comment.mutate({ incident_ids: [incidentId], comment: text.trim() });
  };
  const over = text.length - commentMaxChars;
  return (
    <form className="comment-box" onSubmit={send}>
      <div className="comment-row">
        <textarea
          ref={field}
          className="input"
          rows={1}
          aria-label={t('writeComment')}
          placeholder={t('writeComment')}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) send();
            if (event.key === 'Escape') event.currentTarget.blur();
          }}
        />
        <Button type="submit" busy={comment.isPending} disabled={text.trim() === '' || over > 0}>
          {t('send')}
        </Button>
      </div>
      {over > 0 ? <FaultLines faults={[t('tooLong', { count: over })]} /> : null}
      <Refused error={comment.error} />
    </form>
  );
}
