import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Role } from '../api/operations.ts';
import { useWrite } from '../api/query.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { RadioField, TextField } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { Refused, withoutFaults } from '../parts/states.tsx';
import { LinkView } from './link-view.tsx';
import { roleIds, roles } from './roles.ts';

/** Adds a member, and makes the link that lets them in: no mail is sent. */
export function InviteDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const t = useTranslations();
  const [email, setEmail] = useState('');
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('responder');
  const link = useWrite('/session/link/create');
  const invite = useWrite('/member/invite', {
    changes: ['/member/list'],
    onDone: ({ items }) => {
      const [made] = items;
      if (made !== undefined) link.mutate({ member_id: made.member_id });
    },
  });
  const submit = (): void => {
    invite.mutate({
      members: [
        {
          email: email.trim(),
          role_ids: [roleIds[role]],
          ...(name.trim() === '' ? {} : { member_name: name.trim() }),
        },
      ],
    });
  };
  // The service names the one invitation that was sent; here it has no number.
  const faults = (invite.error?.faults ?? []).map((one) => ({ ...one, field: one.field.replace('members[0].', '') }));
  if (link.data !== undefined) {
    const made = invite.data?.items[0]?.member_name ?? '';
    return (
      <Dialog
        open
        title={t('people.invited', { name: made })}
        onClose={onClose}
        actions={
          <Button look="primary" onClick={onClose}>
            {t('people.done')}
          </Button>
        }
      >
        <LinkView name={made} url={link.data.url} expiresAt={link.data.expires_at} />
      </Dialog>
    );
  }
  return (
    <Dialog open title={t('people.invite')} onClose={onClose}>
      <Form error={{ faults }} onSubmit={submit}>
        <TextField label={t('people.email')} name="email" type="email" required value={email} onChange={setEmail} />
        <TextField
          label={t('people.name')}
          name="member_name"
          value={name}
          onChange={setName}
          hint={t('people.nameHint')}
        />
        <RadioField
          label={t('people.role')}
          name="role_ids"
          value={role}
          onChange={setRole}
          choices={roles.map((value) => ({
            value,
            label: t(`frame.role.${value}`),
            hint: t(`people.roleHint.${value}`),
          }))}
        />
        <Refused error={withoutFaults(invite.error) ?? link.error} />
        <div className="form-actions form-actions-end">
          <Button onClick={onClose}>{t('states.cancel')}</Button>
          <Button type="submit" look="primary" busy={invite.isPending || link.isPending}>
            {t('people.makeLink')}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
