import { Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { CallError } from '../api/call.ts';
import { useRead } from '../api/query.ts';
import { useSignal } from '../api/signal.ts';
import { serviceState, sessionState } from '../api/state.ts';
import { content } from '../parts/content.ts';
import { HeldShortcuts, listenForShortcuts } from '../parts/keys.ts';
import { Failed } from '../parts/states.tsx';
import { FrameShortcuts } from './frame-shortcuts.tsx';
import { liveStream } from '../api/live-stream.ts';
import { useBell } from '../parts/burning.ts';
import { needWords } from '../words/dictionary.ts';
import { Navigation } from './navigation.tsx';
import { rememberPlace } from './places.ts';
import { useReconnecting } from './reconnecting.ts';
import './frame.css';

const Palette = lazy(() => import('./palette.tsx').then(({ Palette }) => ({ default: Palette })));
const KeyHelp = lazy(() => import('./key-help.tsx').then(({ KeyHelp }) => ({ default: KeyHelp })));
const EndedPanel = lazy(async () => {
  const [{ EndedPanel: panel }] = await Promise.all([import('./ended-panel.tsx'), needWords(['signIn'])]);
  return { default: panel };
});

export type Overlay = 'palette' | 'keys' | 'none';

/** What stands around every page; it asks who is there first. */
export function Frame(): ReactNode {
  const session = useRead('/session/info', {});
  if (session.data !== undefined) return <Framed />;
  if (session.error instanceof CallError && session.error.code === 'Unauthorized') {
    return <ToSignIn />;
  }
  return (
    <main className="frame-alone">
      {session.error === null ? null : <Failed error={session.error} onRetry={() => void session.refetch()} />}
    </main>
  );
}

/** The address to come back to is taken once: it changes while the way leads to the sign-in. */
function ToSignIn(): ReactNode {
  const { pathname, href } = useLocation();
  const [next] = useState(pathname === '/' ? undefined : href);
  const navigate = useNavigate();
  useEffect(() => {
    void navigate({ to: '/sign-in', search: next === undefined ? {} : { next }, replace: true });
  }, [navigate, next]);
  return null;
}

function Framed(): ReactNode {
  const t = useTranslations('frame');
  const location = useLocation();
  const [overlay, setOverlay] = useState<Overlay>('none');
  const ended = useSignal(sessionState) === 'ended';
  const gone = useSignal(serviceState) === 'gone';
  useReconnecting(gone);
  useBell();
  useEffect(() => (ended ? undefined : liveStream.start()), [ended]);
  useEffect(() => listenForShortcuts(document), []);
  useEffect(() => rememberPlace(location.pathname, location.searchStr), [location.pathname, location.searchStr]);
  return (
    <div className="frame">
      <a className="skip" href="#content">
        {t('skip')}
      </a>
      <FrameShortcuts onOverlay={setOverlay} />
      <Navigation onOverlay={setOverlay} />
      <div className="frame-content">
        <div role="status">{gone ? <p className="frame-gone">{t('reconnecting')}</p> : null}</div>
        <main id="content" ref={content} tabIndex={-1} className="frame-main">
          <Outlet />
        </main>
      </div>
      <Suspense fallback={<HeldShortcuts />}>
        {overlay === 'palette' ? <Palette onClose={() => setOverlay('none')} /> : null}
        {overlay === 'keys' ? <KeyHelp onClose={() => setOverlay('none')} /> : null}
        {ended ? <EndedPanel /> : null}
      </Suspense>
    </div>
  );
}
