import { useRef, useState, type FormEvent, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useWrite } from '../api/query.ts';
import { Button } from './button.tsx';
import { FaultsOf, TextField } from './field.tsx';
import { Refused, withoutFaults } from './states.tsx';
import './form.css';

export function SignInForm({ onDone }: { readonly onDone: () => void }): ReactNode {
  const t = useTranslations('signIn');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const signIn = useWrite('/session/create', { onDone });
  const passwordField = useRef<HTMLDivElement>(null);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    signIn.mutate({ email, password }, { onError: () => passwordField.current?.querySelector('input')?.select() });
  };
  return (
    <FaultsOf faults={signIn.error?.faults ?? []}>
      <form className="form" onSubmit={submit}>
        <TextField
          label={t('email')}
          name="email"
          type="email"
          autoComplete="username"
          required
          value={email}
          onChange={setEmail}
        />
        <div ref={passwordField}>
          <TextField
            label={t('password')}
            name="password"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={setPassword}
          />
        </div>
        <Refused error={withoutFaults(signIn.error)} />
        <Button type="submit" look="primary" busy={signIn.isPending}>
          {t('submit')}
        </Button>
      </form>
    </FaultsOf>
  );
}
