import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useWrite } from '../api/query.ts';
import { useSession } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { useTimeStyle } from '../parts/clock.tsx';
import { SelectField, TextField } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { OwnEmail } from '../parts/own-email.tsx';
import { Notice, Refused, withoutFaults } from '../parts/states.tsx';
import { useStored } from '../parts/stored.ts';
import { SessionList } from './session-list.tsx';
import { SettingsFrame } from './settings-frame.tsx';
import './settings-page.css';

/** Settings of the person at the screen; `parts` of the installation are pages of the same frame. */
export function SettingsPage(): ReactNode {
  const t = useTranslations();
  return (
    <SettingsFrame>
      <div className="settings">
        <section className="panel panel-part" aria-labelledby="settings-profile">
          <h2 id="settings-profile">{t('settings.profile')}</h2>
          <NameForm />
        </section>
        <section className="panel panel-part" aria-labelledby="settings-password">
          <h2 id="settings-password">{t('settings.passwordTitle')}</h2>
          <PasswordForm />
        </section>
        <section className="panel panel-part" aria-labelledby="settings-sessions">
          <h2 id="settings-sessions">{t('settings.sessions')}</h2>
          <SessionList />
        </section>
      </div>
    </SettingsFrame>
  );
}

const zones = Intl.supportedValuesOf('timeZone');
const locales: Readonly<Record<string, string>> = { 'en-US': 'English', 'zh-CN': '简体中文' };

function NameForm(): ReactNode {
  const t = useTranslations('settings');
  const { person, time_zone: knownZone, locale: knownLocale } = useSession();
  const shown = useTimeStyle();
  const [name, setName] = useStored(person.person_name);
  const [zone, setZone] = useStored(knownZone);
  const [locale, setLocale] = useStored(knownLocale);
  const rename = useWrite('/member/info/reset', { changes: ['/session/info'] });
  const dirty = name.trim() !== person.person_name || zone.trim() !== knownZone || locale !== knownLocale;
  const submit = (): void => {
    rename.mutate({ member_name: name.trim(), time_zone: zone.trim(), locale });
  };
  return (
    <Form error={rename.error} onSubmit={submit}>
      <OwnEmail email={person.email} />
      <TextField label={t('name')} name="member_name" autoComplete="name" required value={name} onChange={setName} />
      <TextField
        label={t('zone')}
        name="time_zone"
        list="settings-zones"
        autoComplete="off"
        value={zone}
        onChange={setZone}
        hint={t('zoneHint', { zone: shown.utc ? 'UTC' : shown.zone })}
      />
      <datalist id="settings-zones">
        {zones.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </datalist>
      <SelectField
        label={t('language')}
        name="locale"
        value={locale}
        onChange={setLocale}
        choices={[
          ...(Object.keys(locales).includes(locale) ? [] : [{ value: locale, label: locale }]),
          ...Object.entries(locales).map(([value, label]) => ({ value, label })),
        ]}
        hint={t('languageHint')}
      />
      <Refused error={withoutFaults(rename.error)} />
      <Notice>{rename.isSuccess ? t('nameSaved') : null}</Notice>
      <div>
        <Button type="submit" busy={rename.isPending} disabled={!dirty}>
          {t('saveName')}
        </Button>
      </div>
    </Form>
  );
}

function PasswordForm(): ReactNode {
  const t = useTranslations('settings');
  const hint = useTranslations('signIn')('passwordHint');
  const { person } = useSession();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const set = useWrite('/member/password/set', {
    changes: ['/session/list'],
    onDone: () => {
      setCurrent('');
      setNext('');
    },
  });
  const submit = (): void => {
    set.mutate({ current_password: current, new_password: next });
  };
  return (
    <Form error={set.error} onSubmit={submit}>
      <input type="hidden" name="username" autoComplete="username" value={person.email} readOnly />
      <TextField
        label={t('current')}
        name="current_password"
        type="password"
        autoComplete="current-password"
        value={current}
        onChange={setCurrent}
        hint={t('currentHint')}
      />
      <TextField
        label={t('next')}
        name="new_password"
        type="password"
        autoComplete="new-password"
        required
        value={next}
        onChange={setNext}
        hint={hint}
      />
      <Refused error={withoutFaults(set.error)} />
      <Notice>{set.isSuccess && next === '' ? t('passwordSet') : null}</Notice>
      <div>
        <Button type="submit" busy={set.isPending}>
          {t('setPassword')}
        </Button>
      </div>
    </Form>
  );
}
