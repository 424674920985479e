import { Link, type LinkProps } from '@tanstack/react-router';
import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { Icon, type IconName } from './icons.tsx';
import './button.css';

type Look = 'plain' | 'primary' | 'danger' | 'quiet';

interface Shared {
  readonly look?: Look;
  readonly icon?: IconName | undefined;
  /** Shown as a sign only; the children are its name. */
  readonly iconOnly?: boolean;
}

type ButtonProps = Shared & ButtonHTMLAttributes<HTMLButtonElement> & { readonly busy?: boolean };

/** A busy button keeps its place and takes no second click, but keeps the focus too. */
export function Button({
  look = 'plain',
  icon,
  iconOnly = false,
  busy = false,
  children,
  ...rest
}: ButtonProps): ReactNode {
  return (
    <button
      type="button"
      {...rest}
      className={classOf(look, iconOnly, rest.className)}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : rest.onClick}
    >
      {icon === undefined ? null : <Icon name={icon} />}
      <span className={iconOnly ? 'unseen' : undefined}>{children}</span>
    </button>
  );
}

type ButtonLinkProps = Shared &
  Omit<LinkProps, 'children'> & { readonly children: ReactNode; readonly className?: string };

export function ButtonLink({
  look = 'plain',
  icon,
  iconOnly = false,
  children,
  className,
  ...rest
}: ButtonLinkProps): ReactNode {
  return (
    <Link {...rest} className={classOf(look, iconOnly, className)}>
      {icon === undefined ? null : <Icon name={icon} />}
      <span className={iconOnly ? 'unseen' : undefined}>{children}</span>
    </Link>
  );
}

function classOf(look: Look, iconOnly: boolean, more: string | undefined): string {
  return ['button', `button-${look}`, iconOnly ? 'button-icon' : '', more ?? ''].filter((one) => one !== '').join(' ');
}
