import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useSignal } from '../api/signal.ts';
import { Dialog } from '../parts/dialog.tsx';
import { CheckField } from '../parts/field.tsx';
import { activeShortcuts, singleLetters, type Shortcut } from '../parts/keys.ts';
import './key-help.css';

const mac = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** What works on the page below. */
export function KeyHelp({ onClose }: { readonly onClose: () => void }): ReactNode {
  const t = useTranslations('keys');
  const [shortcuts] = useState(() => new Map(activeShortcuts().map((one) => [one.keys, one])));
  const groups = Map.groupBy(shortcuts.values(), (one) => one.group);
  const single = useSignal(singleLetters);
  return (
    <Dialog open wide title={t('title')} onClose={onClose}>
      <CheckField
        label={t('single')}
        checked={single === 'on'}
        onChange={(on) => singleLetters.set(on ? 'on' : 'off')}
      />
      <div className="key-help">
        {[...groups].map(([group, list]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {list.map((one) => (
                <KeyLine key={one.keys} shortcut={one} />
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

function KeyLine({ shortcut }: { readonly shortcut: Shortcut }): ReactNode {
  const t = useTranslations('keys');
  const keys = shortcut.keys.replace('Ctrl+', mac ? '⌘ ' : 'Ctrl ').split(' ');
  const sequence = !shortcut.keys.startsWith('Ctrl+');
  return (
    <div className="key-line">
      <dt>
        {keys.map((key, index) => (
          <span key={key}>
            {index > 0 ? <span className="unseen"> {sequence ? t('followedBy') : '+'} </span> : null}
            <kbd>{key.length === 1 && !sequence ? key.toUpperCase() : key}</kbd>
          </span>
        ))}
      </dt>
      <dd>{shortcut.label}</dd>
    </div>
  );
}
