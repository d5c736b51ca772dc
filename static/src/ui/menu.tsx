import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { Button } from './button';
import { Icon, type IconName } from './icons';

export interface MenuItem {
  label: string;
  icon: IconName;
  run: () => void;
  why?: string | null;
  danger?: boolean;
}

/** A menu in a popover: opened by its button, walked with the arrows, closed by Esc or by what is chosen. */
export function Menu({
  label,
  icon = 'more',
  text,
  items,
}: {
  label: string;
  icon?: IconName;
  text?: string;
  items: (MenuItem | null)[];
}) {
  useLayoutEffect(() => () => placing.current?.abort(), []);
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLSpanElement>(null);
  const entries = () => [...(list.current?.querySelectorAll('button') ?? [])];
  const step = (by: number) => {
    const all = entries();
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    all[(at + by + all.length) % all.length]?.focus();
  };
  const place = () => {
    const rect = button.current!.getBoundingClientRect();
    const menu = list.current!;
    menu.style.top = `${Math.max(8, Math.min(rect.bottom, innerHeight - menu.offsetHeight - 12))}px`;
    menu.style.left = `${Math.max(8, Math.min(rect.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8))}px`;
  };
  // While it is open, its button may move: with the window, and with the page under it.
  const placing = useRef<AbortController | null>(null);
  const keepPlaced = () => {
    placing.current = new AbortController();
    for (const event of ['resize', 'scroll'])
      addEventListener(event, place, { capture: true, signal: placing.current.signal });
    place();
  };
  return (
    <>
      <span ref={button}>
        <Button kind={text ? 'plain' : 'quiet'} icon={icon} label={label} popovertarget={id} aria-haspopup="menu">
          {text}
        </Button>
      </span>
      {/* oxlint-disable-next-line jsx-a11y/interactive-supports-focus -- its entries have the focus, never the menu */}
      <div
        id={id}
        ref={list}
        class="menu"
        popover="auto"
        role="menu"
        aria-label={label}
        onToggle={(event) => {
          placing.current?.abort();
          if ((event as unknown as ToggleEvent).newState !== 'open') return;
          keepPlaced();
          entries()[0]?.focus();
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') step(1);
          else if (event.key === 'ArrowUp') step(-1);
          else return;
          event.preventDefault();
        }}
      >
        {items.map((item, i) =>
          item === null ? (
            <hr key={i} />
          ) : (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              data-kind={item.danger ? 'danger' : undefined}
              aria-disabled={item.why ? true : undefined}
              onClick={() => {
                if (item.why) return;
                list.current?.hidePopover();
                item.run();
              }}
            >
              <Icon name={item.icon} />
              <span>
                {item.label}
                {item.why && <span class="why">{item.why}</span>}
              </span>
            </button>
          ),
        )}
      </div>
    </>
  );
}
