import { useState, type ComponentType, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useRead } from '../api/query.ts';
import { useMay } from '../api/session.ts';
import { Button } from '../parts/button.tsx';
import { Failed, Loading } from '../parts/states.tsx';
import { RuleCard } from './rule-card.tsx';
import { wordsOf, type RuleKind, type RuleOf } from './rule-kind.ts';

/** The dialog that is open on a rule. */
export interface Editing<K extends RuleKind> {
  readonly channelId: number;
  /** Absent: a new one. */
  readonly rule: RuleOf<K> | undefined;
  readonly onClose: () => void;
}

interface RuleListProps<K extends RuleKind> {
  readonly kind: K;
  readonly channelId: number;
  /** A rule in words. */
  readonly Sentence: ComponentType<{ readonly rule: RuleOf<K> }>;
  readonly note?: (rule: RuleOf<K>) => string;
  readonly Dialog: ComponentType<Editing<K>>;
}

/** The rules of one kind as cards in their order, each to be switched, changed and deleted. */
export function RuleList<K extends RuleKind>({ kind, channelId, Sentence, note, Dialog }: RuleListProps<K>): ReactNode {
  const t = useTranslations('channels');
  const words = wordsOf(kind);
  const mayEdit = useMay('admin');
  const rules = useRead(`/channel/${kind}/rule/list`, { channel_id: channelId }, { poll: true });
  const [open, setOpen] = useState<RuleOf<K> | 'new'>();
  const items = rules.data?.items as readonly RuleOf<K>[] | undefined;
  return (
    <section className="rule-section">
      <div className="rule-section-head">
        <div>
          <h2>{t(`${words}.title`)}</h2>
          <p className="muted">{t(`${words}.why`)}</p>
        </div>
        {mayEdit ? (
          <Button icon="plus" onClick={() => setOpen('new')}>
            {t(`${words}.add`)}
          </Button>
        ) : null}
      </div>
      {rules.error === null ? null : <Failed error={rules.error} onRetry={() => void rules.refetch()} />}
      {rules.isPending ? <Loading rows={1} /> : null}
      {items?.length === 0 ? <p className="muted">{t(`${words}.none`)}</p> : null}
      {items === undefined || items.length === 0 ? null : (
        <ol className="rule-cards">
          {items.map((rule) => (
            <RuleCard key={rule.rule_id} kind={kind} rule={rule} note={note?.(rule)} onEdit={() => setOpen(rule)}>
              <Sentence rule={rule} />
            </RuleCard>
          ))}
        </ol>
      )}
      {open === undefined ? null : (
        <Dialog channelId={channelId} rule={open === 'new' ? undefined : open} onClose={() => setOpen(undefined)} />
      )}
    </section>
  );
}
