import { useRef } from 'preact/hooks';
import { useKeys } from '../app/keyboard';
import { moveFocus } from '../app/rows';
import { Icon } from './icons';

/** A filter that `/` reaches from anywhere on the page; Esc empties it, and then leaves it; the arrow leads to the rows. */
export function SearchField({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  useKeys([{ keys: '/', label: 'Filter', group: 'Lists', run: () => input.current?.focus() }]);
  return (
    <div class="search">
      <Icon name="search" />
      <input
        ref={input}
        class="input"
        type="search"
        aria-label={label}
        placeholder={label}
        autocomplete="off"
        spellcheck={false}
        value={value}
        onInput={(e) => onChange(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key !== 'Escape' && e.key !== 'ArrowDown') return;
          e.preventDefault();
          if (e.key === 'ArrowDown') moveFocus(1);
          else if (value) onChange('');
          else input.current?.blur();
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </div>
  );
}
