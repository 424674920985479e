import type { ReactNode } from 'react';
import { CopyButton } from './copy.tsx';
import './snippet.css';

interface SnippetProps {
  readonly label: string;
  readonly text: string;
}

/** Text to be pasted somewhere else. */
export function Snippet({ label, text }: SnippetProps): ReactNode {
  return (
    <figure className="snippet">
      <figcaption className="snippet-head">
        <span className="field-label">{label}</span>
        <CopyButton text={text} />
      </figcaption>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, so the keyboard has to reach it */}
      <pre className="snippet-text" tabIndex={0} aria-label={label} role="group">
        {text}
      </pre>
    </figure>
  );
}
