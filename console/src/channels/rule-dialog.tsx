import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Path, Request } from '../api/operations.ts';
import { useWrite } from '../api/query.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { Form } from '../parts/form.tsx';
import { Refused, withoutFaults } from '../parts/states.tsx';
import { wordsOf, type BodyOf, type RuleKind } from './rule-kind.ts';
import type { Editing } from './rule-list.tsx';

interface RuleDialogProps<K extends RuleKind> extends Editing<K> {
  readonly kind: K;
  readonly body: () => BodyOf<K>;
  /** The fields of its kind. */
  readonly children: ReactNode;
}

const nameMaxChars = 39;

/** Makes a rule of any kind, or changes one. */
export function RuleDialog<K extends RuleKind>(props: RuleDialogProps<K>): ReactNode {
  const { kind, channelId, rule, onClose } = props;
  const t = useTranslations('channels');
  const s = useTranslations('states');
  const [name, setName] = useState(rule?.rule_name ?? '');
  const changes: readonly Path[] = [`/channel/${kind}/rule/list`];
  const create = useWrite<`/channel/${K}/rule/create`>(`/channel/${kind}/rule/create`, { changes, onDone: onClose });
  const update = useWrite<`/channel/${K}/rule/update`>(`/channel/${kind}/rule/update`, { changes, onDone: onClose });
  const error = create.error ?? update.error;
  const submit = (): void => {
    const body = { ...props.body(), channel_id: channelId, rule_name: name.trim() };
    if (rule === undefined) create.mutate(body as unknown as Request<`/channel/${K}/rule/create`>);
    else update.mutate({ ...body, rule_id: rule.rule_id });
  };
  return (
    <Dialog open wide title={rule?.rule_name ?? t(`${wordsOf(kind)}.add`)} onClose={onClose}>
      <Form error={error} onSubmit={submit}>
        <TextField
          label={t('rule.name')}
          name="rule_name"
          required
          maxLength={nameMaxChars}
          value={name}
          onChange={setName}
        />
        {props.children}
        <Refused error={withoutFaults(error)} />
        <div className="form-actions form-actions-end">
          <Button onClick={onClose}>{s('cancel')}</Button>
          <Button type="submit" look="primary" busy={create.isPending || update.isPending}>
            {s('save')}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
