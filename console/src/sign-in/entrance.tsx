import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useSignal } from '../api/signal.ts';
import { Bell } from '../parts/icons.tsx';
import { useTitle } from '../parts/page.tsx';
import { languageChoice } from '../words/language.ts';
import { languages, type Language } from '../words/words.ts';
import './entrance.css';

/** What stands around the pages before somebody is signed in; the choice of language comes first. */
export function Entrance({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  const t = useTranslations('frame');
  const chosen = useSignal(languageChoice);
  useTitle(title);
  return (
    <main className="entrance">
      <div className="entrance-top">
        <span className="entrance-name">
          <Bell />
          {t('product')}
        </span>
        <span className="entrance-languages" role="group" aria-label={t('language')}>
          {(Object.keys(languages) as Language[]).map((language) => (
            <button
              key={language}
              type="button"
              lang={language}
              className="entrance-language"
              aria-pressed={language === chosen}
              onClick={() => languageChoice.set(language)}
            >
              {languages[language]}
            </button>
          ))}
        </span>
      </div>
      <div className="entrance-card">
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
