import type { ButtonHTMLAttributes, ComponentChildren } from 'preact';
import { go } from '../app/state';
import { format, type Route } from '../lib/router';
import { Icon, type IconName } from './icons';

interface ButtonProps {
  kind?: 'plain' | 'primary' | 'danger' | 'quiet';
  icon?: IconName;
  /** Why it cannot be used now: the button stays where it is, can be reached, and shows the reason. */
  why?: string | null;
  label?: string;
  children?: ComponentChildren;
}

type Native = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'icon' | 'kind' | 'label'>;

export function Button({ kind = 'plain', icon, why = null, label, children, onClick, ...rest }: ButtonProps & Native) {
  return (
    <button
      type="button"
      {...rest}
      class={children ? 'button' : 'button square'}
      data-kind={kind}
      aria-label={label}
      aria-disabled={why ? true : undefined}
      title={why ?? (children ? rest.title : label)}
      onClick={(event) => (why ? event.preventDefault() : onClick?.(event))}
    >
      {icon && <Icon name={icon} />}
      {children}
      {why && <span class="visually-hidden"> ({why})</span>}
    </button>
  );
}

/** True for a click that stays in this tab; the browser's own way is then off. */
export function plainClick(event: MouseEvent): boolean {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button) return false;
  event.preventDefault();
  return true;
}

export interface LinkProps {
  to: Route | string;
  children: ComponentChildren;
  replace?: boolean;
  class?: string;
  title?: string;
  tabIndex?: number;
  'aria-label'?: string;
  'aria-current'?: 'page';
  'data-row'?: string;
  'data-kind'?: string;
  onClickCapture?: () => void;
  onFocus?: () => void;
}

/** A link inside the page: a real address, followed without a reload. */
export function Link({ to, children, replace = false, ...rest }: LinkProps) {
  const href = typeof to === 'string' ? to : format(to);
  return (
    <a
      {...rest}
      href={href}
      onClick={(event) => {
        if (plainClick(event)) go(href, replace);
      }}
    >
      {children}
    </a>
  );
}

/** A link that looks like a button: it leads to another screen, and can be opened in another tab. */
export function LinkButton({
  to,
  kind = 'plain',
  icon,
  children,
}: {
  to: Route | string;
  kind?: 'plain' | 'primary';
  icon?: IconName;
  children: ComponentChildren;
}) {
  return (
    <Link to={to} class="button" data-kind={kind}>
      {icon && <Icon name={icon} />}
      {children}
    </Link>
  );
}

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  return <Button kind="quiet" icon="copy" label={label} onClick={() => void navigator.clipboard?.writeText(text)} />;
}
