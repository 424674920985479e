import { useRef, useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from './button.tsx';
import './copy.css';

/** On plain http in a local network there is no clipboard to write to. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

export interface CopyState {
  readonly state: 'idle' | 'copied' | 'failed';
  copy(text: string): void;
  readonly text: string;
}

const shownMs = 2000;

export function useCopy(onCopied?: () => void): CopyState {
  const [state, setState] = useState<CopyState['state']>('idle');
  const [text, setText] = useState('');
  const timer = useRef(0);
  const copy = (what: string): void => {
    setText(what);
    void copyText(what).then((done) => {
      setState(done ? 'copied' : 'failed');
      if (!done) return;
      onCopied?.();
      clearTimeout(timer.current);
      timer.current = window.setTimeout(() => setState('idle'), shownMs);
    });
  };
  return { state, copy, text };
}

interface CopyButtonProps {
  readonly text: string;
  /** Its name; "Copy" when left out. */
  readonly children?: ReactNode;
  readonly iconOnly?: boolean;
  readonly onCopied?: () => void;
}

export function CopyButton({ text, children, iconOnly = false, onCopied }: CopyButtonProps): ReactNode {
  const t = useTranslations('states');
  const { state, copy } = useCopy(onCopied);
  const done = state === 'copied';
  return (
    <span className="copy">
      <Button icon={done ? 'check' : 'copy'} iconOnly={iconOnly} onClick={() => copy(text)}>
        {children ?? t('copy')}
      </Button>
      <span role="status" className="unseen">
        {done ? t('copied') : ''}
      </span>
      {state === 'failed' ? <CopyByHand text={text} onDone={onCopied} /> : null}
    </span>
  );
}

/** The whole text in a selected field, for browsers that do not let the page copy. */
export function CopyByHand({
  text,
  onDone,
}: {
  readonly text: string;
  readonly onDone?: (() => void) | undefined;
}): ReactNode {
  const t = useTranslations('states');
  return (
    <label className="copy-by-hand">
      {t('copyFailed')}
      <textarea
        readOnly
        rows={2}
        value={text}
        ref={(field) => field?.select()}
        onFocus={(event) => event.currentTarget.select()}
        onCopy={onDone}
      />
    </label>
  );
}
