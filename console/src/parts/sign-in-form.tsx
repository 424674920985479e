import { useRef, useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useWrite } from '../api/query.ts';
import { Button } from './button.tsx';
import { TextField } from './field.tsx';
import { Form } from './form.tsx';
import { Refused, withoutFaults } from './states.tsx';

export function SignInForm({ onDone }: { readonly onDone: () => void }): ReactNode {
  const t = useTranslations('signIn');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const signIn = useWrite('/session/create', { onDone });
  const passwordField = useRef<HTMLDivElement>(null);
  const submit = (): void => {
    signIn.mutate({ email, password }, { onError: () => passwordField.current?.querySelector('input')?.select() });
  };
  return (
    <Form error={signIn.error} onSubmit={submit}>
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
    </Form>
  );
}
