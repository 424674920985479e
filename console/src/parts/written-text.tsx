import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from './button.tsx';
import { linksOf } from './links.ts';
import './written-text.css';

const shownMaxChars = 10_000;

/** What people or alert sources wrote: text with its line breaks, whose web and mail addresses are links. */
export function WrittenText({ text }: { readonly text: string }): ReactNode {
  const t = useTranslations('incidents');
  const [all, setAll] = useState(false);
  if (text === '') return <p className="muted">{t('notWritten')}</p>;
  const cut = !all && text.length > shownMaxChars;
  return (
    <>
      <p className="written-text">
        {linksOf(cut ? text.slice(0, shownMaxChars) : text).map((piece, index) =>
          piece.href === undefined ? (
            piece.text
          ) : (
            // oxlint-disable-next-line react/no-array-index-key -- pieces of a text have no other identity
            <a key={index} href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
              {piece.text}
            </a>
          ),
        )}
      </p>
      {cut ? <Button onClick={() => setAll(true)}>{t('allText')}</Button> : null}
    </>
  );
}

/** A link to somewhere else, if it is one that may be followed; else its text. */
export function OutsideLink({ href, children }: { readonly href: string; readonly children: ReactNode }): ReactNode {
  const [link] = linksOf(href);
  if (link?.href === undefined || link.text !== href) return children;
  return (
    <a href={link.href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}
