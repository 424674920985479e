import { createContext, use, useEffect, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { useBurning } from './burning.ts';
import './page.css';

/** Beside a list, the title of a page is below that of the list. */
export const Beside = createContext(false);

interface PageProps {
  readonly title: ReactNode;
  /** For the tab of the browser; the title where that is text. */
  readonly name?: string;
  readonly back?: ReactNode;
  readonly below?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

export function Page({ title, name, back, below, actions, children }: PageProps): ReactNode {
  const beside = use(Beside);
  const Title = beside ? 'h2' : 'h1';
  useTitle(name ?? (typeof title === 'string' ? title : ''));
  return (
    <div className="page">
      <header className="page-head">
        {back === undefined ? null : <div className="page-back">{back}</div>}
        <div className="page-line">
          <Title className="page-title" tabIndex={-1}>
            {title}
          </Title>
          {actions === undefined ? null : <div className="page-actions">{actions}</div>}
        </div>
        {below === undefined ? null : <div className="page-below">{below}</div>}
      </header>
      {children}
    </div>
  );
}

export function useTitle(name: string): void {
  const product = useTranslations('frame')('product');
  const burning = useBurning();
  useEffect(() => {
    const title = name === '' ? product : `${name} · ${product}`;
    document.title = burning === 0 ? title : `(${burning}) ${title}`;
  }, [name, product, burning]);
}
