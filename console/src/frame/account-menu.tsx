import { useLocation, useNavigate } from '@tanstack/react-router';
import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { call } from '../api/call.ts';
import { useSession } from '../api/session.ts';
import { useSignal } from '../api/signal.ts';
import { Menu, type MenuItem } from '../parts/menu.tsx';
import { themeChoice } from '../parts/theme.ts';
import { languageChoice } from '../words/language.ts';
import { languages, type Language } from '../words/words.ts';
import type { Overlay } from './frame.tsx';
import { isAt, type Place } from './places.ts';

interface AccountMenuProps {
  readonly onOverlay: (overlay: Overlay) => void;
  /** What a narrow screen has no room for elsewhere. */
  readonly places: readonly Place[];
}

export function AccountMenu({ onOverlay, places }: AccountMenuProps): ReactNode {
  const t = useTranslations('frame');
  const { person, role, version } = useSession();
  const navigate = useNavigate();
  const theme = useThemeItems();
  const language = useLanguageItems();
  const signOut = useSignOut();
  const { pathname } = useLocation();
  const isHere = places.some((place) => isAt(place, pathname));
  const own: MenuItem[] = [
    ...theme,
    ...language,
    { id: 'keys', label: t('keys'), icon: 'more', hint: t('build', { version }), onChoose: () => onOverlay('keys') },
    { id: 'out', label: t('signOut'), icon: 'out', onChoose: signOut },
  ];
  const more: MenuItem[] = places.map((place) => ({
    id: place.name,
    label: t(place.name),
    icon: place.icon,
    onChoose: () => void navigate({ to: place.to }),
  }));
  return (
    <>
      <div className="nav-account">
        <Menu
          look="quiet"
          name={<AccountName name={person.person_name} role={t(`role.${role}`)} />}
          items={own}
          side="top"
        />
      </div>
      <div className={isHere ? 'nav-more nav-more-here' : 'nav-more'}>
        <Menu look="quiet" icon="more" name={t('more')} items={[...more, ...own]} side="top" />
      </div>
    </>
  );
}

function AccountName({ name, role }: { readonly name: string; readonly role: string }): ReactNode {
  return (
    <span className="account-name">
      <span className="account-mark" aria-hidden="true">
        {Array.from(name)[0]?.toUpperCase() ?? '·'}
      </span>
      <span className="account-text">
        <span className="one-line">{name}</span>
        <small className="muted">{role}</small>
      </span>
    </span>
  );
}

function useThemeItems(): MenuItem[] {
  const t = useTranslations('frame');
  const chosen = useSignal(themeChoice);
  return (['system', 'light', 'dark'] as const).map((theme) => ({
    id: `theme-${theme}`,
    label: `${t('theme')}: ${t(`themes.${theme}`)}`,
    icon: 'sun',
    checked: theme === chosen,
    onChoose: () => themeChoice.set(theme),
  }));
}

export function useLanguageItems(): MenuItem[] {
  const chosen = useSignal(languageChoice);
  return (Object.keys(languages) as Language[]).map((language) => ({
    id: `language-${language}`,
    label: languages[language],
    icon: 'language',
    checked: language === chosen,
    onChoose: () => languageChoice.set(language),
  }));
}

function useSignOut(): () => void {
  const client = useQueryClient();
  const navigate = useNavigate();
  return () => {
    const leave = async (): Promise<void> => {
      await navigate({ to: '/sign-in' });
      client.clear();
    };
    // An ended session cannot be ended once more: the way out is the same.
    void call('/session/delete', {}).then(leave, leave);
  };
}
