import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import type { Path } from '../api/operations.ts';
import { useWrite } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { Confirm } from '../parts/confirm.tsx';
import { Refused } from '../parts/states.tsx';

export type RuleKind = 'escalate' | 'silence' | 'inhibit' | 'unsubscribe';

interface RuleCardProps {
  readonly kind: RuleKind;
  readonly rule: {
    readonly rule_id: string;
    readonly channel_id: number;
    readonly rule_name: string;
    readonly status: 'enabled' | 'disabled';
  };
  readonly note?: ReactNode;
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
        {note}
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

interface RuleSectionProps {
  readonly title: string;
  readonly why: string;
  readonly add: string;
  readonly onAdd: () => void;
  readonly empty: boolean;
  readonly none: string;
  readonly dialog: ReactNode;
  readonly children: ReactNode;
}

export function RuleSection({ title, why, add, onAdd, empty, none, dialog, children }: RuleSectionProps): ReactNode {
  const mayEdit = useMay('admin');
  return (
    <section className="rule-section">
      <div className="rule-section-head">
        <div>
          <h2>{title}</h2>
          <p className="muted">{why}</p>
        </div>
        {mayEdit ? (
          <Button icon="plus" onClick={onAdd}>
            {add}
          </Button>
        ) : null}
      </div>
      {empty ? <p className="muted">{none}</p> : <ol className="rule-cards">{children}</ol>}
      {dialog}
    </section>
  );
}
