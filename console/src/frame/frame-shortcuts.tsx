import { useNavigate, useRouter } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { utcChoice } from '../parts/clock.tsx';
import { liveHeld } from '../api/live-stream.ts';
import { copyText } from '../parts/copy.tsx';
import { useShortcuts, type Shortcut } from '../parts/keys.ts';
import type { Overlay } from './frame.tsx';
import { lastSearchOf } from '../parts/last-search.ts';
import { places } from './places.ts';

/** The shortcuts that work on every page. */
export function FrameShortcuts({ onOverlay }: { readonly onOverlay: (overlay: Overlay) => void }): ReactNode {
  const t = useTranslations('keys');
  const said = useTranslations('states');
  const navigate = useNavigate();
  const router = useRouter();
  const [copied, setCopied] = useState(0);
  const go: Shortcut[] = places.flatMap((place) =>
    place.key === ''
      ? []
      : {
          keys: `g ${place.key}`,
          label: t(place.label),
          group: t('go'),
          run: () => void navigate({ to: place.to, search: lastSearchOf(place.to) }),
        },
  );
  const group = t('everywhere');
  useShortcuts([
    ...go,
    { keys: 'Ctrl+k', label: t('palette'), group, run: () => onOverlay('palette') },
    { keys: '?', label: t('help'), group, run: () => onOverlay('keys') },
    { keys: 'l', label: t('hold'), group, run: () => liveHeld.set(!liveHeld.get()) },
    { keys: 't', label: t('utc'), group, run: () => utcChoice.set(utcChoice.get() === 'on' ? 'off' : 'on') },
    {
      keys: 'Escape',
      label: t('back'),
      group,
      run: () => goUp(router.state.location.pathname, (to) => void navigate({ to, search: lastSearchOf(to) })),
    },
    {
      keys: 'y',
      label: t('link'),
      group,
      run: () => void copyText(window.location.href).then((done) => (done ? setCopied(copied + 1) : undefined)),
    },
  ]);
  return (
    <span role="status" className="unseen">
      {copied > 0 ? <span key={copied}>{said('copied')}</span> : null}
    </span>
  );
}

/** One level up from a page under a list; a list stays. */
function goUp(path: string, go: (to: string) => void): void {
  const place = places.find(({ to }) => path !== to && path.startsWith(`${to}/`));
  if (place !== undefined) go(place.to);
}
