import { useEffect, useState, type ReactNode } from 'react';
import { IntlProvider } from 'use-intl';
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { call, isSignedIn } from '../api/call.ts';
import type { Session } from '../api/operations.ts';
import { useSignal } from '../api/signal.ts';
import { useTicking } from '../parts/clock.tsx';
import { useTheme } from '../parts/theme.ts';
import { dictionary, speak } from '../words/dictionary.ts';
import type { en } from '../words/en/index.ts';
import { languageChoice, languageOf } from '../words/language.ts';

/** Words, zone and theme for everything below. */
export function Language({ children }: { readonly children: ReactNode }): ReactNode {
  useTheme();
  useTicking();
  const session = useKnownSession();
  const language = languageOf(useSignal(languageChoice), session?.locale ?? '');
  const loaded = useSignal(dictionary);
  useEffect(() => void speak(language), [language]);
  useEffect(() => {
    if (loaded !== undefined) document.documentElement.lang = loaded.language;
  }, [loaded]);
  if (loaded === undefined) return null;
  return (
    <IntlProvider locale={loaded.language} messages={loaded.words as typeof en} timeZone={zoneOf(session)}>
      {children}
    </IntlProvider>
  );
}

const sessionKey = ['/session/info', {}] as const;

/** Before anything is drawn: who is there, if somebody is signed in, and the words for them. */
export async function knowSession(client: QueryClient): Promise<void> {
  if (await isSignedIn()) {
    await client.prefetchQuery({ queryKey: sessionKey, queryFn: () => call('/session/info', {}) });
  }
  await speak(languageOf(languageChoice.get(), client.getQueryData<Session>(sessionKey)?.locale ?? ''));
}

/** The session without asking for it: it may not be there before somebody signs in. */
function useKnownSession(): Session | undefined {
  const client = useQueryClient();
  const [known, setKnown] = useState(() => client.getQueryData<Session>(sessionKey));
  useEffect(
    () =>
      client.getQueryCache().subscribe(({ query }) => {
        if (query.queryKey[0] === '/session/info') setKnown(query.state.data as Session | undefined);
      }),
    [client],
  );
  return known;
}

const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** UTC is what a profile has until somebody sets it, so it does not hide the zone of the browser; the key t shows UTC. */
function zoneOf(session: Session | undefined): string {
  const zone = session?.time_zone ?? '';
  return zone === '' || zone === 'UTC' ? browserZone : zone;
}
