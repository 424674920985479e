import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Path } from '../api/operations.ts';
import { useWrite } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { Refused } from '../parts/states.tsx';
import type { RuleKind } from './rule-kind.ts';

interface RuleCardProps {
  readonly kind: RuleKind;
  readonly rule: {
    readonly rule_id: string;
    readonly channel_id: number;
    readonly rule_name: string;
    readonly status: 'enabled' | 'disabled';
  };
  readonly note?: string | undefined;
  readonly children: ReactNode;
  readonly onEdit: () => void;
}

/** One rule in words, with its switch. */
export function RuleCard({ kind, rule, note, children, onEdit }: RuleCardProps): ReactNode {
  const t = useTranslations('channels.rule');
  const mayEdit = useMay('admin');
  const [asking, setAsking] = useState(false);
  const changes: readonly Path[] = [`/channel/${kind}/rule/list`];
  const enable = useWrite(`/channel/${kind}/rule/enable`, { changes });
  const disable = useWrite(`/channel/${kind}/rule/disable`, { changes });
  const remove = useWrite(`/channel/${kind}/rule/delete`, { changes });
  const ref = { channel_id: rule.channel_id, rule_id: rule.rule_id };
  const on = rule.status === 'enabled';
  const turn = on ? disable : enable;
  return (
    <li className={on ? 'rule-card' : 'rule-card rule-off'}>
      <div className="rule-head">
        <h3>{rule.rule_name}</h3>
        {note === undefined || note === '' ? null : <span className="muted">{note}</span>}
        {mayEdit ? (
          <>
            <label className="radio">
              <input
                type="checkbox"
                role="switch"
                aria-checked={on}
                checked={on}
                disabled={turn.isPending}
                onChange={() => turn.mutate(ref)}
              />
              <span>{on ? t('on') : t('off')}</span>
            </label>
            <Button look="quiet" icon="edit" iconOnly onClick={onEdit}>
              {t('edit', { name: rule.rule_name })}
            </Button>
            <Button look="quiet" icon="trash" iconOnly onClick={() => setAsking(true)}>
              {t('delete', { name: rule.rule_name })}
            </Button>
          </>
        ) : (
          <span className="muted">{on ? t('on') : t('off')}</span>
        )}
      </div>
      <div className="rule-sentence">{children}</div>
      <Refused error={enable.error ?? disable.error} />
      {asking ? (
        <Confirm
          title={t('deleteTitle', { name: rule.rule_name })}
          verb={t('deleteVerb')}
          busy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate(ref, { onSuccess: () => setAsking(false) })}
          onClose={() => setAsking(false)}
        >
          <p>{t('deleteWhy')}</p>
        </Confirm>
      ) : null}
    </li>
  );
}
